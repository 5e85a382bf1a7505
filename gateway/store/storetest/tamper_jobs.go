package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
)

// rung collects the alarms of a store.
type rung struct {
	mu   sync.Mutex
	rows []evidence.TamperedError
}

func ring(s *store.Store) *rung {
	r := &rung{}
	s.SetAlarm(func(_ context.Context, row *evidence.TamperedError) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.rows = append(r.rows, *row)
	})
	return r
}

// named gives back the kinds and ids of the alarms since the last time, sorted.
func (r *rung) named() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]string, 0, len(r.rows))
	for _, row := range r.rows {
		all = append(all, row.Ref.Kind+" "+row.Ref.ID)
	}
	r.rows = nil
	slices.Sort(all)
	return all
}

// tamperJobs forges the first rows of each list that a job goes through: more
// than one call asks for. The others are listed all the same.
func tamperJobs(t *testing.T, l *logged) {
	alarms := ring(l.Store)
	ctx, past := t.Context(), Epoch().Add(-time.Hour)
	var some []transfer.Transfer
	var sessions []transfer.PullSession
	var all []agreements.Agreement
	for i := range 5 {
		id := fmt.Sprintf("%d", i+1)
		x := transfer.Transfer{ID: "t-" + id, Version: 1, State: transfer.Available, Agreement: "a", Released: &past, WindowEnds: &past}
		p := transfer.PullSession{ID: "p-" + id, Version: 1, Transfer: x.ID, File: 1, Updated: past.Add(time.Duration(i))}
		a := agreements.Agreement{ID: "a-" + id, Version: 1, State: agreements.Active}
		a.Document.Mission, a.Document.Partner, a.Document.ValidUntil = "m", "p", past.Add(time.Duration(i)*time.Second)
		some, sessions, all = append(some, x), append(sessions, p), append(all, a)
		if err := l.work(t, func(tx Tx) error { return tx.AddUpload(ctx, upload("u-"+id, x.ID, transfer.UploadSealed, past)) }); err != nil {
			t.Fatal(err)
		}
	}
	saveEach(t, l.bench, transferKind(), some...)
	saveEach(t, l.bench, pullKind(), sessions...)
	saveEach(t, l.bench, agreementKind(), all...)
	l.exec(t, "UPDATE transfers SET partner = 'another' WHERE id IN ('t-1', 't-2', 't-4')",
		"UPDATE pull_sessions SET file = 7 WHERE id IN ('p-1', 'p-2', 'p-4')",
		"UPDATE agreements SET mission = 'another' WHERE id IN ('a-1', 'a-2', 'a-4')")
	for name, tc := range map[string]struct {
		list  func(Tx) ([]string, error)
		first string // letter of the ids
	}{
		"transfer": {func(tx Tx) ([]string, error) {
			got, err := tx.Lapsed(ctx, Epoch(), past, Epoch(), 2)
			return ids(got, transferKind().id), err
		}, "t"},
		"pull": {func(tx Tx) ([]string, error) {
			got, err := tx.OpenSessions(ctx, Epoch(), 2)
			return ids(got, pullKind().id), err
		}, "p"},
		"agreement": {func(tx Tx) ([]string, error) {
			got, err := tx.AgreementsDue(ctx, Epoch(), 2)
			return ids(got, agreementKind().id), err
		}, "a"},
	} {
		t.Run("R53 one altered "+name+" stops nobody else's", func(t *testing.T) {
			var got []string
			if err := l.tx.View(ctx, func(tx Tx) (err error) { got, err = tc.list(tx); return err }); err != nil {
				t.Fatal(err)
			}
			if want := []string{tc.first + "-3", tc.first + "-5"}; !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			var want []string
			for _, n := range []string{"1", "2", "4"} {
				want = append(want, called(name)+" "+tc.first+"-"+n)
			}
			if rows := alarms.named(); !slices.Equal(rows, want) {
				t.Errorf("alarms %v, want %v", rows, want)
			}
		})
	}
}

// called is how an alarm names a kind.
func called(kind string) string {
	return map[string]string{"transfer": transfer.KindTransfer, "pull": transfer.KindPull, "agreement": agreements.KindAgreement}[kind]
}

