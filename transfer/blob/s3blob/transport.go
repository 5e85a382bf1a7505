package s3blob

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"safeconduct/transfer/blob"
)

// maxBody bounds every response of the store, in bytes: an object, or a page of 1,000 keys of 1,024 bytes.
const maxBody = blob.MaxSize

var (
	errStalled = blob.ErrTimeout
	errFlood   = errors.New("response too long")
	errStrange = errors.New("a success that S3 does not know")
)

func newTransport(pool *x509.CertPool, timeout time.Duration) *http.Transport {
	return &http.Transport{
		// No proxy from the environment: where payloads go is for the configuration to say.
		Proxy:                  nil,
		DialContext:            (&net.Dialer{Timeout: min(timeout, 10*time.Second), KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    min(timeout, 10*time.Second),
		ResponseHeaderTimeout:  timeout,
		IdleConnTimeout:        time.Minute,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
}

// patience is a transport that waits for the store, in one request and its response together, no longer than limit. Time
// in which the caller does something else with the body is not counted, so that a slow recipient breaks nothing and a
// store that drips does.
type patience struct {
	base  http.RoundTripper
	limit time.Duration
}

func (p *patience) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	watch := &watch{left: p.limit, cancel: cancel}
	stop := watch.start()
	resp, err := p.base.RoundTrip(req.WithContext(ctx))
	stalled := stop()
	if err != nil {
		cancel()
		if stalled {
			return nil, errStalled
		}
		return nil, err // a RoundTripper hands on what its base said
	}
	if strange(req.Method, resp.StatusCode) {
		cancel()
		return nil, errors.Join(errStrange, resp.Body.Close())
	}
	resp.Body = &patientBody{body: resp.Body, watch: watch, left: maxBody}
	return resp, nil
}

// strange reports a success that S3 does not know. minio-go answers some of them with neither an error nor an object, so
// that a put which stored nothing would look done.
func strange(method string, status int) bool {
	switch {
	case status/100 != 2, status == http.StatusOK:
		return false
	case status == http.StatusNoContent:
		return method != http.MethodDelete
	case status == http.StatusPartialContent:
		return method != http.MethodGet
	}
	return true
}

// watch measures the waiting, and cancels when it was too long.
type watch struct {
	mu      sync.Mutex
	left    time.Duration
	stalled bool
	cancel  context.CancelFunc
}

// start begins a stretch of waiting. The function that it returns ends it and tells whether patience ran out.
func (w *watch) start() func() bool {
	begun := time.Now()
	w.mu.Lock()
	timer := time.AfterFunc(w.left, func() {
		w.mu.Lock()
		w.stalled = true
		w.mu.Unlock()
		w.cancel()
	})
	w.mu.Unlock()
	return func() bool {
		timer.Stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.left = max(0, w.left-time.Since(begun))
		return w.stalled
	}
}

type patientBody struct {
	body  io.ReadCloser
	watch *watch
	left  int64
}

func (b *patientBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return b.readEnd()
	}
	stop := b.watch.start()
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	stalled := stop()
	b.left -= int64(n)
	if err != nil && stalled && !errors.Is(err, io.EOF) {
		return n, errStalled
	}
	return n, err // io.EOF has to stay itself
}

func (b *patientBody) readEnd() (int, error) {
	var surplus [1]byte
	stop := b.watch.start()
	n, err := b.body.Read(surplus[:])
	stop()
	if n > 0 {
		return 0, errFlood
	}
	return 0, err // io.EOF has to stay itself
}

func (b *patientBody) Close() error {
	b.watch.cancel()
	if err := b.body.Close(); err != nil {
		return fmt.Errorf("close response: %w", err)
	}
	return nil
}
