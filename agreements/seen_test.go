package agreements_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz/evidence"
)

// TestSeenByThePartner reads, as the partner's signatory, whatever the desk
// answers with: what IOM drafts and why it acted are not the partner's.
func TestSeenByThePartner(t *testing.T) {
	w := newWorld(t)
	psg := w.people["PSG"]
	reads := map[string]func(id string) (any, error){
		"record": func(id string) (any, error) { return w.Agreement(w.ctx, psg, id) },
		"text":   func(id string) (any, error) { return w.Text(w.ctx, psg, id) },
		"paper":  func(id string) (any, error) { return w.Paper(w.ctx, psg, id, "", false) },
		"scans":  func(id string) (any, error) { return w.ScansOf(w.ctx, psg, id) },
	}
	rejected := w.draft()
	_, err := w.SendToReview(w.ctx, w.people["FP"], rejected.ID)
	w.must(err)
	_, err = w.Decide(w.ctx, w.people["LEG"], rejected.ID, "rejected", "no")
	w.must(err)
	review := w.draft()
	_, err = w.SendToReview(w.ctx, w.people["FP"], review.ID)
	w.must(err)
	for state, id := range map[string]string{"draft": w.draft().ID, "review": review.ID, "rejected": rejected.ID} {
		for what, read := range reads {
			t.Run("the "+what+" of one in "+state+" is as unknown as none", func(t *testing.T) {
				_, err := read(id)
				_, none := read(newID())
				if !errors.Is(err, evidence.ErrNotFound) || err.Error() != none.Error() {
					t.Errorf("%v, and %v of none", err, none)
				}
			})
		}
	}
	a := w.approved()
	for what, read := range reads {
		t.Run("the "+what+" of one that is to be signed is read", func(t *testing.T) {
			if _, err := read(a.ID); err != nil {
				t.Error(err)
			}
		})
	}
	a = w.active()
	a, err = w.Suspend(w.ctx, w.people["LEG"], a.ID, "their director passes lists on")
	w.must(err)
	a, err = w.Lift(w.ctx, w.people["DPO"], a.ID, "the director is gone")
	w.must(err)
	t.Run("neither why nor who but the signatories", func(t *testing.T) { w.unnamed(t, a) })
	a, err = w.Lift(w.ctx, w.people["second LEG"], a.ID, "the director is gone")
	w.must(err)
	change := w.document()
	change.Scope.MaxSubjectsPerYear--
	a, err = w.Amend(w.ctx, w.people["FP"], a.ID, change)
	w.must(err)
	t.Run("no amendment before it is approved", func(t *testing.T) {
		got := w.unnamed(t, a)
		if _, err := w.Paper(w.ctx, psg, a.ID, "", true); got.Amendment != nil || got.Documents != 1 || !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%+v, %v", got.Amendment, err)
		}
		var told *lifecycle.TransitionError
		if _, err := w.sign("PSG", a); !errors.As(err, &told) || told.State != "active" {
			t.Errorf("who signs is told %v", err)
		}
	})
	_, err = w.SendToReview(w.ctx, w.people["FP"], a.ID)
	w.must(err)
	a, err = w.Decide(w.ctx, w.people["LEG"], a.ID, "approved", "")
	w.must(err)
	t.Run("the amendment that is to be signed", func(t *testing.T) {
		if got := w.unnamed(t, a); got.Amendment == nil || got.Amendment.Digest != a.Amendment.Digest {
			t.Errorf("%+v", got.Amendment)
		}
	})
	t.Run("nor in the answer to what the partner does", func(t *testing.T) {
		got, err := w.Terminate(w.ctx, psg, a.ID, "notice")
		if err != nil || len(got.History) != 0 || got.Drafter != "" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// unnamed reads the agreement for the partner, and looks for anybody but those
// who signed it, and for anybody's reasons.
func (w *world) unnamed(t *testing.T, a agreements.Agreement) agreements.Agreement {
	t.Helper()
	got, err := w.Agreement(w.ctx, w.people["PSG"], a.ID)
	w.must(err)
	text, err := json.Marshal(got)
	w.must(err)
	for _, name := range []string{"FP", "LEG", "second LEG", "DPO"} {
		if bytes.Contains(text, []byte(w.people[name].Person)) {
			t.Errorf("%s is named in %s", name, text)
		}
	}
	if bytes.Contains(text, []byte("director")) || len(got.History) != 0 || got.Suspension != nil || len(got.Lifts) != 0 {
		t.Errorf("%s", text)
	}
	if got.State != a.State || got.Digest != a.Digest || len(got.Signatures) != len(a.Signatures) {
		t.Errorf("%s of %s with %d signatures", got.State, got.Digest, len(got.Signatures))
	}
	return got
}
