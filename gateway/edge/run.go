package edge

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// maxAdminConnections bounds the connections of the admin listener: of probes and of what collects metrics.
const maxAdminConnections = 64

// Listen opens the listeners, so that Addr is known before Run. It is called at most once, from one goroutine with Run.
func (s *Server) Listen(ctx context.Context) error {
	var lc net.ListenConfig
	var err error
	if s.main, err = lc.Listen(ctx, "tcp", s.config.Listen); err != nil {
		return fmt.Errorf("listening at listen %s: %w", s.config.Listen, err)
	}
	s.main = newBounded(s.main, s.config.MaxConnections)
	if s.config.TLSCertFile != "" {
		pair, err := newCertificate(s.config.TLSCertFile, s.config.TLSKeyFile, s.deps.Log)
		if err != nil {
			return errors.Join(err, s.main.Close())
		}
		s.main = tls.NewListener(s.main, &tls.Config{
			// Not 1.3 alone: partners' machines are often old. Of 1.2 what is forward-secret and authenticated.
			MinVersion: tls.VersionTLS12, CipherSuites: modernSuites(),
			GetCertificate: pair.current, NextProtos: []string{"h2", "http/1.1"},
		})
	}
	if s.config.AdminListen == "" {
		return nil
	}
	if s.admin, err = lc.Listen(ctx, "tcp", s.config.AdminListen); err != nil {
		return errors.Join(fmt.Errorf("listening at admin_listen %s: %w", s.config.AdminListen, err), s.main.Close())
	}
	s.admin = newBounded(s.admin, maxAdminConnections)
	return nil
}

// Addr is where the API listens; nil before Listen.
func (s *Server) Addr() net.Addr { return addr(s.main) }

// AdminAddr is where the admin listener listens; nil without one.
func (s *Server) AdminAddr() net.Addr { return addr(s.admin) }

func addr(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// Run serves until ctx ends or a listener fails. Requests that run then get drain_timeout to end; after it their
// connections are broken, which is an error. The admin listener serves until the last.
func (s *Server) Run(ctx context.Context) error {
	if s.main == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	base, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	servers := []*http.Server{s.server(base, s.handler)}
	listeners := []net.Listener{s.main}
	if s.admin != nil {
		admin := s.server(base, s.Admin())
		admin.ReadTimeout = s.config.BodyTimeout // nothing there reads a body, which net/http then does
		servers, listeners = append(servers, admin), append(listeners, s.admin)
	}
	failed := make(chan error, len(servers))
	var running sync.WaitGroup
	for i, server := range servers {
		running.Go(func() {
			if err := server.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serving at %s: %w", listeners[i].Addr(), err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.draining.Store(true)
	s.deps.Log.InfoContext(base, "stopping", "drain_timeout_seconds", s.config.DrainTimeout.Seconds())
	for _, server := range servers {
		err = errors.Join(err, s.drain(base, server, breakOff))
	}
	running.Wait()
	return err
}

func (s *Server) drain(base context.Context, server *http.Server, breakOff context.CancelFunc) error {
	ctx, cancel := context.WithTimeout(base, s.config.DrainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	breakOff() // ends the requests' contexts
	return errors.Join(fmt.Errorf("requests still ran after drain_timeout %s: %w", s.config.DrainTimeout, err), server.Close())
}

func (s *Server) server(base context.Context, h http.Handler) *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Server{
		Handler:           h,
		Protocols:         protocols,
		ReadHeaderTimeout: s.config.ReadHeaderTimeout,
		IdleTimeout:       s.config.IdleTimeout,
		// Deadlines are of streams: one under which nothing can be written at all, not even their reset, ends here.
		HTTP2:          &http.HTTP2Config{WriteByteTimeout: s.config.StallTimeout},
		MaxHeaderBytes: int(s.config.MaxHeaderBytes),
		BaseContext:    func(net.Listener) context.Context { return base },
		ErrorLog:       slog.NewLogLogger(nameless{s.deps.Log.Handler()}, slog.LevelWarn),
	}
}

// nameless takes addresses out of what net/http logs: "http: TLS handshake error from ADDRESS: reason".
type nameless struct{ slog.Handler }

func (n nameless) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, withoutAddress(r.Message), r.PC)
	return n.Handler.Handle(ctx, clean) // a handler over a handler
}

func withoutAddress(message string) string {
	text := []byte(message)
	for _, before := range []string{" from ", " serving ", " to ", " accept "} {
		if i := bytes.Index(text, []byte(before)); i >= 0 {
			text = text[:i]
		}
	}
	return string(text)
}
