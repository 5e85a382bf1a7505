package transfer

import (
	"context"

	"safeconduct/transfer/gate"
)

// Step is one part of a referral's way that takes time.
type Step string

// The steps that only the use cases know.
const (
	StepRequest Step = "request" // asking, before a byte is taken
	StepReceive Step = "receive" // one file, from its first byte to its manifest
	StepSeal    Step = "seal"    // the stream within: reading, sealing, landing
	StepCommit  Step = "commit"  // commit or approval, with the wait for its checkpoint
	StepPull    Step = "pull"    // from the request to just before the first byte
	StepSend    Step = "send"    // from the unwrapping to the last byte, at the recipient's pace
	StepGate    Step = "gate"    // the decision itself
)

// Observer is told how the use cases go. It must not block, keeps no error
// (its text may hold what somebody typed, R55) and learns no id.
type Observer interface {
	// Begin begins a step within the one of ctx, if there is one; end is
	// called once, with how it ended.
	Begin(ctx context.Context, step Step) (_ context.Context, end func(error))
	// Sealed is told of the plaintext bytes of a file that landed.
	Sealed(ctx context.Context, bytes int64)
	// Sent is told of the plaintext bytes that were handed to the recipient's
	// connection, whether or not the delivery was complete.
	Sent(ctx context.Context, bytes int64)
}

// unobserved is where nobody looks.
type unobserved struct{}

func (unobserved) Begin(ctx context.Context, _ Step) (context.Context, func(error)) {
	return ctx, func(error) {}
}
func (unobserved) Sealed(context.Context, int64) {}
func (unobserved) Sent(context.Context, int64)   {}

// observed runs fn as a step.
func observed[T any](ctx context.Context, o *Office, step Step, fn func(context.Context) (T, error)) (T, error) {
	ctx, end := o.Observer.Begin(ctx, step)
	v, err := fn(ctx)
	end(err)
	return v, err
}

// decide asks the gate.
func (o *Office) decide(ctx context.Context, f gate.Facts) gate.Decision {
	_, end := o.Observer.Begin(ctx, StepGate)
	d := gate.Decide(f)
	if d.Released() {
		end(nil)
	} else {
		end(&RefusedError{Decision: d})
	}
	return d
}
