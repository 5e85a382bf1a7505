package client

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sink is where a download goes. It can be begun again.
type Sink interface {
	io.Writer
	Begin() error // forgets what was written
}

// Pulled is what was downloaded, verified against what the gateway announced.
type Pulled struct {
	Name   string // that the gateway gives it: opaque, safe as a file name, or empty
	Size   int64
	SHA256 string // hex
}

// Download pulls file n of a transfer into out. After a cut it goes on where it
// was, passing the gate again. It succeeds only if the bytes are as many as,
// and hash to what, the gateway announced; else nothing of out may be used.
// See is called with the bytes that are there, of how many.
func (c *Client) Download(ctx context.Context, id string, n int, out Sink, see func(got, size int64)) (Pulled, error) {
	d := &download{c: c, path: filePath(id, n), out: out, see: see}
	if err := d.restart(); err != nil {
		return Pulled{}, err
	}
	for {
		before := d.got
		err := c.repeat(ctx, func() error {
			err := d.once(ctx)
			if err != nil && transient(err) && d.got > before {
				return errProgress // counts tries without a byte only
			}
			return err
		})
		if errors.Is(err, errProgress) {
			continue
		}
		if err != nil {
			return Pulled{}, err
		}
		return d.verified()
	}
}

var errProgress = errors.New("cut after some bytes")

type download struct {
	c    *Client
	path string
	out  Sink
	see  func(got, size int64)
	hash hash.Hash
	got  int64
	head head
}

// head is what the gateway announces of the whole file.
type head struct {
	size      int64
	sum, name string
}

func (d *download) restart() error {
	d.hash, d.got, d.head = sha256.New(), 0, head{}
	if err := d.out.Begin(); err != nil {
		return fmt.Errorf("writing what is pulled: %w", err)
	}
	return nil
}

func (d *download) once(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, err := d.c.request(ctx, http.MethodGet, d.path, nil)
	if err != nil {
		return err
	}
	if d.got > 0 {
		r.Header.Set("Range", "bytes="+strconv.FormatInt(d.got, 10)+"-")
		r.Header.Set("If-Range", `"`+d.head.sum+`"`)
	}
	resp, err := d.c.do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxJSON))
		if err != nil {
			return unreachable(ctx, err)
		}
		return problem(resp, b)
	}
	if err := d.begin(resp); err != nil {
		return err
	}
	watch := time.AfterFunc(stall, func() { cancel(errStalled) })
	defer watch.Stop()
	return d.copy(ctx, resp.Body, watch)
}

var errStalled = errors.New("no byte came for too long")

// begin takes the head of an answer, and starts again where it is the whole
// file, since what is there is then of another one or of none.
func (d *download) begin(resp *http.Response) error {
	size, start := resp.ContentLength, int64(0)
	if resp.StatusCode == http.StatusPartialContent {
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-", &start); err != nil || start != d.got {
			return fmt.Errorf("going on with a download: %w", ErrIntegrity)
		}
		size += start
	} else if err := d.restart(); err != nil {
		return err
	}
	sum, ok := reprDigest(resp.Header)
	if !ok || resp.ContentLength < 0 {
		return fmt.Errorf("a download without length or digest: %w", ErrIntegrity)
	}
	h := head{size: size, sum: sum, name: fileName(resp.Header)}
	if start > 0 && h != d.head {
		return fmt.Errorf("going on with a download: %w", ErrIntegrity)
	}
	d.head = h
	return nil
}

func (d *download) copy(ctx context.Context, body io.Reader, watch *time.Timer) error {
	buf := make([]byte, 128<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			watch.Reset(stall)
			if _, err := d.out.Write(buf[:n]); err != nil {
				return fmt.Errorf("writing what is pulled: %w", err)
			}
			d.hash.Write(buf[:n]) // a hash never fails
			d.got += int64(n)
			d.see(d.got, d.head.size)
		}
		switch {
		case errors.Is(err, io.EOF) && d.got == d.head.size:
			return nil
		case err != nil && ctx.Err() != nil && errors.Is(context.Cause(ctx), errStalled):
			return fmt.Errorf("%w: %w", ErrUnreachable, errStalled)
		case err != nil:
			return unreachable(ctx, err)
		}
	}
}

func (d *download) verified() (Pulled, error) {
	sum := hex.EncodeToString(d.hash.Sum(nil))
	if d.got != d.head.size || sum != d.head.sum {
		return Pulled{}, fmt.Errorf("verifying what was pulled: %w", ErrIntegrity)
	}
	return Pulled{Name: d.head.name, Size: d.got, SHA256: sum}, nil
}

// reprDigest reads the SHA-256 of the whole file (RFC 9530, section 3).
func reprDigest(h http.Header) (sum string, ok bool) {
	for member := range strings.SplitSeq(strings.Join(h.Values("Repr-Digest"), ","), ",") {
		text, found := strings.CutPrefix(strings.TrimSpace(member), "sha-256=:")
		text, closed := strings.CutSuffix(text, ":")
		if !found || !closed {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(text)
		return hex.EncodeToString(b), err == nil && len(b) == sha256.Size
	}
	return "", false
}

// fileName takes the name that the gateway gives only where it is harmless: a
// letter or digit, then those, dot, underscore and hyphen.
func fileName(h http.Header) string {
	_, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	name := params["filename"]
	for i, r := range name {
		plain := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !plain && (i == 0 || !strings.ContainsRune("._-", r)) {
			return ""
		}
	}
	if len(name) > 200 {
		return ""
	}
	return name
}
