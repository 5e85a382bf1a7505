package agreements_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
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

// keyService remembers which instruments have their key.
type keyService struct {
	made   map[string]bool
	broken error
}

func (k *keyService) EnsureKey(_ context.Context, agreement string) error {
	if k.broken != nil {
		return k.broken
	}
	k.made[agreement] = true
	return nil
}

// world is the desk over the real embedded store, with one mission, another,
// one partner, another, and their people.
type world struct {
	*agreements.Desk
	t       testing.TB
	ctx     context.Context
	clock   *clock
	store   *store.Store
	office  *evidence.Office
	keys    *keyService
	scans   *scanStore
	people  map[string]authz.Caller // by role; those of the other mission and partner by "there RO" and so on
	signers map[string]signer
	here    string
	there   string
	partner string
	purpose string
}

// signer is an enrolled key of a person.
type signer struct {
	private signing.PrivateKey
	key     people.Key
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, ctx: t.Context(), clock: &clock{now: noon()}, keys: &keyService{made: map[string]bool{}},
		people: map[string]authz.Caller{}, signers: map[string]signer{},
		here: newID(), there: newID(), partner: newID(), purpose: newID(),
	}
	var err error
	w.store, err = store.OpenSQLite(w.ctx, filepath.Join(t.TempDir(), "agreements.db"), store.Options{Now: w.clock.Now, NewID: newID, Random: rand.Reader, Authority: evidencetest.Authority()})
	w.must(err)
	t.Cleanup(func() { w.must(w.store.Close()) })
	_, err = w.store.Migrate(w.ctx)
	w.must(err)
	enforcer, err := authz.NewEnforcer(authz.Config{})
	w.must(err)
	w.scans = &scanStore{w: w, kept: map[string][]byte{}}
	w.office = &evidence.Office{Enforcer: enforcer, Denials: store.For[evidence.Recorder](w.store), Now: w.clock.Now, NewID: newID, Policy: "test"}
	w.Desk = agreements.NewDesk(w.office, store.For[agreements.Tx](w.store), w.keys, w.scans)
	w.found()
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.RO} {
		w.holder(string(role), role, w.here, "")
		w.holder("there "+string(role), role, w.there, "")
	}
	for _, role := range []authz.Role{authz.LEG, authz.DPO, authz.OIG} {
		w.holder(string(role), role, "", "")
	}
	w.holder("second LEG", authz.LEG, "", "")
	for _, role := range []authz.Role{authz.PSG, authz.PDL} {
		w.holder(string(role), role, "", w.partner)
		w.holder("there "+string(role), role, "", newID())
	}
	w.fit("HOM")
	w.fit("FP")
	w.enrol("HOM", true)
	w.enrol("PSG", true)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// fit unlocks the roles of the person called name: trained, and with the
// undertaking signed.
func (w *world) fit(name string) {
	w.t.Helper()
	person, now := w.people[name].Person, w.office.Time()
	w.write(func(tx allTx) error {
		book, err := tx.Rulebook(w.ctx)
		if err != nil {
			return err
		}
		done := people.NewTraining(newID(), person, peopletest.Completed(now), nil, book.At(now).Rules.Training, "SYS", now)
		return tx.SaveTrainings(w.ctx, []people.TrainingRecord{done})
	})
	register := people.NewRegister(w.office, store.For[people.Tx](w.store), nil, nil)
	w.must(peopletest.Sign(w.ctx, register, person))
}

// allTx is every port that the fixture writes through.
type allTx interface {
	agreements.Tx
	templates.Tx
	transfer.UploadTx
	people.PersonTx
	people.TrainingTx
	terms.PurposeTx
	terms.CategoryTx
	SaveAssessment(ctx context.Context, a assessment.Assessment) error
}

// write saves records around the services; the entry names them all.
func (w *world) write(save func(tx allTx) error) {
	w.t.Helper()
	_, err := store.For[allTx](w.store).Update(w.ctx, func(tx allTx) error {
		if err := save(tx); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.write", authz.Resource{}))
	})
	w.must(err)
}

func (w *world) found() {
	w.write(func(tx allTx) error {
		for _, m := range []string{w.here, w.there} {
			if err := tx.SaveMission(w.ctx, people.Mission{ID: m, Version: 1, Name: "Mission", Country: "CO", Contact: "focal point"}); err != nil {
				return err
			}
		}
		if err := tx.SaveParty(w.ctx, parties.Party{ID: w.partner, Version: 1, Name: "Partner", Kind: parties.NGO, Country: "CO", State: parties.Vetted}); err != nil {
			return err
		}
		if err := tx.SavePurpose(w.ctx, terms.Purpose{ID: w.purpose, Version: 1, Code: "shelter", Text: "Shelter", LegalBasis: "consent"}); err != nil {
			return err
		}
		return tx.SaveCategory(w.ctx, terms.Category{ID: newID(), Version: 1, Code: "identity", Fields: []string{"given_name"}, Sensitivity: terms.High, ApprovalScope: "agreement"})
	})
}

