package storetest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/parties"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/gateway/store"
	"safeconduct/transfer/anonymous"
)

// endings are clearances, disclosure assessments, tokens and partners: of each kind 1 is over at the Epoch, 2 a
// microsecond later, and the others never. Partner 4 was vetted before anybody wrote down until when.
type endings struct {
	clearances  []clearance.Clearance
	disclosures []anonymous.DisclosureAssessment
	tokens      []identity.Token
	partners    []parties.Party
}

const vettingLife = 24 * time.Hour

func ends() endings {
	at, later := Epoch(), Epoch().Add(time.Microsecond)
	vetted := func(id, result string, until time.Time, ended bool) parties.Party {
		return parties.Party{ID: id, Version: 1, DueDiligence: &parties.DueDiligence{Date: until.Add(-vettingLife), Result: result, ValidUntil: until, Ended: ended}}
	}
	undated := vetted("x-4", "passed", Epoch().Add(time.Second), false)
	undated.DueDiligence.ValidUntil = time.Time{}
	return endings{
		[]clearance.Clearance{
			{ID: "c-2", Version: 1, State: clearance.Given, ValidUntil: later},
			{ID: "c-1", Version: 1, State: clearance.Given, ValidUntil: at},
			{ID: "c-3", Version: 1, State: clearance.Withdrawn, ValidUntil: at},
			{ID: "c-4", Version: 1, State: clearance.Expired, ValidUntil: at},
		},
		[]anonymous.DisclosureAssessment{
			{ID: "d-2", Version: 1, Signed: &at, ValidUntil: later},
			{ID: "d-1", Version: 1, Signed: &at, ValidUntil: at},
			{ID: "d-3", Version: 1, ValidUntil: at},
			{ID: "d-4", Version: 1, Signed: &at, Withdrawn: &at, ValidUntil: at},
			{ID: "d-5", Version: 1, Signed: &at, Ended: true, ValidUntil: at},
		},
		[]identity.Token{
			{ID: "k-2", Version: 1, Hash: "h-2", Expires: later},
			{ID: "k-1", Version: 1, Hash: "h-1", Expires: at},
			{ID: "k-3", Version: 1, Hash: "h-3", Expires: at, Revoked: &at},
			{ID: "k-4", Version: 1, Hash: "h-4", Expires: at, Ended: true},
		},
		[]parties.Party{
			vetted("x-2", "passed", later, false), vetted("x-1", "passed", at, false), vetted("x-3", "failed", at, false), undated,
			vetted("x-5", "passed", at, true),
			{ID: "x-6", Version: 1},
		},
	}
}

func testEndings(t *testing.T, b *bench) {
	e := ends()
	saveEach(t, b, clearanceKind(), e.clearances...)
	saveEach(t, b, disclosureKind(), e.disclosures...)
	saveEach(t, b, tokenKind(), e.tokens...)
	saveEach(t, b, partyKind(), e.partners...)
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		for name, c := range map[string]struct {
			now   time.Time
			most  int
			which []string
		}{
			"not over": {Epoch().Add(-time.Microsecond), 10, nil}, "one is over": {Epoch(), 10, []string{"1"}},
			"two are over": {Epoch().Add(time.Microsecond), 10, []string{"1", "2"}}, "one at once": {Epoch().Add(time.Hour), 1, []string{"1"}},
		} {
			of := func(kind string) (want []string) {
				for _, n := range c.which {
					want = append(want, kind+"-"+n)
				}
				return want
			}
			clearances, err := tx.ClearancesDue(ctx, c.now, c.most)
			lists(t, name, clearanceKind(), clearances, err, of("c")...)
			disclosures, err := tx.DisclosuresDue(ctx, c.now, c.most)
			lists(t, name, disclosureKind(), disclosures, err, of("d")...)
			tokens, err := tx.TokensDue(ctx, c.now, c.most)
			lists(t, name, tokenKind(), tokens, err, of("k")...)
			partners, err := tx.PartiesDue(ctx, c.now.Add(-2*vettingLife), c.now, c.most)
			lists(t, name, partyKind(), partners, err, of("x")...)
		}
		short, err := tx.PartiesDue(ctx, Epoch().Add(time.Second-vettingLife), Epoch().Add(-time.Hour), 10)
		lists(t, "vetted too long ago by the rules of now", partyKind(), short, err, "x-1", "x-2", "x-4")
		return nil
	})
}

// endingsFilled saves records as the schema before had them, of none of which the log said that it is over: when they
// end is what their content says.
func endingsFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 17); err != nil {
		t.Fatal(err)
	}
	e := ends()
	e.clearances[0].ValidUntil = Epoch().Truncate(time.Second)
	for _, c := range e.clearances {
		older(t, l, "clearance", "clearances", c.ID, c, "mission", "m")
	}
	for _, d := range e.disclosures[:4] {
		older(t, l, "disclosure_assessment", "disclosure_assessments", d.ID, d, "valid_until", "0", "mission", "m", "datasets", "d")
	}
	for _, k := range e.tokens[:3] {
		older(t, l, "token", "tokens", k.ID, k, "hash", k.Hash, "person", "p")
	}
	for _, p := range slices.Delete(e.partners, 4, 5) {
		older(t, l, "party", "parties", p.ID, p)
	}
	l.migrate(t)
	at, later := Epoch().UnixMicro(), Epoch().UnixMicro()+1
	life := vettingLife.Microseconds()
	for query, want := range map[string][]string{
		"SELECT id || ' ' || ends FROM clearances ORDER BY id":             {fmt.Sprint("c-1 ", at), fmt.Sprint("c-2 ", at-at%1_000_000), "c-3 0", "c-4 0"},
		"SELECT id || ' ' || ends FROM disclosure_assessments ORDER BY id": {fmt.Sprint("d-1 ", at), fmt.Sprint("d-2 ", later), "d-3 0", "d-4 0"},
		"SELECT id || ' ' || ends FROM tokens ORDER BY id":                 {fmt.Sprint("k-1 ", at), fmt.Sprint("k-2 ", later), "k-3 0"},
		"SELECT id || ' ' || vetted || ' ' || ends FROM parties ORDER BY id": {
			fmt.Sprint("x-1 ", at-life, " ", at), fmt.Sprint("x-2 ", later-life, " ", later), "x-3 0 0", fmt.Sprint("x-4 ", at+1_000_000-life, " 0"), "x-6 0 0",
		},
	} {
		if got := l.texts(t, query); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

// older saves version 1 of a record by hand; columns are names and texts in turn.
func older(t *testing.T, l *logged, kind, table, id string, record any, columns ...string) {
	t.Helper()
	body, err := evidence.Canonical(record)
	if err != nil {
		t.Fatal(err)
	}
	written := "x'" + hex.EncodeToString(body) + "'"
	if l.Engine() == store.Postgres {
		written = `'\x` + hex.EncodeToString(body) + "'"
	}
	names, values := "id, version", "'"+id+"', 1"
	for pair := range slices.Chunk(columns, 2) {
		names, values = names+", "+pair[0], values+", '"+pair[1]+"'"
	}
	l.exec(t, fmt.Sprintf("INSERT INTO record_versions (kind, id, version, body) VALUES ('%s', '%s', 1, %s)", kind, id, written),
		fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, names, values))
}
