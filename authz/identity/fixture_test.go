package identity_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/store"
)

const partner = "01900000-0000-7000-8000-00000000000a"

// clock is a clock that a test moves; every reading is a millisecond later.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { return c.Add(time.Millisecond) }

func (c *clock) Add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// noKeys is a key service that nobody asks for a key.
type noKeys struct{}

func (noKeys) EnsureKey(context.Context, string) error { return nil }

// world is the desk and the register over the real embedded store.
type world struct {
	*identity.Desk
	t      testing.TB
	ctx    context.Context
	clock  *clock
	store  *store.Store
	office *evidence.Office
	people *people.Register
	legal  string
	here   string
	there  string
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), clock: &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}}
	var err error
	w.store, err = store.OpenSQLite(w.ctx, filepath.Join(t.TempDir(), "identity.db"), store.Options{Now: w.clock.Now, NewID: newID, Random: rand.Reader, Authority: evidencetest.Authority()})
	w.must(err)
	t.Cleanup(func() { w.must(w.store.Close()) })
	_, err = w.store.Migrate(w.ctx)
	w.must(err)
	enforcer, err := authz.NewEnforcer(authz.Config{})
	w.must(err)
	w.office = &evidence.Office{Enforcer: enforcer, Denials: store.For[evidence.Recorder](w.store), Now: w.clock.Now, NewID: newID, Policy: "test"}
	w.people = people.NewRegister(w.office, store.For[people.Tx](w.store), nil, noKeys{})
	w.Desk = identity.NewDesk(w.office, store.For[identity.Tx](w.store), rand.Reader)
	w.legal = w.found()
	w.here, w.there = w.mission("Here"), w.mission("There")
	w.register()
	w.purpose()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// found enrols the first person of Legal, as bootstrap does.
func (w *world) found() string {
	now := w.office.Time()
	p := people.Person{ID: newID(), Version: 1, Name: "Legal", Actor: "SYS", Created: now, Updated: now}
	g := people.Grant{ID: newID(), Version: 1, Person: p.ID, Role: authz.LEG, From: now, Actor: "SYS", Created: now, Updated: now}
	_, err := store.For[people.Tx](w.store).Update(w.ctx, func(tx people.Tx) error {
		if err := tx.SavePerson(w.ctx, p); err != nil {
			return err
		}
		if err := tx.SaveGrant(w.ctx, g); err != nil {
			return err
		}
		book, err := tx.Rulebook(w.ctx)
		if err != nil {
			return err
		}
		t := people.NewTraining(newID(), p.ID, peopletest.Completed(now), nil, book.At(now).Rules.Training, "SYS", now)
		if err := tx.SaveTrainings(w.ctx, []people.TrainingRecord{t}); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{Kind: people.KindPerson, ID: p.ID}))
	})
	w.must(err)
	w.must(peopletest.Sign(w.ctx, w.people, p.ID))
	return p.ID
}

func (w *world) mission(name string) string {
	m, err := w.people.CreateMission(w.ctx, w.as(w.legal), people.Mission{Name: name, Country: "CO", Contact: "focal point"})
	w.must(err)
	return m.ID
}

// as is the person as a caller with two factors, with the grants held now.
func (w *world) as(person string) authz.Caller {
	var held []people.Grant
	w.must(store.For[people.Tx](w.store).View(w.ctx, func(tx people.Tx) (err error) { held, err = tx.GrantsOf(w.ctx, person); return err }))
	c := authz.Caller{Person: person, Assurance: authz.AssuranceMFA}
	now := w.office.Time()
	for _, g := range held {
		if g.LiveAt(now) {
			c.Grants = append(c.Grants, g.Held())
		}
	}
	return c
}

// task is the purpose that is there.
const task = "01900000-0000-7000-8000-00000000000b"

func (w *world) purpose() {
	p := terms.Purpose{ID: task, Version: 1, Code: "shelter"}
	_, err := store.For[terms.Tx](w.store).Update(w.ctx, func(tx terms.Tx) error {
		if err := tx.SavePurpose(w.ctx, p); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{Kind: terms.KindPurpose, ID: p.ID}))
	})
	w.must(err)
}

// holder is a new person of the place, who holds the roles.
func (w *world) holder(mission, partner string, roles ...authz.Role) string {
	w.t.Helper()
	p, err := w.people.CreatePerson(w.ctx, w.as(w.legal), people.Person{Name: "Somebody", Mission: mission, Partner: partner})
	w.must(err)
	w.must(peopletest.Fit(w.ctx, w.people, w.as(w.legal), w.clock.Now(), p.ID))
	for _, role := range roles {
		w.grant(p.ID, role, mission, partner)
	}
	return p.ID
}

func (w *world) grant(person string, role authz.Role, mission, partner string) people.Grant {
	w.t.Helper()
	g := people.Grant{Person: person, Role: role, Mission: mission, Partner: partner}
	if authz.Tasked(role) {
		g.Purposes = []string{task} // R23
	}
	g, err := w.people.GrantRole(w.ctx, w.as(w.legal), g)
	w.must(err)
	return g
}

// signed is the person as a caller with a token of the longest life, which was
// handed over as bootstrap does: a caller needs one to make their own with.
func (w *world) signed(person string) authz.Caller {
	w.t.Helper()
	c := w.as(person)
	secret, err := identity.NewSecret(rand.Reader)
	w.must(err)
	now := w.office.Time()
	k := identity.Token{
		ID: newID(), Version: 1, Person: person, Hash: secret.Hash(), Assurance: c.Assurance, RolesAsOf: now,
		Expires: now.Add(90 * day), Actor: "SYS", Created: now, Updated: now,
	}
	w.save(k)
	c.Token, c.RolesAsOf = k.ID, k.RolesAsOf
	return c
}

// save writes a token without anybody's leave.
func (w *world) save(k identity.Token) {
	w.t.Helper()
	_, err := store.For[identity.Tx](w.store).Update(w.ctx, func(tx identity.Tx) error {
		if err := tx.SaveToken(w.ctx, k); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.saved", authz.Resource{Kind: identity.KindToken, ID: k.ID}))
	})
	w.must(err)
}

// issued is a token that Legal made for the person.
func (w *world) issued(person string, life time.Duration, scope ...authz.Action) (identity.Token, identity.Secret) {
	w.t.Helper()
	t, s, err := w.Issue(w.ctx, w.signed(w.legal), person, life, scope)
	w.must(err)
	return t, s
}
