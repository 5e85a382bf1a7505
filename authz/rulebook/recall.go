package rulebook

import (
	"cmp"
	"time"
)

// formerRecall is what an edition means from before there was such a rule, which then is not written, so that its digest stays.
const formerRecall = 7

// RecallTime is how long a partner has to destroy what it pulled of a transfer that is recalled (R27).
func (r Rules) RecallTime() time.Duration {
	return time.Duration(cmp.Or(r.Transfer.RecallDays, formerRecall)) * 24 * time.Hour
}
