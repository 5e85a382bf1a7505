package assessment

import (
	"context"
	"fmt"
	"time"
)

// PartnerTx finds the assessments that a change of a partner outdates.
type PartnerTx interface {
	// AssessmentsOfPartner lists those of every agreement with the partner, by
	// agreement, then by id.
	AssessmentsOfPartner(ctx context.Context, partner string) ([]Assessment, error)
	SaveAssessment(ctx context.Context, a Assessment) error
}

// Outdate marks as stale each approved assessment of agreements with the
// partner, in the transaction of what happened there (domain.md section 3: goes
// stale on a partner incident, a new country). The caller's entry names them,
// and the caller holds the partner locked.
func Outdate(ctx context.Context, tx PartnerTx, partner string, why Trigger, now time.Time) error {
	all, err := tx.AssessmentsOfPartner(ctx, partner)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.State != Approved {
			continue
		}
		stale, err := a.MarkStale(why, now)
		if err != nil {
			return fmt.Errorf("outdating an assessment: %w", err)
		}
		stale.Record++
		if err := tx.SaveAssessment(ctx, stale); err != nil {
			return err
		}
	}
	return nil
}
