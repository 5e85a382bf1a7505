package storetest

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
)

func testTransfers(t *testing.T, b *bench) {
	at := func(d time.Duration) *time.Time { at := Epoch().Add(d); return &at }
	saveEach(t, b, transferKind(),
		transfer.Transfer{ID: "t-1", Version: 1, State: transfer.Available, Agreement: "a", Subjects: 3, Released: at(0), WindowEnds: at(0)},
		transfer.Transfer{ID: "t-2", Version: 1, State: transfer.Available, Agreement: "a", Subjects: 4, Released: at(time.Hour), WindowEnds: at(time.Microsecond)},
		transfer.Transfer{ID: "t-3", Version: 1, State: transfer.Held, Agreement: "b", Subjects: 5, Released: at(0), WindowEnds: at(time.Hour), HeldSince: at(-time.Hour)},
		transfer.Transfer{ID: "t-4", Version: 1, State: transfer.Held, Agreement: "a", Subjects: 6, WindowEnds: at(time.Hour), HeldSince: at(0)},
		transfer.Transfer{ID: "t-5", Version: 1, State: transfer.Held, Agreement: "a", WindowEnds: at(-time.Hour), HeldSince: at(0)},
		transfer.Transfer{ID: "t-6", Version: 1, State: transfer.Pulled, Agreement: "a", Subjects: 7, Released: at(-time.Hour), WindowEnds: at(-time.Hour)},
		transfer.Transfer{ID: "t-7", Version: 1, State: transfer.AwaitingApproval, Agreement: "a"},
		transfer.Transfer{ID: "t-8", Version: 1, State: transfer.Acknowledged, Agreement: "d", Released: at(-time.Hour), WindowEnds: at(-time.Hour)})
	landed := func(of string) transfer.Upload {
		return upload("u-"+of, of, transfer.UploadSealed, *at(-2 * time.Hour))
	}
	if err := b.work(t, func(tx Tx) error {
		for _, id := range []string{"t-1", "t-2", "t-3", "t-4", "t-5", "t-6", "t-7"} { // of t-8 nothing lies there any more
			if err := tx.AddUpload(t.Context(), landed(id)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	pull := func(id, of string, file int) transfer.PullSession {
		return transfer.PullSession{ID: id, Version: 1, Transfer: of, File: file}
	}
	saveEach(t, b, pullKind(), pull("p-2", "t-1", 1), pull("p-1", "t-1", 1), pull("p-3", "t-1", 2), pull("p-4", "t-2", 1))
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		lapsed, err := tx.Lapsed(ctx, Epoch(), *at(-time.Hour), *at(-2 * time.Hour), 10)
		lists(t, "lapsed", transferKind(), lapsed, err, "t-1", "t-3", "t-6", "t-7")
		lapsed, err = tx.Lapsed(ctx, Epoch(), *at(-time.Hour), *at(-2 * time.Hour), 2)
		lists(t, "at most two", transferKind(), lapsed, err, "t-1", "t-3")
		lapsed, err = tx.Lapsed(ctx, *at(-2 * time.Hour), *at(-2 * time.Hour), *at(-3 * time.Hour), 10)
		lists(t, "earlier", transferKind(), lapsed, err)
		sessions, err := tx.PullSessions(ctx, "t-1", 1)
		lists(t, "sessions", pullKind(), sessions, err, "p-1", "p-2")
		for _, c := range []struct {
			agreement, except string
			since, until      time.Duration
			want              int
		}{
			{"a", "", 0, 2 * time.Hour, 7},
			{"a", "t-1", 0, 2 * time.Hour, 4},
			{"a", "", time.Microsecond, 2 * time.Hour, 4},
			{"a", "", -time.Hour, 0, 10},
			{"b", "", 0, 0, 5},
			{"c", "", -time.Hour, time.Hour, 0},
		} {
			if n, err := tx.SubjectsReleased(ctx, c.agreement, *at(c.since), *at(c.until), c.except); err != nil || n != c.want {
				t.Errorf("%+v: %d, %v", c, n, err)
			}
		}
		return nil
	})
}

func testSubjects(t *testing.T, b *bench) {
	ctx := t.Context()
	known, said := batch("k", 3)
	refusal := said[1]
	refusal.ID, refusal.State = "c-later", consent.Refused
	inTransfer := []string{known[1].ID, "", known[0].ID, "s-gone", known[1].ID, ""}
	list := func(tx Tx) error { return tx.SaveTransferSubjects(ctx, "t-1", inTransfer) }
	b.must(t, func(tx Tx) error {
		return errors.Join(tx.SaveSubjects(ctx, known), tx.SaveConsents(ctx, append(said, refusal)), list(tx), tx.SaveTransferSubjects(ctx, "t-0", nil))
	})
	if err := b.try(t, list); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("who is in a transfer, twice: %v", err)
	}
	both := []consent.Record{said[1], refusal}
	want := []gate.Subject{
		{Row: 1, ID: known[1].ID, Type: "beneficiary", Consents: both},
		{Row: 2},
		{Row: 3, ID: known[0].ID, Type: "beneficiary", Consents: said[:1]},
		{Row: 4, ID: "s-gone"},
		{Row: 5, ID: known[1].ID, Type: "beneficiary", Consents: both},
		{Row: 6},
	}
	b.view(t, func(tx Tx) error {
		got, err := tx.SubjectsOf(ctx, "t-1")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
		}
		for _, none := range []string{"t-0", "t-9"} {
			if got, err := tx.SubjectsOf(ctx, none); err != nil || len(got) != 0 {
				t.Errorf("%s: %v, %v", none, got, err)
			}
		}
		found, err := tx.SubjectsByReference(ctx, "m", []string{known[0].Reference, known[0].Reference, "none"})
		if err != nil || len(found) != 1 || found[known[0].Reference].ID != known[0].ID {
			t.Errorf("by reference: %v, %v", found, err)
		}
		for mission, refs := range map[string][]string{"m": nil, "other": {known[0].Reference}} {
			if found, err := tx.SubjectsByReference(ctx, mission, refs); err != nil || found == nil || len(found) != 0 {
				t.Errorf("%s: %v, %v", mission, found, err)
			}
		}
		return nil
	})
}

