// Package apptest is a whole system with its people, for tests: services on
// parts of the test's choice, and a clock that the test moves.
package apptest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
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
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/blob/dirblob"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/seal/localkeys"
)

// Clock is the clock of a World, which a test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now moves on a millisecond at each call.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// World is a whole system with its people.
type World struct {
	*app.Services
	T        *testing.T
	Ctx      context.Context
	Dir      string
	Year     int
	Settings app.Settings
	Clock    *Clock
	Store    *store.Store
	Ring     *localkeys.Ring
	Blobs    *dirblob.Store
	Persons  map[authz.Role]string
	Mission  people.Mission
	Partner  parties.Party
	Purpose  terms.Purpose
	// Categories are those that agreement, assessment and consent cover; identity where none are set.
	Categories []string
	Consented  []consent.Record
}

// Origin is the origin of its log.
const Origin = "safeconduct.test/log"

// Options are what a test may choose; the zero value is embedded parts.
type Options struct {
	Parts func(*app.Parts) // puts parts of the test's own before the real ones
	Store func(store.Options) *store.Store
	Wait  time.Duration // for a checkpoint; 5 seconds where zero
	Year  int           // subjects a year that the agreement allows; 1000 where zero
	// Alarms hears of rows that were altered; nil does not.
	Alarms *Alarms
}

// New is a World on which nothing is agreed yet.
func New(t *testing.T, o Options) *World {
	t.Helper()
	w := Bare(t, o)
	w.enrol()
	return w
}

// Bare is a World in which nobody is registered yet.
func Bare(t *testing.T, o Options) *World {
	t.Helper()
	dir := t.TempDir()
	w := &World{T: t, Ctx: t.Context(), Dir: dir, Year: cmp.Or(o.Year, 1000), Clock: &Clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}, Persons: map[authz.Role]string{}}
	var err error
	if o.Store != nil {
		w.Store = o.Store(w.storeOptions())
	} else {
		w.Store, err = store.OpenSQLite(w.Ctx, w.Database(), w.storeOptions())
		w.Must(err)
	}
	_, err = w.Store.Migrate(w.Ctx)
	w.Must(err)
	w.Ring, err = localkeys.Open(filepath.Join(dir, "keys.json"))
	w.Must(err)
	w.Blobs, err = dirblob.Open(filepath.Join(dir, "blobs"))
	w.Must(err)
	p := app.Parts{Store: w.Store, Keys: w.Ring, Keeper: w.Ring, Signer: w.Ring.LogSigner(), Blobs: w.Blobs}
	if o.Parts != nil {
		o.Parts(&p)
	}
	w.Settings = app.Settings{
		Origin: Origin, Limits: transfer.DefaultLimits(), Wait: cmp.Or(o.Wait, 5*time.Second), Now: w.Clock.Now, Logger: slog.New(slog.DiscardHandler),
	}
	if o.Alarms != nil {
		w.Settings.Tampered = o.Alarms.ring
	}
	w.Services, err = app.Compose(w.Ctx, p, w.Settings)
	w.Must(err)
	t.Cleanup(func() {
		w.Must(w.Blobs.Close())
		w.Must(w.Store.Close())
	})
	w.sequence(w.Services)
	return w
}

// Database is the file of the embedded database of the world.
func (w *World) Database() string { return filepath.Join(w.Dir, "safeconduct.db") }

// Must ends the test on an error.
func (w *World) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// As is the caller who holds the role.
func (w *World) As(role authz.Role) authz.Caller { return w.Holder(w.Persons[role]) }

// Holder is the person as a caller.
func (w *World) Holder(person string) authz.Caller {
	var grants []people.Grant
	var cleared map[string]people.Clearance
	w.Must(store.For[people.Tx](w.Store).View(w.Ctx, func(tx people.Tx) (err error) {
		if grants, err = tx.GrantsOf(w.Ctx, person); err != nil {
			return err
		}
		cleared, err = people.Clear(w.Ctx, tx, []string{person}, w.Office.Time())
		return err
	}))
	c := authz.Caller{Person: person, Assurance: authz.AssuranceMFA, Locks: cleared[person].Locks()}
	for _, g := range grants {
		if g.LiveAt(w.Clock.Now()) {
			c.Grants = append(c.Grants, g.Held())
		}
	}
	return c
}

// Founder is one who may be among the first people.
func (w *World) Founder(name string) app.Founder {
	return app.Founder{Person: people.Person{Name: name}, Completed: peopletest.Completed(w.Clock.Now())}
}