// holder makes a person who holds the role from now on.
func (w *world) holder(name string, role authz.Role, mission, partner string) {
	id, now := newID(), w.office.Time()
	g := people.Grant{ID: newID(), Version: 1, Person: id, Role: role, Mission: mission, Partner: partner, From: now}
	w.write(func(tx allTx) error {
		if err := tx.SavePerson(w.ctx, people.Person{ID: id, Version: 1, Name: name, Mission: mission, Partner: partner}); err != nil {
			return err
		}
		return tx.SaveGrant(w.ctx, g)
	})
	w.people[name] = authz.Caller{
		Person: id, Assurance: authz.AssuranceVouched,
		Grants: []authz.Grant{{ID: g.ID, Version: 1, Role: role, Mission: mission, Partner: partner}},
	}
}

// endGrant ends the role of the person called name.
func (w *world) endGrant(name string) {
	w.t.Helper()
	w.write(func(tx allTx) error {
		g, err := tx.Grant(w.ctx, w.people[name].Grants[0].ID)
		if err != nil {
			return err
		}
		now := w.office.Time()
		g.Version, g.Until = g.Version+1, &now
		return tx.SaveGrant(w.ctx, g)
	})
}

// enrol gives the person a new key, confirmed by Legal or not.
func (w *world) enrol(name string, confirmed bool) signer {
	w.t.Helper()
	private, err := signing.GenerateKey(rand.Reader)
	w.must(err)
	public, err := private.Public().MarshalJSON()
	w.must(err)
	now := w.office.Time()
	k := people.Key{ID: private.Public().Thumbprint(), Version: 1, Person: w.people[name].Person, Public: string(public), Enrolled: now, Expires: now.AddDate(2, 0, 0)}
	if confirmed {
		k.Confirmed = &now
	}
	w.write(func(tx allTx) error { return tx.SaveKey(w.ctx, k) })
	s := signer{private, k}
	w.signers[name] = s
	return s
}

func (w *world) document() agreements.Document {
	d := document()
	d.Agreement, d.Mission, d.Partner = "", w.here, w.partner
	d.Scope.Missions, d.Scope.Purposes = []string{w.here}, []string{w.purpose}
	d.EffectiveFrom, d.ValidUntil = w.clock.Now().Add(-time.Hour), w.clock.Now().Add(24*time.Hour)
	return d
}

func (w *world) draft() agreements.Agreement {
	w.t.Helper()
	a, err := w.Create(w.ctx, w.people["FP"], w.document())
	w.must(err)
	return a
}

func (w *world) approved() agreements.Agreement {
	w.t.Helper()
	a, err := w.SendToReview(w.ctx, w.people["FP"], w.draft().ID)
	w.must(err)
	a, err = w.Decide(w.ctx, w.people["LEG"], a.ID, "approved", "")
	w.must(err)
	return a
}

// statement is what the person called name should sign of a.
func (w *world) statement(name string, a agreements.Agreement) signing.Statement {
	s := signing.Statement{
		Agreement: a.ID, Version: a.Document.Version, Digest: a.Digest, Party: signing.PartyIOM,
		Signatory: w.people[name].Person, Title: "Head", SignedAt: w.clock.Now().UTC(),
	}
	if w.people[name].Of(w.partner) {
		s.Party = w.partner
	}
	return s
}

func (w *world) jws(name string, s signing.Statement) string {
	w.t.Helper()
	text, err := signing.Sign(w.signers[name].private, s)
	w.must(err)
	return text
}

func (w *world) sign(name string, a agreements.Agreement) (agreements.Agreement, error) {
	w.t.Helper()
	return w.Sign(w.ctx, w.people[name], a.ID, w.signers[name].key.ID, w.jws(name, w.statement(name, a)))
}

func (w *world) signed() agreements.Agreement {
	w.t.Helper()
	a, err := w.sign("HOM", w.approved())
	w.must(err)
	a, err = w.sign("PSG", a)
	w.must(err)
	return a
}

// assess saves an assessment of the agreement in the state.
func (w *world) assess(a agreements.Agreement, state assessment.State, change func(*assessment.Assessment)) {
	w.t.Helper()
	x := assessment.Assessment{
		ID: newID(), Version: 1, Record: 1, Mission: w.here, State: state, ValidUntil: w.clock.Now().Add(time.Hour),
		Content: assessment.Content{Agreement: a.ID, AgreementVersion: a.Document.Version},
		Result:  assessment.Result{Band: assessment.Low, Approvable: true},
	}
	if change != nil {
		change(&x)
	}
	w.write(func(tx allTx) error { return tx.SaveAssessment(w.ctx, x) })
}

func (w *world) active() agreements.Agreement {
	w.t.Helper()
	a := w.signed()
	w.assess(a, assessment.Approved, nil)
	a, err := w.Activate(w.ctx, w.people["LEG"], a.ID)
	w.must(err)
	return a
}
