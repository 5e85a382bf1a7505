package store

import (
	"context"
	"fmt"
	"time"
)

// Rates is the store as whoever limits callers needs it.
type Rates struct {
	*Store
	Now func() time.Time
}

// Take takes block requests of the caller's minute for the process that asks,
// and reports whether they could be had: all replicas together take at most
// most. One statement decides.
func (r Rates) Take(ctx context.Context, caller string, minute time.Time, block, most int64) (bool, error) {
	if block > most {
		return false, nil
	}
	done, err := r.pool(ctx, r.write).ExecContext(ctx, `INSERT INTO rates (caller, minute, taken) VALUES ($1, $2, $3)
ON CONFLICT (caller, minute) DO UPDATE SET taken = rates.taken + excluded.taken WHERE rates.taken + excluded.taken <= $4`,
		caller, minute.UnixMicro(), block, most)
	if err != nil {
		return false, explain(fmt.Errorf("counting the requests of a caller: %w", err))
	}
	n, err := done.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("counting the requests of a caller: %w", err)
	}
	return n == 1, nil
}

// ratesKept is how long past minutes are kept: clocks of replicas differ.
const ratesKept = 5 * time.Minute

// ForgetRates removes the counts of past minutes, and answers with how many.
func (r Rates) ForgetRates(ctx context.Context) (int, error) {
	return r.forget(ctx, "rates", "minute", r.Now().Add(-ratesKept).UnixMicro())
}
