package between

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sync/atomic"
)

// maxAnswer bounds what is held of one answer, in bytes.
const maxAnswer = 64 << 20

// Request is one HTTP request at one moment.
type Request struct {
	N      int64 // counts the requests of the proxy, from 1
	Moment Moment
	Method string
	Path   string
	Query  url.Values
	Status int // of the server's answer; 0 before it
}

// Act is what is done with a request, or with its answer. The zero value passes
// it on; a hook that returns later delays it.
type Act struct {
	// Break breaks the connection. Before, the server never sees the request;
	// after, its answer is lost.
	Break bool
	// Status, where it is not 0, is answered in the place of the server, with Body.
	Status int
	Body   string
	// Short, where it is not 0, hands on this many bytes of the server's answer
	// and then breaks the connection.
	Short int64
}

// HTTP forwards plain HTTP to the server at target (http://host:port), until ctx
// ends or Close. The hook sees each request before it is forwarded, and again
// when the whole answer has come and nothing of it was handed on; it is called
// concurrently. Its context ends with the client's connection. The Host header
// stays as the client sent it, since S3 clients sign it.
func HTTP(ctx context.Context, target string, hook func(ctx context.Context, r Request) Act) (*Proxy, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("standing between: %q is no http://host:port", target)
	}
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	h := &forwarder{to: u, hook: hook, rounds: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}}
	server := &http.Server{Handler: h} //nolint:gosec // a test's own loopback server
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	ended := func() error {
		err := errors.Join(server.Close(), ignore(<-served, http.ErrServerClosed))
		h.rounds.CloseIdleConnections()
		return err
	}
	p, err := start(ctx, l.Addr().String(), plain)
	if err != nil {
		return nil, errors.Join(err, ended())
	}
	p.closing = append(p.closing, ended)
	return p, nil
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

type forwarder struct {
	to     *url.URL
	hook   func(ctx context.Context, r Request) Act
	rounds *http.Transport
	n      atomic.Int64
}

func (f *forwarder) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r := Request{N: f.n.Add(1), Moment: Before, Method: in.Method, Path: in.URL.Path, Query: in.URL.Query()}
	if f.acted(w, f.hook(in.Context(), r)) {
		return
	}
	answer, err := f.forward(in)
	if err != nil {
		panic(http.ErrAbortHandler) // as the server's own absence would look
	}
	r.Moment, r.Status = After, answer.status
	act := f.hook(in.Context(), r)
	if f.acted(w, act) {
		return
	}
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	if act.Short > 0 && act.Short < int64(len(answer.body)) {
		_, _ = w.Write(answer.body[:act.Short])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(answer.body) // whom it fails has gone
}

// acted reports whether the hook's act was the whole answer.
func (f *forwarder) acted(w http.ResponseWriter, act Act) bool {
	if act.Break {
		panic(http.ErrAbortHandler) // the way to break a connection in net/http
	}
	if act.Status == 0 {
		return false
	}
	w.WriteHeader(act.Status)
	_, _ = io.WriteString(w, act.Body)
	return true
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (f *forwarder) forward(in *http.Request) (_ answer, err error) {
	out := in.Clone(in.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = f.to.Scheme, f.to.Host, ""
	out.Host = in.Host
	if in.ContentLength == 0 {
		out.Body = nil
	}
	got, err := f.rounds.RoundTrip(out)
	if err != nil {
		return answer{}, fmt.Errorf("forwarding: %w", err)
	}
	defer func() { err = errors.Join(err, got.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	return answer{got.StatusCode, got.Header, body}, nil
}
