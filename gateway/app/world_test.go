package app_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/blob/dirblob"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/seal/localkeys"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a whole system on embedded parts with its people.
type world struct {
	*app.Services
	t         *testing.T
	ctx       context.Context
	dir       string
	settings  app.Settings
	clock     *clock
	store     *store.Store
	ring      *localkeys.Ring
	blobs     *dirblob.Store
	people    map[authz.Role]string
	mission   people.Mission
	partner   parties.Party
	purpose   terms.Purpose
	consented []consent.Record
}

const origin = "safeconduct.test/log"

func newWorld(t *testing.T) *world { return newWorldOn(t, func(*app.Parts) {}) }

// newWorldOn lets a test put its own parts before the real ones.
func newWorldOn(t *testing.T, parts func(*app.Parts)) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, ctx: t.Context(), dir: dir, clock: &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}, people: map[authz.Role]string{}}
	var err error
	w.store, err = store.OpenSQLite(w.ctx, filepath.Join(dir, "safeconduct.db"), store.Options{Now: w.clock.Now, NewID: app.NewID, Random: rand.Reader})
	w.must(err)
	_, err = w.store.Migrate(w.ctx)
	w.must(err)
	w.ring, err = localkeys.Open(filepath.Join(dir, "keys.json"))
	w.must(err)
	w.blobs, err = dirblob.Open(filepath.Join(dir, "blobs"))
	w.must(err)
	p := app.Parts{Store: w.store, Keys: w.ring, Keeper: w.ring, Signer: w.ring.LogSigner(), Blobs: w.blobs}
	parts(&p)
	w.settings = app.Settings{
		Origin: origin, Limits: transfer.DefaultLimits(), Wait: 5 * time.Second, Now: w.clock.Now, Logger: slog.New(slog.DiscardHandler),
	}
	w.Services, err = app.Compose(p, w.settings)
	w.must(err)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.Sequencer.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		w.must(w.blobs.Close())
		w.must(w.store.Close())
	})
	w.enrol()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// as is the caller who holds the role.
func (w *world) as(role authz.Role) authz.Caller {
	var grants []people.Grant
	w.must(store.For[people.Tx](w.store).View(w.ctx, func(tx people.Tx) (err error) {
		grants, err = tx.GrantsOf(w.ctx, w.people[role])
		return err
	}))
	c := authz.Caller{Person: w.people[role], Assurance: authz.AssuranceMFA}
	for _, g := range grants {
		if g.LiveAt(w.clock.Now()) {
			c.Grants = append(c.Grants, authz.Grant{ID: g.ID, Version: g.Version, Role: g.Role, Mission: g.Mission, Partner: g.Partner})
		}
	}
	return c
}

func (w *world) enrol() {
	first, err := w.Bootstrap(w.ctx, w.store, people.Person{Name: "Legal One"}, people.Person{Name: "Legal Two"})
	w.must(err)
	w.people[authz.LEG] = first[0].Person.ID
	w.mission, err = w.People.CreateMission(w.ctx, w.as(authz.LEG), people.Mission{Name: "Mission", Country: "CO", Contact: "focal point of the mission"})
	w.must(err)
	w.partner, err = w.Parties.Create(w.ctx, w.as(authz.LEG), parties.Party{Name: "Partner", Kind: parties.NGO, Country: "CO"})
	w.must(err)
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.RO, authz.DPO, authz.PSG, authz.PDL, authz.OIG} {
		p, g := people.Person{Name: string(role)}, people.Grant{Role: role}
		switch place, _ := authz.PlaceOf(role); place {
		case authz.AtMission:
			p.Mission, g.Mission = w.mission.ID, w.mission.ID
		case authz.AtPartner:
			p.Partner, g.Partner = w.partner.ID, w.partner.ID
		case authz.AtHQ:
		}
		p, err := w.People.CreatePerson(w.ctx, w.as(authz.LEG), p)
		w.must(err)
		g.Person = p.ID
		_, err = w.People.GrantRole(w.ctx, w.as(authz.LEG), g)
		w.must(err)
		w.people[role] = p.ID
	}
	_, err = w.Parties.Vet(w.ctx, w.as(authz.HOM), w.partner.ID, true, "checked")
	w.must(err)
	_, _, err = w.Identity.Issue(w.ctx, w.as(authz.LEG), w.people[authz.PDL], 60*24*time.Hour, nil)
	w.must(err)
	w.purpose, err = w.Terms.CreatePurpose(w.ctx, w.as(authz.LEG), terms.Purpose{Code: "shelter", Text: "Shelter", LegalBasis: "consent"})
	w.must(err)
	_, err = w.Terms.CreateCategory(w.ctx, w.as(authz.LEG), terms.Category{Code: "identity", Fields: []string{"given_name", "notes"}, Sensitivity: terms.High})
	w.must(err)
	_, err = w.Terms.CreateRetentionRule(w.ctx, w.as(authz.LEG), terms.RetentionRule{
		Purpose: w.purpose.ID, Category: "identity", Trigger: "case closed", Days: 90, Action: "delete", Review: w.clock.Now().AddDate(1, 0, 0),
	})
	w.must(err)
}

