package store_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/gateway/store/storetest"
)

// What two replicas refused of one network in a minute is one entry of the log, and says no address.
func TestRefusalsAreLoggedTogether(t *testing.T) {
	now := storetest.Epoch()
	options := storetest.Options()
	options.Now = func() time.Time { return now }
	path := filepath.Join(t.TempDir(), "safeconduct.db")
	s, err := store.OpenSQLite(t.Context(), path, options)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(t.Context())
	must(t, err)
	const net, person = "00112233445566778899aabbccddeeff", "00000000-0000-7000-8000-000000000001"
	n := 0
	office := &evidence.Office{Now: func() time.Time { return now }, Policy: "policy", NewID: func() string {
		n++
		return "entry-" + string(rune('a'+n))
	}}
	minute := now.Truncate(time.Minute)
	tallies := &evidence.Tallies{Office: office, Store: store.For[evidence.TallyTx](s)}
	logged := func(do func() (int, error), want int) {
		t.Helper()
		if got, err := do(); err != nil || got != want {
			t.Errorf("%d entries, %v; want %d", got, err, want)
		}
	}
	for range 2 {
		must(t, tallies.Add(t.Context(), []evidence.Tally{{Source: net, Code: "AUTH_INVALID", Minute: minute, Count: 40}}))
	}
	must(t, tallies.Add(t.Context(), nil))
	log := func() (int, error) { return tallies.Log(t.Context()) }
	logged(log, 0) // another replica may still count
	now = minute.Add(2 * time.Minute)
	logged(log, 1)
	logged(log, 0)
	must(t, tallies.Add(t.Context(), []evidence.Tally{{Actor: person, Code: "RATE_LIMITED", Minute: now, Count: 7}}))
	logged(func() (int, error) { return tallies.LogAll(t.Context()) }, 1)
	var acts []evidence.Entry
	rows, err := raw(t, path).QueryContext(t.Context(), "SELECT body FROM log_entries ORDER BY id")
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var body []byte
		var e evidence.Entry
		must(t, rows.Scan(&body))
		must(t, json.Unmarshal(body, &e))
		acts = append(acts, e)
	}
	must(t, rows.Err())
	for i, want := range []evidence.Entry{
		{Kind: evidence.Denial, Source: net, Codes: []string{"AUTH_INVALID"}, Result: "80 in the minute of 2031-05-06T07:08Z"},
		{Kind: evidence.Denial, Actor: person, Codes: []string{"RATE_LIMITED"}, Result: "7 in the minute of 2031-05-06T07:10Z"},
	} {
		got := acts[i]
		if got.Kind != want.Kind || got.Source != want.Source || got.Actor != want.Actor || got.Codes[0] != want.Codes[0] || got.Result != want.Result ||
			got.Verdict != evidence.Refused || got.Action != authz.Action("server.enter") {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
