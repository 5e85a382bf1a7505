package transfer

import (
	"time"

	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
)

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
