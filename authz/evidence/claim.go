package evidence

import (
	"context"
	"sync/atomic"
	"time"
)

// Claim is the right of one request to do one act. While it is in a context,
// the transaction that records an act under that context writes the ids of its
// entries down beside the claim, and fails with ErrConflict where the claim is
// another's by then: an act is recorded under a claim once, or never.
type Claim struct {
	Slot   string // what is claimed; a hash, from which neither caller nor key can be read
	Holder string // id of the request

	acted *atomic.Bool
}

// NewClaim is the claim of the request holder to slot.
func NewClaim(slot, holder string) Claim {
	return Claim{Slot: slot, Holder: holder, acted: &atomic.Bool{}}
}

// Acted reports whether an act was begun to be recorded under the claim. Where
// it was not, none is.
func (c Claim) Acted() bool { return c.acted.Load() }

// Act notes that an act is being recorded.
func (c Claim) Act() { c.acted.Store(true) }

// ClaimLease is how long a claim holds while nothing is recorded under it: after
// it another request may take the slot over, and the first then records nothing.
// ClaimLife is how long what was recorded is remembered.
const (
	ClaimLease = 10 * time.Second
	ClaimLife  = 24 * time.Hour
)

// Claimed is what is known of a slot.
type Claimed struct {
	Held    bool     // by the claim just made: the act may be done
	Print   string   // of the request that the slot belongs to
	Entries []string // of its act, in order; none while nothing is recorded
}

// IsAct reports whether an entry of the kind records an act of a caller that
// must not be done twice. Denials and what becomes of a delivery are none.
func (k Kind) IsAct() bool { return k == Change || k == Decision || k == Receipt }

type (
	claimKey  struct{}
	urgentKey struct{}
	pullKey   struct{}
)

// In is ctx with the claim.
func (c Claim) In(ctx context.Context) context.Context { return context.WithValue(ctx, claimKey{}, c) }

// ClaimIn is the claim that ctx carries, if any.
func ClaimIn(ctx context.Context) (Claim, bool) {
	c, ok := ctx.Value(claimKey{}).(Claim)
	return c, ok
}

// Pulling marks what is done under ctx as a pull: the store keeps connections
// for it, so few that pulls, which may wait for their recipients, take none of
// those of Urgent.
func Pulling(ctx context.Context) context.Context { return context.WithValue(ctx, pullKey{}, true) }

// IsPulling reports whether ctx was marked by Pulling.
func IsPulling(ctx context.Context) bool {
	pulling, ok := ctx.Value(pullKey{}).(bool)
	return ok && pulling
}

// Urgent marks what is done under ctx as a release, or the stopping of one: the
// store keeps connections for it that nothing else takes.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// IsUrgent reports whether ctx was marked by Urgent.
func IsUrgent(ctx context.Context) bool {
	urgent, ok := ctx.Value(urgentKey{}).(bool)
	return ok && urgent
}