// ready is a world in which w.order() passes the gate.
func ready(t *testing.T, parts func(*app.Parts)) *world {
	t.Helper()
	w := newWorldOn(t, parts)
	a := w.agreement()
	a, err := w.Agreements.SendToReview(w.ctx, w.as(authz.FP), a.ID)
	w.must(err)
	a, err = w.Agreements.Decide(w.ctx, w.as(authz.LEG), a.ID, "approved", "")
	w.must(err)
	a = w.sign(w.sign(a, authz.HOM), authz.PSG)
	w.assess(a)
	_, err = w.Agreements.Activate(w.ctx, w.as(authz.LEG), a.ID)
	w.must(err)
	w.consented = w.consent("CASE-1", "CASE-2")
	return w
}

func (w *world) agreement() agreements.Agreement {
	doc := agreements.Document{
		Type: agreements.DataSharing, Title: "Shelter", Mission: w.mission.ID, Partner: w.partner.ID, Language: "en",
		Scope: agreements.Scope{
			Missions: []string{w.mission.ID}, Purposes: []string{w.purpose.ID}, SubjectTypes: []string{"beneficiary"},
			Categories: []string{"identity"}, Fields: []string{"given_name", "notes"}, RecipientCountries: []string{"CO"},
			StorageCountries: []string{"CO"}, OnwardRule: "none", MaxSubjectsPerTransfer: 100, MaxSubjectsPerYear: 1000,
			RetentionDays: map[string]int{"identity": 90},
		},
		EffectiveFrom: w.clock.Now().Add(-time.Hour), ValidUntil: w.clock.Now().AddDate(1, 0, 0),
	}
	for _, code := range agreements.MandatoryClauses() {
		doc.Clauses = append(doc.Clauses, agreements.Clause{Code: code, Text: "1"})
	}
	a, err := w.Agreements.Create(w.ctx, w.as(authz.FP), doc)
	w.must(err)
	return a
}

func (w *world) sign(a agreements.Agreement, role authz.Role) agreements.Agreement {
	w.t.Helper()
	key, err := signing.GenerateKey(rand.Reader)
	w.must(err)
	c := w.as(role)
	proof, err := signing.Enrol(key, c.Person, w.clock.Now())
	w.must(err)
	jwk, err := key.Public().MarshalJSON()
	w.must(err)
	k, err := w.People.EnrolKey(w.ctx, c, string(jwk), proof)
	w.must(err)
	_, err = w.People.ConfirmKey(w.ctx, w.as(authz.LEG), k.ID, "letter of authority")
	w.must(err)
	party := signing.PartyIOM
	if role == authz.PSG {
		party = w.partner.ID
	}
	jws, err := signing.Sign(key, signing.Statement{
		Agreement: a.ID, Version: 1, Digest: a.Digest, Party: party, Signatory: c.Person, Title: "Head", SignedAt: w.clock.Now().UTC(),
	})
	w.must(err)
	a, err = w.Agreements.Sign(w.ctx, c, a.ID, k.ID, jws)
	w.must(err)
	return a
}