// Fit has the person trained and their undertaking signed.
func (w *World) Fit(person string) {
	w.T.Helper()
	w.Must(peopletest.Fit(w.Ctx, w.People, w.As(authz.LEG), w.Clock.Now(), person))
}

// Another is one more person who holds the role, in its own place.
func (w *World) Another(role authz.Role) authz.Caller {
	w.T.Helper()
	p := people.Person{Name: "another " + string(role)}
	p.Mission, p.Partner = w.place(role)
	p, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), p)
	w.Must(err)
	w.Fit(p.ID)
	return w.Also(authz.Caller{Person: p.ID}, role)
}

// Also gives the person another role, in its own place.
func (w *World) Also(c authz.Caller, role authz.Role) authz.Caller {
	w.T.Helper()
	g := people.Grant{Person: c.Person, Role: role, Purposes: w.Task(role)}
	g.Mission, g.Partner = w.place(role)
	_, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), g)
	w.Must(err)
	return w.Holder(c.Person)
}

// Task is what a grant of the role names as its task (R23): the world's purpose,
// and others where they are given; nothing for a role that has none.
func (w *World) Task(role authz.Role, others ...string) []string {
	if !authz.Tasked(role) {
		return nil
	}
	return append([]string{w.Purpose.ID}, others...)
}

// place is where the role is held: the mission, the partner, or headquarters,
// which is neither.
func (w *World) place(role authz.Role) (mission, partner string) {
	switch at, err := authz.PlaceOf(role); at {
	case authz.AtMission:
		return w.Mission.ID, ""
	case authz.AtPartner:
		return "", w.Partner.ID
	case authz.AtHQ:
		return "", ""
	default:
		w.T.Fatalf("%s is held nowhere: %v", role, err)
		return "", ""
	}
}

func (w *World) enrol() {
	first, err := w.Bootstrap(w.Ctx, w.Store, w.Founder("Legal One"), w.Founder("Legal Two"))
	w.Must(err)
	for _, e := range first {
		w.Must(peopletest.Sign(w.Ctx, w.People, e.Person.ID))
	}
	w.Persons[authz.LEG] = first[0].Person.ID
	w.Mission, err = w.People.CreateMission(w.Ctx, w.As(authz.LEG), people.Mission{Name: "Mission", Country: "CO", Contact: "focal point of the mission"})
	w.Must(err)
	w.Partner, err = w.Parties.Create(w.Ctx, w.As(authz.LEG), parties.Party{Name: "Partner", Kind: parties.NGO, Country: "CO", Mission: w.Mission.ID})
	w.Must(err)
	w.hire(authz.DPO)
	w.Purpose = w.AddPurpose(terms.Purpose{Code: "shelter", Text: "Shelter", LegalBasis: "consent"})
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.RO, authz.PSG, authz.PDL, authz.OIG} {
		w.hire(role)
	}
	_, err = w.Parties.Vet(w.Ctx, w.As(authz.HOM), w.Partner.ID, true, "checked")
	w.Must(err)
	_, _, err = w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], 60*24*time.Hour, nil)
	w.Must(err)
	text := terms.NoticeText{
		Controller: "chief of mission", Contact: "focal point", Purpose: "shelter", Retention: "90 days", Recipients: "the partner",
		Rights: "see, correct, withdraw", NonWaiver: "privileges and immunities are not waived",
	}
	notice, err := w.Terms.WriteNotice(w.Ctx, w.As(authz.LEG), terms.Notice{
		Purpose: w.Purpose.ID, Number: "1", Texts: map[string]terms.NoticeText{"en": text, "fr": text, "es": text}, EffectiveFrom: w.Clock.Now().AddDate(-1, 0, 0),
	})
	w.Must(err)
	_, err = w.Terms.ApproveNotice(w.Ctx, w.As(authz.DPO), notice.ID)
	w.Must(err)
	w.AddCategory(terms.Category{Code: "identity", Fields: []string{"given_name", "notes"}, Sensitivity: terms.High})
	w.AddRetention("identity")
}

// hire registers a person, who holds the role from then on.
func (w *World) hire(role authz.Role) {
	p := people.Person{Name: string(role)}
	p.Mission, p.Partner = w.place(role)
	p, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), p)
	w.Must(err)
	w.Persons[role] = p.ID
	w.Fit(p.ID)
	w.Also(authz.Caller{Person: p.ID}, role)
}

// Ready is a world in which w.Order() passes the gate.
func Ready(t *testing.T, o Options) *World {
	t.Helper()
	w := New(t, o)
	w.Agreed()
	w.Consented = w.Consent("CASE-1", "CASE-2")
	return w
}

