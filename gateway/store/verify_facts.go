package store

import (
	"context"
	"errors"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// restedOn are the records that the decision of an entry rested on. Facts that
// are gone, or that are not those of the entry, are found.
func (c *comparison) restedOn(ctx context.Context, row ledger.Entry, said evidence.Entry) ([]evidence.Ref, error) {
	if said.Facts == "" {
		return nil, nil
	}
	recorded, persons, err := transfer.ReadFacts(ctx, c.tx, said.Facts)
	switch {
	case err == nil:
		return recorded.Refs(persons), nil
	case errors.Is(err, evidence.ErrNotFound):
		c.doubt(row, "what the decision rested on is gone")
		return nil, nil
	case errors.Is(err, evidence.ErrTampered):
		c.doubt(row, "what the decision rested on is not what the entry names")
		return nil, nil
	}
	return nil, err
}

// doubt is told at the end, since what the log itself says comes first.
func (c *comparison) doubt(row ledger.Entry, what string) {
	if len(c.twice) < maxRecordFindings {
		c.twice = append(c.twice, ledger.Finding{Table: "decision_facts", Row: place(row), What: what})
	}
}
