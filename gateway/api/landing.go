package api

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer"
)

// An upload under an Idempotency-Key may take minutes, and the lease of a claim is for acts of seconds. So while bytes come
// the lease is taken anew, and a repetition is answered that the first is at work; where none came for as long as a lease,
// the repetition has the slot. Two may then upload beside each other, and one of them lands: its landing and the entry
// beside the claim are one transaction, which fails for whoever has the slot no more, and leaves that one to the sweeper.

// claimedBody is the body of an upload under a claim.
type claimedBody struct {
	*incoming
	take  func() // the slot, where nobody else has it; who has it is settled when the file lands
	now   func() time.Time
	over  time.Time // when the lease is
	whole atomic.Bool
}

func (b *claimedBody) Read(p []byte) (int, error) {
	n, err := b.incoming.Read(p)
	if errors.Is(err, io.EOF) {
		b.whole.Store(true)
	}
	if !b.now().Before(b.over) {
		b.take()
		b.over = b.now().Add(evidence.ClaimLease)
	}
	return n, err // io.Reader: io.EOF must stay as it is
}

// landing is the context of an upload under a claim, which it carries once the body has come whole: the act is that the
// file lands. That an upload has begun is recorded too, and where it then breaks off its key stays free.
type landing struct {
	context.Context
	claim context.Context // the same with the claim
	body  *claimedBody
}

func (l landing) Value(key any) any {
	if l.body.whole.Load() {
		return l.claim.Value(key)
	}
	return l.Context.Value(key)
}

// underClaim is a body, and the context to receive it under, of an upload that has the slot of the key.
func (r *routes) underClaim(ctx context.Context, key repeatable, claim evidence.Claim, body *incoming) (context.Context, io.Reader) {
	b := &claimedBody{
		incoming: body, now: r.server.Now, over: r.server.Now().Add(evidence.ClaimLease),
		take: func() { _, _ = r.Claims.Claim(ctx, claim, key.print) }, // where it fails the lease is over, and no more
	}
	return landing{ctx, claim.In(ctx), b}, b
}

// landedAgain answers with file n as it landed, or with the refusal of what came.
func (r *routes) landedAgain(n int) again[landedView] {
	return func(ctx context.Context, c authz.Caller, d done) (landedView, error) {
		t, err := r.transferThen(ctx, c, d)
		return viewLanded(t, n), err
	}
}

func viewLanded(t transfer.Transfer, n int) landedView {
	v := landedView{N: n, State: t.State}
	for _, f := range t.Files {
		if f.N == n && f.Sealed != nil {
			v.Size, v.SHA256 = f.Sealed.Size, f.Sealed.SHA256
		}
	}
	return v
}