// Agreed has an agreement signed, assessed and in force.
func (w *World) Agreed() {
	w.T.Helper()
	w.Enforce(w.Agreement())
}

// Enforce has a draft signed, assessed and in force.
func (w *World) Enforce(a agreements.Agreement) {
	w.T.Helper()
	a, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), a.ID)
	w.Must(err)
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	a = w.Sign(w.Sign(a, authz.HOM), authz.PSG)
	w.Assess(a)
	_, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
	w.Must(err)
}

func (w *World) categories() []string {
	if w.Categories == nil {
		return []string{"identity"}
	}
	return w.Categories
}

// Agreement drafts an agreement that allows Order.
func (w *World) Agreement() agreements.Agreement {
	doc := agreements.Document{
		Type: agreements.DataSharing, Title: "Shelter", Mission: w.Mission.ID, Partner: w.Partner.ID, Language: "en",
		Scope: agreements.Scope{
			Missions: []string{w.Mission.ID}, Purposes: []string{w.Purpose.ID}, SubjectTypes: []string{"beneficiary"},
			Categories: w.categories(), Fields: []string{"given_name", "notes"}, RecipientCountries: []string{"CO"},
			StorageCountries: []string{"CO"}, OnwardRule: "none", MaxSubjectsPerTransfer: 100, MaxSubjectsPerYear: w.Year,
			RetentionDays: map[string]int{},
		},
		EffectiveFrom: w.Clock.Now().Add(-time.Hour), ValidUntil: w.Clock.Now().AddDate(1, 0, 0),
	}
	for _, code := range doc.Scope.Categories {
		doc.Scope.RetentionDays[code] = 90
	}
	for _, code := range agreements.MandatoryClauses() {
		doc.Clauses = append(doc.Clauses, agreements.Clause{Code: code})
	}
	a, err := w.Agreements.Create(w.Ctx, w.As(authz.FP), doc)
	w.Must(err)
	return a
}

// Next has another agreement of the same document in force, which takes the
// place of the one that it names.
func (w *World) Next(of agreements.Agreement, supersedes string) agreements.Agreement {
	w.T.Helper()
	doc := of.Document
	doc.Supersedes, doc.Template = supersedes, nil
	next, err := w.Agreements.Create(w.Ctx, w.As(authz.FP), doc)
	w.Must(err)
	w.Enforce(next)
	next, err = w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), next.ID)
	w.Must(err)
	return next
}

// Amend has an amendment of the agreement, or its renewal, signed and in force;
// its scope stays within the one before, whose assessment holds.
func (w *World) Amend(a agreements.Agreement, edit func(*agreements.Document)) agreements.Agreement {
	w.T.Helper()
	doc := a.Document
	edit(&doc)
	a, err := w.Agreements.Amend(w.Ctx, w.As(authz.FP), a.ID, doc)
	w.Must(err)
	_, err = w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), a.ID)
	w.Must(err)
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	w.Sign(w.Sign(a, authz.HOM), authz.PSG)
	a, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
	w.Must(err)
	return a
}

// Sign enrols a key for the role, has it confirmed, and signs the document that
// is under way with it.
func (w *World) Sign(a agreements.Agreement, role authz.Role) agreements.Agreement {
	w.T.Helper()
	key, err := signing.GenerateKey(rand.Reader)
	w.Must(err)
	c := w.As(role)
	proof, err := signing.Enrol(key, c.Person, w.Clock.Now())
	w.Must(err)
	jwk, err := key.Public().MarshalJSON()
	w.Must(err)
	k, err := w.People.EnrolKey(w.Ctx, c, string(jwk), proof)
	w.Must(err)
	_, err = w.People.ConfirmKey(w.Ctx, w.As(authz.LEG), k.ID, "letter of authority")
	w.Must(err)
	party := signing.PartyIOM
	if role == authz.PSG {
		party = w.Partner.ID
	}
	signs := a.UnderWay()
	jws, err := signing.Sign(key, signing.Statement{
		Agreement: a.ID, Version: signs.Document.Version, Digest: signs.Digest, Party: party, Signatory: c.Person, Title: "Head", SignedAt: w.Clock.Now().UTC(),
	})
	w.Must(err)
	a, err = w.Agreements.Sign(w.Ctx, c, a.ID, k.ID, jws)
	w.Must(err)
	return a
}

