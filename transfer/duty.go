package transfer

import (
	"context"
	"fmt"
	"time"

	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
)

// Destruction is how far what was pulled of a transfer, which the caller was
// shown, is destroyed (section 4: acknowledged, destruction due, destroyed); empty
// where nothing was pulled.
func (o *Office) Destruction(ctx context.Context, t Transfer) (is retention.Destruction, err error) {
	if t.Released == nil {
		return "", nil
	}
	err = o.Store.View(ctx, func(tx Tx) error {
		d, err := tx.Duty(ctx, t.ID)
		if absent(err) {
			is = ""
			return nil
		}
		is = d.Destruction()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading whether what was pulled is destroyed: %w", err)
	}
	return is, nil
}

// pulled is what a pull says of the transfer to those who see to the destruction
// of what left (R27).
func (t Transfer) pulled(f gate.Facts, d *Delivery, now time.Time) retention.Pulled {
	p := retention.Pulled{
		Transfer: t.ID, Mission: t.Mission, Partner: t.Partner, Purpose: t.Purpose, Categories: t.Categories,
		Rules: f.Retention, Person: d.caller.Person, Role: d.role, At: now,
	}
	if f.Agreement != nil {
		p.Agreed = f.Agreement.Document.Scope.RetentionDays
	}
	return p
}