// tamperTallies writes what was refused at the door by hand.
func tamperTallies(t *testing.T, l *logged) {
	ctx, minute := t.Context(), Epoch().Truncate(time.Minute)
	alarms, tallies := ring(l.Store), store.For[evidence.TallyTx](l.Store)
	good := evidence.Tally{Source: source(1), Code: evidence.TallyUnknown, Minute: minute, Count: 3}
	add := func(all ...evidence.Tally) {
		t.Helper()
		if _, err := tallies.Update(ctx, func(tx evidence.TallyTx) error { return tx.AddTallies(ctx, all) }); err != nil {
			t.Fatal(err)
		}
	}
	for name, hand := range map[string]func(){
		"R55 a name in the code": func() {
			add(good)
			l.exec(t, "UPDATE tallies SET code = 'Amina Diallo was here'")
		},
		"R52 a row with the tag of another": func() {
			add(good)
			l.exec(t, "CREATE TABLE kept_tallies AS SELECT * FROM tallies", "DELETE FROM tallies",
				"INSERT INTO tallies (id, actor, source, code, minute, count, mac) SELECT 'Amina Diallo', actor, source, code, minute, count, mac FROM kept_tallies", "DROP TABLE kept_tallies")
		},
		"R52 a row without a tag": func() {
			l.exec(t, fmt.Sprintf("INSERT INTO tallies (id, actor, source, code, minute, count) VALUES ('x', '%s', '', 'RATE_LIMITED', %d, 1)", person(1), minute.UnixMicro()))
		},
		"R52 another count":  func() { add(good); l.exec(t, "UPDATE tallies SET count = count + 1") },
		"R52 another actor":  func() { add(good); l.exec(t, "UPDATE tallies SET actor = '"+person(2)+"'") },
		"R52 another source": func() { add(good); l.exec(t, "UPDATE tallies SET source = ''") },
		"R52 another minute": func() { add(good); l.exec(t, "UPDATE tallies SET minute = minute - 60000000") },
		"R55 with a tag, but no code of the door": func() {
			add(evidence.Tally{Code: "Amina Diallo", Minute: minute, Count: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			hand()
			n := 0
			office := &evidence.Office{Now: func() time.Time { return Epoch().Add(3 * time.Minute) }, Policy: "policy", NewID: func() string {
				n++
				return l.entry().ID
			}}
			desk := &evidence.Tallies{Office: office, Store: tallies}
			add(good)
			if logged, err := desk.Log(ctx); err != nil || logged != 1 || n != 1 {
				t.Errorf("%d entries, %v: only what a door counted is logged", logged, err)
			}
			if rows := alarms.named(); len(rows) != 1 || rows[0][:len(store.KindTally)] != store.KindTally {
				t.Errorf("alarms %v", rows)
			}
			if left := l.texts(t, "SELECT id FROM tallies"); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// tamperClaims points a claim at the act of another: as its only one, and after
// one that is the caller's own.
func tamperClaims(t *testing.T, l *logged) {
	alarms := ring(l.Store)
	acts := store.Claims{Store: l.Store, Now: Epoch}
	record := func(actor string, kind evidence.Kind) string {
		e := l.entry()
		e.Actor, e.Kind = actor, kind
		if err := l.work(t, func(tx Tx) error { return tx.Record(t.Context(), e) }); err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	own, system := record("me", evidence.Change), record(string(authz.SYS), evidence.Change)
	other, denial := record("another", evidence.Change), record("me", evidence.Denial)
	for name, tc := range map[string]struct {
		ids  []string
		fits bool
	}{
		"R49 the caller's own":               {[]string{own}, true},
		"R49 what the system did with it":    {[]string{own, system}, true},
		"R49 another's":                      {[]string{other}, false},
		"R49 another's after the own":        {[]string{own, other}, false},
		"R49 the system's alone":             {[]string{system}, false},
		"R49 what is no act of the caller's": {[]string{denial}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := acts.Acts(t.Context(), "me", tc.ids)
			rows := alarms.named()
			switch {
			case tc.fits && (err != nil || len(rows) != 0):
				t.Errorf("%v, alarms %v", err, rows)
			case !tc.fits && (!errors.Is(err, evidence.ErrTampered) || !slices.Equal(rows, []string{store.KindClaim + " " + tc.ids[len(tc.ids)-1]})):
				t.Errorf("%v, alarms %v", err, rows)
			}
		})
	}
}

// person and source are ids as they are at the door.
func person(n int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", n) }

func source(n int) string { return fmt.Sprintf("%032x", n) }
