package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
)

var errMine = errors.New("mine")

func mission(id string) people.Mission { return missionKind().fresh(id, full) }

// absent fails where a mission is there.
func (b *bench) absent(t *testing.T, id string) {
	t.Helper()
	b.view(t, func(tx Tx) error {
		if _, err := tx.Mission(t.Context(), id); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("mission %s: %v", id, err)
		}
		return nil
	})
}

// logged tells whether an entry is in the log, sequenced or not.
func (b *bench) logged(t *testing.T, id string) bool {
	t.Helper()
	if _, err := (store.Log{Store: b.Store}).Sequence(t.Context(), 0, 10_000, integrate); err != nil {
		t.Fatal(err)
	}
	placed, err := store.Log{Store: b.Store}.Placed(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return len(placed) == 1
}

func testTransactions(t *testing.T, b *bench) {
	for name, test := range map[string]func(*testing.T, *bench){
		"R52 a change that no entry names does not commit": unnamed,
		"R52 an error takes back records and entries":      takenBack,
		"R52 a failed write cannot be passed over":         passedOver,
		"entries are returned in order":                    entriesReturned,
		"a view cannot write":                              viewWrites,
		"a panic lets go of the database":                  panics,
		"an ended context ends it":                         contextEnds,
		"a lost race is begun again":                       raceRepeated,
		"a read before a write sees a snapshot":            snapshot,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func unnamed(t *testing.T, b *bench) {
	for name, fn := range map[string]func(Tx) error{
		"never": func(tx Tx) error { return tx.SaveMission(t.Context(), mission("m-unnamed")) },
		"after the entry": func(tx Tx) error {
			return errors.Join(tx.Record(t.Context(), b.entry()), tx.SaveMission(t.Context(), mission("m-unnamed")))
		},
	} {
		if entries, err := b.tx.Update(t.Context(), fn); err == nil || entries != nil {
			t.Errorf("%s: committed, with entries %v", name, entries)
		}
		b.absent(t, "m-unnamed")
	}
}

func takenBack(t *testing.T, b *bench) {
	e := b.entry()
	entries, err := b.tx.Update(t.Context(), func(tx Tx) error {
		return errors.Join(tx.SaveMission(t.Context(), mission("m-back")), tx.Record(t.Context(), e), errMine)
	})
	if !errors.Is(err, errMine) || entries != nil {
		t.Errorf("%v, entries %v", err, entries)
	}
	b.absent(t, "m-back")
	if b.logged(t, e.ID) {
		t.Error("the entry is there")
	}
}

// passedOver has callers that go on after a write of theirs failed.
func passedOver(t *testing.T, b *bench) {
	b.must(t, func(tx Tx) error { return tx.SaveMission(t.Context(), mission("m-old")) })
	taken := b.entry()
	if _, err := b.tx.Update(t.Context(), func(tx Tx) error { return tx.Record(t.Context(), taken) }); err != nil {
		t.Fatal(err)
	}
	stale := mission("m-old")
	stale.Version = 7
	for name, fn := range map[string]func(Tx) error{
		"a record that exists": func(tx Tx) error { return tx.SaveMission(t.Context(), mission("m-old")) },
		"a stale record":       func(tx Tx) error { return tx.SaveMission(t.Context(), stale) },
		"an entry":             func(tx Tx) error { return tx.Record(t.Context(), taken) },
	} {
		e := b.entry()
		_, err := b.tx.Update(t.Context(), func(tx Tx) error {
			if err := tx.SaveMission(t.Context(), mission("m-new")); err != nil {
				return err
			}
			if err := fn(tx); err == nil {
				t.Errorf("%s: written", name)
			}
			_ = tx.Record(t.Context(), e) // as a careless caller does
			return nil
		})
		if err == nil {
			t.Errorf("%s: committed", name)
		}
		b.absent(t, "m-new")
		if b.logged(t, e.ID) {
			t.Errorf("%s: the entry is there", name)
		}
	}
}

func entriesReturned(t *testing.T, b *bench) {
	woken := 0
	b.SetWake(func() { woken++ })
	defer b.SetWake(nil)
	var want []string
	entries, err := b.tx.Update(t.Context(), func(tx Tx) error {
		for _, id := range []string{"m-1", "m-2", ""} { // an entry may name nothing
			if id != "" {
				if err := tx.SaveMission(t.Context(), mission(id)); err != nil {
					return err
				}
			}
			e := b.entry()
			want = append(want, e.ID)
			if err := tx.Record(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !slices.Equal(entries, want) || woken != 1 {
		t.Errorf("%v, %v; want %v; woken %d times", entries, err, want, woken)
	}
	if entries, err := b.tx.Update(t.Context(), func(Tx) error { return nil }); err != nil || len(entries) != 0 || woken != 1 {
		t.Errorf("nothing done: %v, %v; woken %d times", entries, err, woken)
	}
}

func viewWrites(t *testing.T, b *bench) {
	ctx := t.Context()
	for name, fn := range map[string]func(Tx) error{
		"record":   func(tx Tx) error { return tx.Record(ctx, b.entry()) },
		"save":     func(tx Tx) error { return tx.SaveMission(ctx, mission("m-view")) },
		"many":     func(tx Tx) error { return tx.SaveConsents(ctx, []consent.Record{consentKind().fresh("c", full)}) },
		"upload":   func(tx Tx) error { return tx.AddUpload(ctx, filled[transfer.Upload]("u", full)) },
		"mark":     func(tx Tx) error { return tx.MarkUpload(ctx, "u", Epoch(), transfer.UploadOpen, transfer.UploadOpen) },
		"doom":     func(tx Tx) error { return tx.DoomUploads(ctx, "u", Epoch()) },
		"delete":   func(tx Tx) error { return tx.DeleteUpload(ctx, "u") },
		"subjects": func(tx Tx) error { return tx.SaveTransferSubjects(ctx, "t", []string{"s"}) },
		"mission key": func(tx Tx) error {
			return tx.AddMissionKey(ctx, consent.CaseKey{Mission: "m", Name: "k", Wrapped: "w"})
		},
	} {
		if err := b.tx.View(ctx, fn); err == nil || errors.Is(err, evidence.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.absent(t, "m-view")
}

func panics(t *testing.T, b *bench) {
	for name, run := range map[string]func(func(Tx) error){
		"update": func(fn func(Tx) error) { _, _ = b.tx.Update(t.Context(), fn) }, // it panics
		"view":   func(fn func(Tx) error) { _ = b.tx.View(t.Context(), fn) },      // it panics
	} {
		for range 50 { // more than there are connections
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: the panic was swallowed", name)
					}
				}()
				run(func(tx Tx) error {
					_ = tx.SaveMission(t.Context(), mission("m-panic")) // a view refuses it
					panic("a bug")
				})
			}()
		}
	}
	b.absent(t, "m-panic")
	b.must(t, func(tx Tx) error { return tx.SaveMission(t.Context(), mission("m-calm")) })
}

func contextEnds(t *testing.T, b *bench) {
	for name, run := range map[string]func(context.Context, func(Tx) error) error{
		"update": func(ctx context.Context, fn func(Tx) error) error { _, err := b.tx.Update(ctx, fn); return err },
		"view":   b.tx.View,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, func(tx Tx) error {
			if name == "update" {
				if err := tx.SaveMission(ctx, mission("m-ended")); err != nil {
					return err
				}
			}
			cancel()
			_, err := tx.Missions(ctx)
			if err == nil {
				err = tx.Record(ctx, b.entry())
			}
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if err := run(ctx, func(Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s under an ended context: %v", name, err)
		}
	}
	b.absent(t, "m-ended")
	b.must(t, func(tx Tx) error { return tx.SaveMission(t.Context(), mission("m-goes-on")) })
}

func raceRepeated(t *testing.T, b *bench) {
	lost := &pgconn.PgError{Code: "40P01", Message: "deadlock detected"}
	for name, c := range map[string]struct {
		losses, runs int
		want         error
	}{
		"once":    {1, 2, nil},
		"often":   {7, 8, nil},
		"forever": {1000, 8, evidence.ErrUnavailable},
	} {
		runs := 0
		e := b.entry()
		entries, err := b.tx.Update(t.Context(), func(tx Tx) error {
			runs++
			if err := tx.SaveMission(t.Context(), mission("m-"+name)); err != nil {
				return err
			}
			if err := tx.Record(t.Context(), e); err != nil {
				return err
			}
			if runs <= c.losses {
				return lost
			}
			return nil
		})
		if runs != c.runs || !errors.Is(err, c.want) || c.want == nil && (err != nil || !slices.Equal(entries, []string{e.ID})) {
			t.Errorf("%s: %d runs, %v, entries %v", name, runs, err, entries)
		}
	}
	b.absent(t, "m-forever")
}

func snapshot(t *testing.T, b *bench) {
	b.view(t, func(tx Tx) error {
		before, err := tx.Missions(t.Context())
		if err != nil {
			return err
		}
		b.must(t, func(tx Tx) error { return tx.SaveMission(t.Context(), mission("m-meanwhile")) })
		after, err := tx.Missions(t.Context())
		if err != nil || len(after) != len(before) {
			t.Errorf("%d missions, then %d, %v", len(before), len(after), err)
		}
		return nil
	})
}