func (w *world) assess(a agreements.Agreement) assessment.Assessment {
	w.t.Helper()
	answers := assessment.Answers{}
	for id, v := range map[string]int{
		"K1": 0, "K2": 1, "K3": 1, "K4": 1, "K5": 0, "S1": 4, "S2": 4, "S3": 4, "S4": 1, "L1": 3, "L2": 3, "L3": 2, "L4": 1, "L5": 2, "L6": 3,
		"L7": 3, "L8": 4, "M1": 1, "M2": 1, "M3": 1, "M4": 1, "B1": 5, "B2": 5, "B3": 4, "B4": 4,
	} {
		answers[id] = assessment.Answer{Value: new(v), Evidence: "seen"}
	}
	x, err := w.Assessments.Create(w.ctx, w.as(authz.RO), assessment.Content{
		Agreement: a.ID, Purposes: []string{w.purpose.ID}, Categories: []string{"identity"}, Countries: []string{"CO"}, Answers: answers,
	})
	w.must(err)
	x, err = w.Assessments.Submit(w.ctx, w.as(authz.RO), x.ID)
	w.must(err)
	for _, role := range x.PendingApprovals() {
		x, err = w.Assessments.Decide(w.ctx, w.as(role), x.ID, assessment.DecisionApproved, "")
		w.must(err)
	}
	if x.State != assessment.Approved || x.Result.Band != assessment.High {
		w.t.Fatalf("V1 ends %s in band %s", x.State, x.Result.Band)
	}
	return x
}

func (w *world) order() transfer.Order {
	return transfer.Order{
		Mission: w.mission.ID, Partner: w.partner.ID, Purpose: w.purpose.ID, Nature: "personal", RecipientClass: "service_provider",
		Categories: []string{"identity"}, Fields: []string{"given_name"}, Subjects: []string{"CASE-1", "CASE-2"},
		Files: []transfer.File{{MediaType: "text/csv"}},
	}
}

func (w *world) refused(codes ...string) {
	w.t.Helper()
	_, err := w.Transfers.Request(w.ctx, w.as(authz.RO), w.order())
	var r *transfer.RefusedError
	if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), codes) {
		w.t.Fatalf("want refusal %v, got %v", codes, err)
	}
}

func (w *world) consent(cases ...string) []consent.Record {
	w.t.Helper()
	records, err := w.Consents.Record(w.ctx, w.as(authz.RO), consent.Statement{
		Mission: w.mission.ID, Decision: consent.Given, Notice: "1", Language: "es", Questions: true, Understood: true,
		Purposes: []string{w.purpose.ID}, Recipients: []string{w.partner.ID}, Categories: []string{"identity"},
		Form: consent.Written, EventTime: w.clock.Now(), Type: "beneficiary",
	}, cases)
	w.must(err)
	return records
}

// settled returns when every entry so far is under a signed checkpoint.
func (w *world) settled() {
	w.t.Helper()
	e := w.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.settled", authz.Resource{})
	ids, err := w.Office.Denials.Update(w.ctx, func(r evidence.Recorder) error { return r.Record(w.ctx, e) })
	w.must(err)
	w.must(w.Sequencer.Wait(w.ctx, ids...))
}

func (w *world) verify() {
	w.t.Helper()
	w.settled()
	keys, err := w.ring.LogSigner().PublicKeys(w.ctx)
	w.must(err)
	v, err := w.store.Verify(w.ctx, keys, origin, nil)
	w.must(err)
	if !v.OK() {
		w.t.Fatalf("the log does not verify: %v", v.Findings)
	}
}
