package agreements_test

import (
	"errors"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz/people"
)

func TestRevise(t *testing.T) {
	w := newWorld(t)
	fp, legal := w.people["FP"], w.people["LEG"]
	a, err := w.SendToReview(w.ctx, fp, w.draft().ID)
	w.must(err)
	other := w.document()
	other.Title = "Another title"
	t.Run("only a draft is revised", func(t *testing.T) {
		if _, err := w.Revise(w.ctx, fp, a.ID, other); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("under review: %v", err)
		}
	})
	a, err = w.Decide(w.ctx, legal, a.ID, "returned", "the title")
	w.must(err)
	t.Run("R40 a returned draft gets another document, which nobody has assessed yet", func(t *testing.T) {
		b, err := w.Revise(w.ctx, fp, a.ID, other)
		if err != nil || b.State != agreements.Draft || b.Document.Title != other.Title || b.Digest == a.Digest || b.Version != a.Version+1 || b.Document.Version != a.Document.Version+1 {
			t.Errorf("%+v, %v", b, err)
		}
	})
	t.Run("mission and partner stay", func(t *testing.T) {
		strange := other
		strange.Mission = w.there
		if _, err := w.Revise(w.ctx, fp, a.ID, strange); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("separation of duties 3 who wrote in it does not decide on it", func(t *testing.T) {
		b, err := w.Revise(w.ctx, legal, a.ID, other)
		w.must(err)
		_, err = w.SendToReview(w.ctx, fp, b.ID)
		w.must(err)
		if _, err := w.Decide(w.ctx, legal, b.ID, "approved", ""); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("Legal's editor approves: %v", err)
		}
		if _, err := w.Decide(w.ctx, w.people["second LEG"], b.ID, "approved", ""); err != nil {
			t.Errorf("a colleague: %v", err)
		}
	})
}
