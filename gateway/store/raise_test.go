package store

import (
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/transfer"
)

// A raise holds the turn that decisions everywhere wait for: one assessment that was altered by hand neither stops nor slows it.
func TestARaiseReadsNoAssessment(t *testing.T) {
	s, now := testStore(t), time.Unix(0, 0).UTC()
	write := func(fn func(*tx) error) {
		t.Helper()
		if _, err := s.update(t.Context(), func(x *tx) error {
			if err := fn(x); err != nil {
				return err
			}
			return x.Record(t.Context(), evidence.Entry{ID: s.opts.NewID(), Kind: evidence.Change})
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"a", "b"} {
		x := assessment.Assessment{ID: id, Record: 1, Mission: "m", State: assessment.Approved, SubmittedAt: now}
		x.Agreement, x.Categories = "g-"+id, []string{"photo"}
		write(func(t1 *tx) error { return t1.SaveAssessment(t.Context(), x) })
		write(func(t1 *tx) error {
			return t1.SaveTransfer(t.Context(), transfer.Transfer{ID: id, Version: 1, State: transfer.Held, Mission: "m", Agreement: "g-" + id})
		})
	}
	for _, statement := range []string{"DROP TRIGGER record_versions_update", "UPDATE record_versions SET body = x'ff' WHERE kind = 'assessment' AND id = 'a'"} {
		if _, err := s.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("R40 an unreadable one", func(t *testing.T) {
		write(func(t1 *tx) error {
			return t1.SaveRaise(t.Context(), terms.Raise{ID: "r", Category: "photo", Person: "p", Now: now, At: now})
		})
		if err := s.view(t.Context(), func(t1 *tx) error {
			waiting, err := t1.Rejudgings(t.Context(), now, "", 10)
			if len(waiting) != 2 {
				t.Errorf("judged again: %v", waiting)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}
