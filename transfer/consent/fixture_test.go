package consent_test

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"safeconduct/agreements/parties"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/seal/localkeys"
)

// clock is a clock that a test moves; every reading is a millisecond later.
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

// world is the office over the real embedded store and the local key ring.
type world struct {
	*consent.Office
	t        testing.TB
	clock    *clock
	store    *store.Store
	path     string
	ring     *localkeys.Ring
	here     string
	there    string
	partner  string
	purpose  string
	officer  authz.Caller
	stranger authz.Caller // an officer of the other mission
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func officer(person, mission string, role authz.Role, tasks ...string) authz.Caller {
	return authz.Caller{Person: person, Grants: []authz.Grant{{ID: "g", Version: 1, Role: role, Mission: mission, Purposes: tasks}}}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: noon()}, here: newID(), there: newID(), partner: newID(), purpose: newID()}
	w.officer, w.stranger = officer("ro", w.here, authz.RO, w.purpose), officer("stranger", w.there, authz.RO, w.purpose)
	dir := t.TempDir()
	w.path = filepath.Join(dir, "consent.db")
	var err error
	w.store, err = store.OpenSQLite(t.Context(), w.path, store.Options{Now: w.clock.Now, NewID: newID, Random: rand.Reader, Authority: evidencetest.Authority()})
	w.must(err)
	t.Cleanup(func() { w.must(w.store.Close()) })
	_, err = w.store.Migrate(t.Context())
	w.must(err)
	w.ring, err = localkeys.Open(filepath.Join(dir, "keys.json"))
	w.must(err)
	for _, mission := range []string{w.here, w.there} { // as their registration does
		w.must(consent.MissionKeys{Keeper: w.ring}.EnsureKey(t.Context(), mission))
	}
	enforcer, err := authz.NewEnforcer(authz.Config{})
	w.must(err)
	office := &evidence.Office{Enforcer: enforcer, Denials: store.For[evidence.Recorder](w.store), Now: w.clock.Now, NewID: newID, Policy: "test"}
	w.Office = consent.NewOffice(office, store.For[consent.Tx](w.store), w.caseKeys())
	_, err = store.For[consent.Tx](w.store).Update(t.Context(), func(tx consent.Tx) error {
		return errors.Join(
			tx.SaveMission(t.Context(), people.Mission{ID: w.here, Version: 1}),
			tx.SaveMission(t.Context(), people.Mission{ID: w.there, Version: 1}),
			tx.SaveParty(t.Context(), parties.Party{ID: w.partner, Version: 1}),
			tx.SavePurpose(t.Context(), terms.Purpose{ID: w.purpose, Version: 1, Code: "shelter"}),
			tx.SaveCategory(t.Context(), terms.Category{ID: newID(), Version: 1, Code: "identity"}),
			tx.Record(t.Context(), office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{})),
		)
	})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// caseKeys is a new process's view of the keys: nothing unwrapped yet.
func (w *world) caseKeys() *consent.CaseKeys {
	return consent.NewCaseKeys(w.ring, store.For[consent.CaseKeyTx](w.store), rand.Reader)
}

func (w *world) statement() consent.Statement {
	return consent.Statement{
		Mission: w.here, Decision: consent.Given, Notice: "1", Language: "es", Questions: true, Understood: true,
		Purposes: []string{w.purpose}, Recipients: []string{w.partner}, Categories: []string{"identity"},
		Form: consent.Written, EventTime: noon(), Type: "beneficiary",
		Evidence: &consent.Proof{Kind: consent.SignedDocument, SHA256: strings.Repeat("0a", 32)},
		Circumstances: consent.Circumstances{
			Capacity: &consent.CapacityStated{Aspects: consent.Aspects(), Method: "interview", Result: consent.Capable},
		},
	}
}

func (w *world) record(cases ...string) []consent.Record {
	w.t.Helper()
	records, err := w.Record(w.t.Context(), w.officer, w.statement(), cases)
	w.must(err)
	return records
}

// count reads, around the store, how many rows a table has.
func (w *world) count(table string) int {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path+"?mode=ro")
	w.must(err)
	var n int
	w.must(errors.Join(db.QueryRowContext(w.t.Context(), "SELECT count(*) FROM "+table).Scan(&n), db.Close()))
	return n
}
