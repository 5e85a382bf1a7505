package storetest

import (
	"errors"
	"testing"

	"safeconduct/agreements/authorities"
	"safeconduct/authz/evidence"
)

// cases: of what one sender is refused because an authority asks, each refusal
// reads what the one before wrote, and none fails because Legal acts.
func (l *logged) cases(t *testing.T) {
	ctx := t.Context()
	var last authorities.Case
	asks := func(id string) func(Tx) error {
		return func(tx Tx) error {
			c, err := tx.OpenedFor(ctx, "m-1", "x-1", "p-1")
			switch {
			case errors.Is(err, evidence.ErrNotFound):
				c = authorities.Opened("case-"+id, authorities.Asked{Transfer: id, Mission: "m-1", Partner: "x-1", Sender: "p-1"}, Epoch())
			case err != nil:
				return err
			default:
				c = c.Again(id, Epoch())
			}
			last = c
			return tx.SaveLegalCase(ctx, c)
		}
	}
	t.Run("R34 a refusal waits for the one before, and is told in its case", func(t *testing.T) {
		l.waits(t, asks("t-1"), nil, asks("t-2"))
		if last.ID != "case-t-1" || last.Version != 2 {
			t.Errorf("%+v", last)
		}
	})
	t.Run("R34 a refusal waits for Legal, who takes the case, and opens another", func(t *testing.T) {
		l.waits(t, func(tx Tx) error {
			last.Version, last.State = last.Version+1, authorities.Assessing
			return tx.SaveLegalCase(ctx, last)
		}, nil, asks("t-3"))
		if last.ID != "case-t-3" || last.Version != 1 {
			t.Errorf("%+v", last)
		}
	})
}
