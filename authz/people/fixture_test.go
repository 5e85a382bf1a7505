package people_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

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

// proof checks possession as the gateway does.
type proof struct{}

func (proof) ProveKey(publicJWK, jws, person string, now time.Time) (string, error) {
	key, err := signing.ParseJWK([]byte(publicJWK))
	if err != nil {
		return "", err
	}
	_, err = signing.VerifyEnrolment(jws, key, person, now, signing.Bounds{MaxAge: 10 * time.Minute, Skew: time.Minute})
	return key.Thumbprint(), err
}

// keyService remembers which missions have their key.
type keyService struct {
	made   map[string]bool
	broken error
}

func (k *keyService) EnsureKey(_ context.Context, mission string) error {
	if k.broken != nil {
		return k.broken
	}
	k.made[mission] = true
	return nil
}

// world is a register over the real embedded store, with two missions and two
// persons of Legal who were enrolled at its beginning.
type world struct {
	*people.Register
	t      testing.TB
	ctx    context.Context
	clock  *clock
	store  *store.Store
	office *evidence.Office
	legal  string
	second string
	here   string
	there  string
	path   string
	keys   *keyService
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), keys: &keyService{made: map[string]bool{}}, clock: &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}}
	w.path = filepath.Join(t.TempDir(), "people.db")
	var err error
	w.store, err = store.OpenSQLite(w.ctx, w.path, store.Options{Now: w.clock.Now, NewID: newID, Random: rand.Reader, Authority: evidencetest.Authority()})
	w.must(err)
	t.Cleanup(func() { w.must(w.store.Close()) })
	_, err = w.store.Migrate(w.ctx)
	w.must(err)
	enforcer, err := authz.NewEnforcer(authz.Config{})
	w.must(err)
	w.office = &evidence.Office{Enforcer: enforcer, Denials: store.For[evidence.Recorder](w.store), Now: w.clock.Now, NewID: newID, Policy: "test"}
	w.Register = people.NewRegister(w.office, store.For[people.Tx](w.store), proof{}, w.keys)
	w.legal, w.second = w.found("Legal One"), w.found("Legal Two")
	w.here, w.there = w.newMission("Here"), w.newMission("There")
	w.register(partner, "")
	w.purpose(task)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// found enrols a person of Legal without anybody's leave, as bootstrap does.
func (w *world) found(name string) string {
	now := w.office.Time()
	p := people.Person{ID: newID(), Version: 1, Name: name, Actor: "SYS", Created: now, Updated: now}
	g := people.Grant{ID: newID(), Version: 1, Person: p.ID, Role: authz.LEG, From: now, Actor: "SYS", Created: now, Updated: now}
	_, err := store.For[people.Tx](w.store).Update(w.ctx, func(tx people.Tx) error {
		if err := tx.SavePerson(w.ctx, p); err != nil {
			return err
		}
		if err := tx.SaveGrant(w.ctx, g); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{Kind: people.KindPerson, ID: p.ID}))
	})
	w.must(err)
	return p.ID
}

func (w *world) newMission(name string) string {
	m, err := w.CreateMission(w.ctx, w.as(w.legal), people.Mission{Name: name, Country: "co", Contact: "focal point"})
	w.must(err)
	return m.ID
}

// as is the person as a caller, with the grants held now.
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

// person registers a person of a mission, of a partner, or of headquarters.
func (w *world) person(mission, partner string) string {
	w.t.Helper()
	p, err := w.CreatePerson(w.ctx, w.as(w.legal), people.Person{Name: "Somebody", Mission: mission, Partner: partner})
	w.must(err)
	return p.ID
}

// holder is a new person to whom Legal has granted the role.
func (w *world) holder(role authz.Role, mission, partner string) string {
	w.t.Helper()
	id := w.person(mission, partner)
	_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: id, Role: role, Mission: mission, Partner: partner})
	w.must(err)
	return id
}

// task is the purpose that is there.
const task = "01900000-0000-7000-8000-00000000000b"

func (w *world) purpose(id string) {
	w.t.Helper()
	p := terms.Purpose{ID: id, Version: 1, Code: "p" + id[len(id)-4:]}
	_, err := store.For[terms.Tx](w.store).Update(w.ctx, func(tx terms.Tx) error {
		if err := tx.SavePurpose(w.ctx, p); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{Kind: terms.KindPurpose, ID: p.ID}))
	})
	w.must(err)
}

// GrantRole is that of the register, with a task where the role has one and the
// grant names none (R23).
func (w *world) GrantRole(ctx context.Context, c authz.Caller, g people.Grant) (people.Grant, error) {
	if authz.Tasked(g.Role) && g.Purposes == nil {
		g.Purposes = []string{task}
	}
	return w.Register.GrantRole(ctx, c, g)
}

// entries reads, around the store, the entries of a kind that were recorded.
func (w *world) entries(kind evidence.Kind) []evidence.Entry {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path+"?mode=ro")
	w.must(err)
	defer func() { w.must(db.Close()) }()
	rows, err := db.QueryContext(w.ctx, "SELECT body FROM log_entries WHERE kind = ? ORDER BY id", string(kind))
	w.must(err)
	defer func() { w.must(rows.Close()) }()
	var all []evidence.Entry
	for rows.Next() {
		var body []byte
		var e evidence.Entry
		w.must(rows.Scan(&body))
		w.must(json.Unmarshal(body, &e))
		all = append(all, e)
	}
	w.must(rows.Err())
	return all
}

// records reports how many entries of the kind fn leaves behind.
func (w *world) records(kind evidence.Kind, fn func()) int {
	w.t.Helper()
	before := len(w.entries(kind))
	fn()
	return len(w.entries(kind)) - before
}