// testRace has decisions and changes of what they rest on at once: each
// decision sees a change wholly or not at all, and all of them end.
func testRace(t *testing.T, b *bench) {
	ctx := t.Context()
	people, said := batch("r", 20)
	saveEach(t, b, missionKind(), mission("m"))
	b.must(t, func(tx Tx) error {
		in := make([]string, len(people))
		for i, p := range people {
			in[i] = p.ID
		}
		return errors.Join(tx.SaveSubjects(ctx, people), tx.SaveConsents(ctx, said), tx.SaveTransferSubjects(ctx, "t", in))
	})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 5 {
				if err := b.try(t, func(tx Tx) error {
					if err := errors.Join(tx.LockTransfer(ctx, "t"), tx.LockAnchors(ctx, transfer.Anchors{Mission: "m"})); err != nil {
						return err
					}
					return oneVersion(t, tx)
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for version := 2; version < 7; version++ {
		b.must(t, func(tx Tx) error {
			ids := make([]string, len(people))
			for i, p := range people {
				ids[len(ids)-1-i], said[i].Version = p.ID, version
			}
			return errors.Join(tx.LockSubjects(ctx, ids), tx.SaveConsents(ctx, said))
		})
	}
	group.Wait()
}

func oneVersion(t *testing.T, tx Tx) error {
	all, err := tx.SubjectsOf(t.Context(), "t")
	if err != nil {
		return err
	}
	for _, s := range all {
		if len(s.Consents) != 1 || s.Consents[0].Version != all[0].Consents[0].Version {
			t.Errorf("row %d is of another version than row 1", s.Row)
		}
	}
	return nil
}
