// Package bounded reads what others send, up to a length.
package bounded

import "io"

// Reader fails, rather than ends, where more comes than is allowed.
type Reader struct {
	from io.Reader
	left int64
	over error
}

// NewReader reads at most so many bytes of from; where one more comes, Read answers
// over, and nothing of what came with it.
func NewReader(from io.Reader, most int64, over error) *Reader {
	return &Reader{from: from, left: most, over: over}
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.from.Read(p)
	if int64(n) > r.left {
		return 0, r.over
	}
	r.left -= int64(n)
	return n, err
}