// Content is that of an assessment of the agreement with the answers of vector V1.
func (w *World) Content(a agreements.Agreement) assessment.Content {
	answers := assessment.Answers{}
	for id, v := range map[string]int{
		"K1": 0, "K2": 1, "K3": 1, "K4": 1, "K5": 0, "S1": 5, "S2": 4, "S3": 4, "S4": 5, "L1": 3, "L2": 3, "L3": 2, "L4": 1, "L5": 2, "L6": 3,
		"L7": 3, "L8": 4, "M1": 1, "M2": 1, "M3": 1, "M4": 1, "B1": 5, "B2": 5, "B3": 4, "B4": 4,
	} {
		answers[id] = assessment.Answer{Value: new(v), Evidence: "seen"}
	}
	return assessment.Content{
		Agreement: a.ID, Purposes: []string{w.Purpose.ID}, Categories: w.categories(), Countries: []string{"CO"}, Answers: answers,
		PeopleConsulted: []string{"community focal point"},
	}
}

// Assess has vector V1 approved for the agreement.
func (w *World) Assess(a agreements.Agreement) assessment.Assessment {
	w.T.Helper()
	x := w.Approved(w.Content(a))
	if x.State != assessment.Approved || x.Result.Band != assessment.High {
		w.T.Fatalf("V1 ends %s in band %s", x.State, x.Result.Band)
	}
	return x
}

// Submitted has vector V1 for the agreement submitted to those who approve it.
func (w *World) Submitted(a agreements.Agreement) assessment.Assessment {
	w.T.Helper()
	x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", w.Content(a))
	w.Must(err)
	x, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), x.ID)
	w.Must(err)
	return x
}

// Order is a transfer of two persons that passes once all is in place.
func (w *World) Order() transfer.Order {
	return transfer.Order{
		Mission: w.Mission.ID, Partner: w.Partner.ID, Purpose: w.Purpose.ID, Nature: "personal", RecipientClass: "service_provider", Origin: gate.Origin{Source: gate.OwnData},
		Categories: []string{"identity"}, Fields: []string{"given_name"}, Subjects: []string{"CASE-1", "CASE-2"},
		Files: []transfer.File{{MediaType: "text/csv"}},
	}
}

// Refused asks for Order and wants exactly these codes.
func (w *World) Refused(codes ...string) {
	w.T.Helper()
	_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	var r *transfer.RefusedError
	if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), codes) {
		w.T.Fatalf("want refusal %v, got %v", codes, err)
	}
}

// Consent records consent for the case numbers.
func (w *World) Consent(cases ...string) []consent.Record {
	w.T.Helper()
	records, err := w.Consents.Record(w.Ctx, w.As(authz.RO), w.Statement(), cases)
	w.Must(err)
	return records
}

// Statement is consent to Order as it must be.
func (w *World) Statement() consent.Statement {
	return consent.Statement{
		Mission: w.Mission.ID, Decision: consent.Given, Notice: "1", Language: "es", Questions: true, Understood: true,
		Purposes: []string{w.Purpose.ID}, Recipients: []string{w.Partner.ID}, Categories: w.categories(),
		Form: consent.Written, EventTime: w.Clock.Now(), Type: "beneficiary",
		Evidence: &consent.Proof{Kind: consent.SignedDocument, SHA256: strings.Repeat("0a", 32)},
		Circumstances: consent.Circumstances{
			Capacity: &consent.CapacityStated{Aspects: consent.Aspects(), Method: "interview", Result: consent.Capable},
		},
	}
}

// Settled returns when every entry so far is under a signed checkpoint.
func (w *World) Settled() {
	w.T.Helper()
	e := w.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.settled", authz.Resource{})
	ids, err := w.Office.Denials.Update(w.Ctx, func(r evidence.Recorder) error { return r.Record(w.Ctx, e) })
	w.Must(err)
	w.Must(w.Sequencer.Wait(w.Ctx, ids...))
}

// Findings verifies the log and every record, and answers with what is wrong.
func (w *World) Findings() []ledger.Finding {
	w.T.Helper()
	w.Settled()
	keys, err := w.Ring.LogSigner().PublicKeys(w.Ctx)
	w.Must(err)
	v, err := w.Store.Verify(w.Ctx, keys, Origin, nil)
	w.Must(err)
	return v.Findings
}

// Verify wants the log and every record to verify, and each decision to cite.
func (w *World) Verify() {
	w.T.Helper()
	if found, uncited := w.Findings(), w.uncited(); len(found)+len(uncited) > 0 {
		w.T.Fatalf("the log does not verify: %v, R37 %v", found, uncited)
	}
}
