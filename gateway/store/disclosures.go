package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/transfer/anonymous"
)

func disclosures() record[anonymous.DisclosureAssessment] {
	return record[anonymous.DisclosureAssessment]{
		kind: anonymous.KindDisclosure, table: "disclosure_assessments", columns: []string{"mission", "datasets", "valid_until", "ends"},
		values: func(a anonymous.DisclosureAssessment) []any {
			return []any{a.Mission, strings.Join(a.Datasets, " "), a.ValidUntil.UnixMicro(), micros(a.Ends())}
		},
		ident:   func(a anonymous.DisclosureAssessment) (string, int) { return a.ID, a.Version },
		touches: func(a anonymous.DisclosureAssessment) touch { return ofNobodyIn(a.Mission) },
	}
}

// Disclosure implements anonymous.DisclosureTx.
func (t *tx) Disclosure(ctx context.Context, id string) (anonymous.DisclosureAssessment, error) {
	return one(ctx, t, disclosures(), "WHERE r.id = $1", id)
}

// DisclosuresOf implements anonymous.DisclosureTx.
func (t *tx) DisclosuresOf(ctx context.Context, mission string, files []string, at time.Time) ([]anonymous.DisclosureAssessment, error) {
	args := []any{mission, at.UnixMicro()}
	var about []string
	for _, file := range slices.Compact(slices.Sorted(slices.Values(files))) {
		if file != "" {
			args = append(args, "%"+file+"%")
			about = append(about, "r.datasets LIKE $"+strconv.Itoa(len(args)))
		}
	}
	if len(about) == 0 {
		return nil, nil
	}
	return find(ctx, t, disclosures(), "WHERE r.mission = $1 AND r.valid_until > $2 AND ("+strings.Join(about, " OR ")+") ORDER BY r.id", args...)
}

// DisclosuresDue implements anonymous.DisclosureTx.
func (t *tx) DisclosuresDue(ctx context.Context, now time.Time, most int) ([]anonymous.DisclosureAssessment, error) {
	return due(ctx, t, disclosures(), most, whereDue, now.UnixMicro())
}

// SaveDisclosure implements anonymous.DisclosureTx.
func (t *tx) SaveDisclosure(ctx context.Context, a anonymous.DisclosureAssessment) error {
	return save(ctx, t, disclosures(), a)
}
