package storetest

import (
	"encoding/hex"
	"fmt"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

// queuesFilled: what a migration finds of records that are there is what saving them writes.
func queuesFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 13); err != nil {
		t.Fatal(err)
	}
	now := Epoch()
	for _, r := range []struct {
		kind, table, id, columns string
		body                     any
	}{
		{people.KindMission, "missions", "m-1", "", people.Mission{ID: "m-1", Version: 1}},
		{people.KindMission, "missions", "m-2", "", people.Mission{ID: "m-2", Version: 1, Suspension: &people.Suspension{By: "p"}}},
		{people.KindPerson, "persons", "p-1", ", mission, partner", people.Person{ID: "p-1", Version: 1, Suspension: &people.Suspension{By: "p"}}},
		{people.KindPerson, "persons", "p-2", ", mission, partner", people.Person{ID: "p-2", Version: 1}},
		{people.KindKey, "signing_keys", "k-1", ", person", people.Key{ID: "k-1", Version: 1, Confirmed: &now}},
		{people.KindKey, "signing_keys", "k-2", ", person", people.Key{ID: "k-2", Version: 1}},
		{people.KindKey, "signing_keys", "k-3", ", person", people.Key{ID: "k-3", Version: 1, Revoked: &now}},
		{people.KindNomination, "nominations", "n-1", ", partner", people.Nomination{ID: "n-1", Version: 1, State: people.NominationOpen}},
		{people.KindNomination, "nominations", "n-2", ", partner", people.Nomination{ID: "n-2", Version: 1, State: people.NominationRefused}},
		{parties.KindParty, "parties", "o-1", "", parties.Party{ID: "o-1", Version: 1, Suspension: &lifecycle.Act{Person: "p"}}},
		{parties.KindParty, "parties", "o-2", "", parties.Party{ID: "o-2", Version: 1}},
		{authorities.KindCase, "legal_cases", "c-1", ", mission, partner, reporter", authorities.Case{ID: "c-1", Version: 1, State: authorities.Answered}},
		{authorities.KindCase, "legal_cases", "c-2", ", mission, partner, reporter", authorities.Case{ID: "c-2", Version: 1, State: authorities.Closed}},
		{authorities.KindCase, "legal_cases", "c-3", ", mission, partner, reporter", authorities.Opened("c-3", authorities.Asked{Transfer: "t-1"}, now)},
		{authorities.KindCase, "legal_cases", "c-4", ", mission, partner, reporter", authorities.Case{ID: "c-4", Version: 1, State: authorities.Assessing}},
		{agreements.KindAgreement, "agreements", "a-1", "", agreements.Agreement{ID: "a-1", Version: 1, State: agreements.Review}},
		{agreements.KindAgreement, "agreements", "a-2", "", agreements.Agreement{ID: "a-2", Version: 1, State: agreements.Active}},
		{agreements.KindAgreement, "agreements", "a-3", "", agreements.Agreement{ID: "a-3", Version: 1, State: agreements.Active, Amendment: &agreements.Amendment{State: agreements.Signed}}},
		{agreements.KindAgreement, "agreements", "a-4", "", agreements.Agreement{ID: "a-4", Version: 1, State: agreements.Suspended}},
	} {
		body, err := evidence.Canonical(r.body)
		if err != nil {
			t.Fatal(err)
		}
		written := "x'" + hex.EncodeToString(body) + "'"
		if l.Engine() == store.Postgres {
			written = `'\x` + hex.EncodeToString(body) + "'"
		}
		values := ""
		for _, c := range r.columns {
			if c == ',' {
				values += ", ''"
			}
		}
		if r.table == "agreements" {
			r.columns, values = ", mission, partner, state, valid_until", ", '', '', '', 0"
		}
		l.exec(t, fmt.Sprintf("INSERT INTO record_versions (kind, id, version, body) VALUES ('%s', '%s', 1, %s)", r.kind, r.id, written),
			fmt.Sprintf("INSERT INTO %s (id, version%s) VALUES ('%s', 1%s)", r.table, r.columns, r.id, values))
	}
	l.migrate(t)
	for _, c := range []struct{ table, want string }{
		{"missions", "[m-1=0 m-2=1]"},
		{"persons", "[p-1=1 p-2=0]"},
		{"signing_keys", "[k-1=0 k-2=1 k-3=0]"},
		{"nominations", "[n-1=1 n-2=0]"},
		{"parties", "[o-1=1 o-2=0]"},
		{"legal_cases", "[c-1=1 c-2=0 c-3=1 c-4=1]"},
	} {
		if got := fmt.Sprint(l.texts(t, "SELECT id || '=' || waits FROM "+c.table+" ORDER BY id")); got != c.want {
			t.Errorf("%s: %s, want %s", c.table, got, c.want)
		}
	}
	if got := fmt.Sprint(l.texts(t, "SELECT id || '=' || unanswered FROM legal_cases ORDER BY id")); got != "[c-1=0 c-2=0 c-3=1 c-4=1]" {
		t.Errorf("unanswered: %s", got)
	}
	if got := fmt.Sprint(l.texts(t, "SELECT id || '=' || joins FROM legal_cases ORDER BY id")); got != "[c-1=0 c-2=0 c-3=1 c-4=0]" {
		t.Errorf("joins: %s", got)
	}
	if got := fmt.Sprint(l.texts(t, "SELECT id || '=' || awaits FROM agreements ORDER BY id")); got != "[a-1=review a-2= a-3=signed a-4=suspended]" {
		t.Errorf("agreements: %s", got)
	}
}
