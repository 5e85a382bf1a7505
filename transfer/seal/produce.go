package seal

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Seal is the function Seal, for this key and address.
func (s *Sealer) Seal(ctx context.Context, r io.Reader, put PutFunc) (Manifest, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := newPutter(s, put, cancel)
	defer p.release()
	m, err := s.produce(ctx, r, p)
	if err != nil {
		cancel(err)
	}
	if failed := p.wait(); failed != nil && (err == nil || errors.Is(err, failed)) {
		err = failed
	}
	if err != nil {
		return Manifest{}, err
	}
	m.Chunks = p.chunks
	return m, nil
}

// produce reads and seals all chunks and hands them to p.
func (s *Sealer) produce(ctx context.Context, r io.Reader, p *putter) (Manifest, error) {
	in := &intake{r: r, sum: newDigester(2 * ChunkSize / readSize), size: s.chunkSize}
	defer in.release()
	var m Manifest
	for seq := 0; ; seq++ {
		chunk, last, err := in.next(ctx)
		if err != nil {
			return m, fmt.Errorf("reading the payload: %w", err)
		}
		m.Size += int64(len(chunk))
		object, err := s.seal(p.buffer(len(chunk)), seq, last, chunk)
		if err != nil {
			return m, err
		}
		if err := p.start(ctx, job{seq, last, len(chunk), object}); err != nil {
			return m, err
		}
		if last {
			m.SHA256 = in.sum.sum()
			return m, nil
		}
	}
}

// readSize bounds one read of the payload, in bytes: ctx is heeded between two.
const readSize = 256 << 10

// intake cuts a payload into chunks, and takes its digest meanwhile.
type intake struct {
	r    io.Reader
	sum  *digester
	size int    // of a chunk
	b    []byte // the chunk, and the byte that follows it
	n    int    // bytes of b that were read
}

// next returns the next chunk, until it is called again, and whether it is the
// last: only the byte after a chunk shows that it is not.
func (in *intake) next(ctx context.Context) (chunk []byte, last bool, err error) {
	if in.b == nil {
		// Most payloads are far smaller than a chunk.
		in.b = takePlain(min(in.size, segmentSize))
	} else {
		in.sum.wait() // until then the bytes may not change
		in.n = copy(in.b, in.b[in.size:in.n])
	}
	more, err := in.fill(ctx)
	if more && len(in.b) <= in.size {
		in.grow()
		more, err = in.fill(ctx)
	}
	if err != nil {
		return nil, false, err
	}
	return in.b[:min(in.n, in.size)], !more, nil
}

// grow makes room for a whole chunk.
func (in *intake) grow() {
	b := takePlain(in.size)
	copy(b, in.b[:in.n])
	in.sum.wait()
	releasePlain(in.b)
	in.b = b
}

func (in *intake) release() {
	in.sum.end()
	releasePlain(in.b)
}

// fill reads until the buffer is full, and then answers more, or r ends.
func (in *intake) fill(ctx context.Context) (more bool, err error) {
	empty := 0
	for in.n < len(in.b) {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		k, err := in.r.Read(in.b[in.n:min(len(in.b), in.n+readSize)])
		in.sum.add(in.b[in.n : in.n+k])
		in.n += k
		if errors.Is(err, io.EOF) {
			return in.n == len(in.b), nil
		}
		if err != nil {
			return false, err
		}
		if empty++; k > 0 {
			empty = 0
		}
		if empty > maxEmpty {
			return false, io.ErrNoProgress
		}
	}
	return true, nil
}
