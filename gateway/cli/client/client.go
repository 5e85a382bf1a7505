// Package client speaks the gateway's API as its command line needs it: JSON
// calls, uploads that may be repeated, and downloads that go on after a cut.
//
// Errors are *edge.Problem where the gateway answered, ErrUnreachable where it
// did not, and otherwise failures of this machine. None of them holds a token,
// a case number or a byte of content.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"safeconduct/authz/identity"
	"safeconduct/gateway/edge"
)

// API is the path under which the API lies.
const API = "/api/v1"

// Sentinels that callers branch on.
var (
	// ErrUnreachable says that no answer came.
	ErrUnreachable = errors.New("the gateway cannot be reached")
	// ErrUntrusted says that whoever answers cannot show that it is the gateway. Nothing was sent.
	ErrUntrusted = errors.New("the certificate at that address is not trusted")
	// ErrAddress says that the address of the gateway cannot be used.
	ErrAddress = errors.New("not a usable address of a gateway")
	// ErrIntegrity says that what came is not what the gateway announced.
	ErrIntegrity = errors.New("what was received is not what was sent")
)

const (
	maxJSON       = 32 << 20         // bytes of an answer that are read
	answerTimeout = 3 * time.Minute  // for an answer to begin: a release waits for its checkpoint
	stall         = 90 * time.Second // without a byte a download is broken off, and resumed
	tries         = 6                // of what may be repeated
	firstPause    = 250 * time.Millisecond
	longestPause  = 8 * time.Second
	longestWait   = time.Minute     // that a gateway may ask for
	quietWait     = 2 * time.Second // of what it asks for, beyond which the wait is told
)

// Options are what a client is made with. Zero members take what is usual.
type Options struct {
	Language string            // of the mends: en, fr or es
	Rounds   http.RoundTripper // below the client
	Pause    func(ctx context.Context, d time.Duration) error
	Random   io.Reader             // of the keys under which writes are repeated
	Waiting  func(d time.Duration) // is told of a wait that the gateway asks for, where it is long
}

// Client calls one gateway as one person.
type Client struct {
	base  *url.URL
	token identity.Secret
	http  *http.Client
	lang  string
	pause func(ctx context.Context, d time.Duration) error
	rand  io.Reader
	told  func(d time.Duration)
}

// New makes a client of the gateway at address, such as https://host. A token
// travels in the clear over http, which is taken on loopback only.
func New(address string, token identity.Secret, o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%w: use such as https://gateway.example.org", ErrAddress)
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	default:
		return nil, fmt.Errorf("%w: %s would send your token in the clear; use https://", ErrAddress, u.Scheme)
	}
	if o.Rounds == nil {
		o.Rounds = transport()
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Waiting == nil {
		o.Waiting = func(time.Duration) {}
	}
	return &Client{
		told: o.Waiting, base: u, token: token, lang: o.Language, pause: o.Pause, rand: o.Random,
		// A redirect could lead the token, or a payload, elsewhere.
		http: &http.Client{Transport: o.Rounds, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: answerTimeout,
		ExpectContinueTimeout: 5 * time.Second,
		IdleConnTimeout:       30 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // bytes are counted and hashed as they come
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close ends connections that wait for another request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call sends in as JSON, nil for none, to path below API, and reads the answer
// into out, nil to pass it over. It answers with the HTTP status, 0 where there
// was none. What changes something goes under a key of its own, so that it is
// repeated while the gateway is out of reach, and yet done once.
func (c *Client) Call(ctx context.Context, method, path string, in, out any) (status int, err error) {
	return c.CallUnder(ctx, "", method, path, in, out)
}

// CallUnder is Call under the Idempotency-Key of the caller, who may repeat it
// in another process; an empty one stands for one of its own.
func (c *Client) CallUnder(ctx context.Context, key, method, path string, in, out any) (status int, err error) {
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return 0, fmt.Errorf("writing a request: %w", err)
		}
	}
	if method != http.MethodGet && key == "" {
		if key, err = c.key(); err != nil {
			return 0, err
		}
	}
	err = c.repeat(ctx, func() error {
		status, err = c.once(ctx, method, path, key, body, out)
		return err
	})
	return status, err
}

// key is the value of an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).
func (c *Client) key() (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(c.rand, b); err != nil {
		return "", fmt.Errorf("drawing a key for a request: %w", err)
	}
	return `"` + hex.EncodeToString(b) + `"`, nil
}

func (c *Client) once(ctx context.Context, method, path, key string, body []byte, out any) (int, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	r, err := c.request(ctx, method, path, content)
	if err != nil {
		return 0, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return c.send(r, out)
}

// Get is Call for what changes nothing.
func (c *Client) Get(ctx context.Context, path string, out any) (int, error) {
	return c.Call(ctx, http.MethodGet, path, nil, out)
}

// Bytes is Get for an answer that is wanted as it is.
func (c *Client) Bytes(ctx context.Context, path string) ([]byte, error) {
	var raw Raw
	_, err := c.Get(ctx, path, &raw)
	return raw, err
}

// Raw is an out that takes the answer as it is.
type Raw []byte

func (c *Client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base.String()+API+path, body)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	r.Header.Set("User-Agent", "safeconduct")
	if c.lang != "" {
		r.Header.Set("Accept-Language", c.lang)
	}
	return r, nil
}

func (c *Client) send(r *http.Request, out any) (int, error) {
	resp, err := c.do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxJSON))
	if err != nil {
		return resp.StatusCode, unreachable(r.Context(), err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, problem(resp, b)
	}
	switch out := out.(type) {
	case nil:
	case *Raw:
		*out = b
	default:
		if err := json.Unmarshal(b, out); err != nil {
			return resp.StatusCode, fmt.Errorf("reading the gateway's answer to %s: %w", r.Method, errForm)
		}
	}
	return resp.StatusCode, nil
}

var errForm = errors.New("it is not of the form that this program knows; use the program of the gateway's version")

func (c *Client) do(r *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, unreachable(r.Context(), err)
	}
	return resp, nil
}

// problem reads what the gateway says went wrong. Whatever else answered on the
// way, such as a proxy, is told by its status only.
func problem(resp *http.Response, body []byte) error {
	p := &edge.Problem{}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), edge.ProblemType) || json.Unmarshal(body, p) != nil || p.Status == 0 {
		p = &edge.Problem{Type: "about:blank", Title: http.StatusText(resp.StatusCode)}
	}
	p.Status = resp.StatusCode
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || p.Status != http.StatusTooManyRequests && p.Type != running {
		return p
	}
	return &limited{Problem: p, wait: min(time.Duration(seconds)*time.Second, longestWait)}
}

// unreachable says that no answer came, without the address, which holds ids.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("calling the gateway: %w", context.Cause(ctx))
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return fmt.Errorf("%w: %w", ErrUntrusted, untrusted.Err)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
