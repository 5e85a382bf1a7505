package store_test

import (
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
	s := made(t, filepath.Join(t.TempDir(), "safeconduct.db"))
	now := storetest.Epoch()
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
		must(t, tallies.Add(t.Context(), []evidence.Tally{{Source: "net", Code: "AUTH_INVALID", Minute: minute, Count: 40}}))
	}
	must(t, tallies.Add(t.Context(), nil))
	log := func() (int, error) { return tallies.Log(t.Context()) }
	logged(log, 0) // another replica may still count
	now = minute.Add(2 * time.Minute)
	logged(log, 1)
	logged(log, 0)
	must(t, tallies.Add(t.Context(), []evidence.Tally{{Actor: "p-1", Code: "RATE_LIMITED", Minute: now, Count: 7}}))
	logged(func() (int, error) { return tallies.LogAll(t.Context()) }, 1)
	acts, err := store.Claims{Store: s, Now: storetest.Epoch}.Acts(t.Context(), []string{"entry-b", "entry-c"})
	must(t, err)
	for i, want := range []evidence.Entry{
		{Kind: evidence.Denial, Source: "net", Codes: []string{"AUTH_INVALID"}, Result: "80 in the minute of 2031-05-06T07:08Z"},
		{Kind: evidence.Denial, Actor: "p-1", Codes: []string{"RATE_LIMITED"}, Result: "7 in the minute of 2031-05-06T07:10Z"},
	} {
		got := acts[i]
		if got.Kind != want.Kind || got.Source != want.Source || got.Actor != want.Actor || got.Codes[0] != want.Codes[0] || got.Result != want.Result ||
			got.Verdict != evidence.Refused || got.Action != authz.Action("server.enter") {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
