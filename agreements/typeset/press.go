package typeset

import "context"

// Press bounds the papers that are set at a time: each is work of the processor
// and nothing else.
type Press struct{ places chan struct{} }

const setAtOnce = 2

// NewPress makes one.
func NewPress() Press { return Press{make(chan struct{}, setAtOnce)} }

// Set waits for a place, and sets a paper in it. It fails with the cause where ctx
// ends before.
func (p Press) Set(ctx context.Context, paper func() ([]byte, error)) ([]byte, error) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
		return paper()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
