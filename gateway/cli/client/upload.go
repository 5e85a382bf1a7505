package client

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Source is what is uploaded: it can be read again from its beginning.
type Source interface {
	io.Reader
	io.Seeker
}

// Describe reads all of src for its size and hash, and goes back to its
// beginning.
func Describe(src Source) (size int64, sum string, err error) {
	h := sha256.New()
	if size, err = io.Copy(h, src); err != nil {
		return 0, "", fmt.Errorf("reading the file: %w", err)
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return 0, "", fmt.Errorf("reading the file: %w", err)
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

// Upload sends file n of a transfer, of the size and hash that Describe found.
// It is streamed, and repeated from its beginning where the connection is lost;
// a gateway that got it, and whose answer was lost, is believed by the hash.
// See is called with the bytes sent so far of the attempt under way.
func (c *Client) Upload(ctx context.Context, id string, n int, size int64, sum string, src Source, see func(sent int64)) error {
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("uploading: %w", ErrIntegrity)
	}
	attempt := 0
	return c.repeat(ctx, func() error {
		attempt++
		if attempt > 1 && c.landed(ctx, id, n, sum) {
			return nil
		}
		if _, err := src.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("reading the file again: %w", err)
		}
		see(0)
		body := &watched{src: src, see: see}
		err := c.put(ctx, id, n, size, raw, body)
		body.end()
		if err != nil && statusOf(err) == http.StatusConflict && c.landed(ctx, id, n, sum) {
			return nil
		}
		return err
	})
}

// landed reports whether the gateway holds the file sealed, and it is this one.
func (c *Client) landed(ctx context.Context, id string, n int, sum string) bool {
	var t Transfer
	if _, err := c.once(ctx, http.MethodGet, transferPath(id), "", nil, &t); err != nil {
		return false // the attempt that follows tells why
	}
	for _, f := range t.Files {
		if f.N == n && f.State == "sealed" && f.SHA256 == sum {
			return true
		}
	}
	return false
}

func (c *Client) put(ctx context.Context, id string, n int, size int64, sum []byte, src io.ReadCloser) error {
	if size == 0 {
		src = http.NoBody
	}
	r, err := c.request(ctx, http.MethodPut, filePath(id, n), src)
	if err != nil {
		return err
	}
	r.ContentLength = size
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum)+":") // RFC 9530
	r.Header.Set("Expect", "100-continue")                                                 // a refusal comes before the bytes go
	var landed struct {
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
	if _, err := c.send(r, &landed); err != nil {
		return err
	}
	if landed.Size != size || landed.SHA256 != hex.EncodeToString(sum) {
		return fmt.Errorf("uploading: %w", ErrIntegrity)
	}
	return nil
}

// watched is one attempt's body. It tells how much was read. The transport may
// hold it for longer than the attempt lasts, so that it can be ended: src is
// then read by nobody, and can be read again.
type watched struct {
	mu    sync.Mutex
	src   io.Reader
	sent  int64
	see   func(int64)
	ended bool
}

func (w *watched) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return 0, errEnded
	}
	n, err := w.src.Read(p)
	w.sent += int64(n)
	w.see(w.sent)
	return n, err
}

// Close implements io.Closer. The file is the caller's to close.
func (w *watched) Close() error {
	w.end()
	return nil
}

func (w *watched) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
}

var errEnded = errors.New("the upload has ended")
