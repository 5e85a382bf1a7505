// Package between stands between a process and a server that it uses, so that a
// test can do to the connection what networks and servers do at their worst, at
// a moment that it names: cut it, hold its bytes, slow it down ([TCP]), answer in
// the server's place or lose its answer ([HTTP], for Vault and S3), or act just
// before a COMMIT or a statement before it arrives, and just after a COMMIT was
// carried out ([Postgres]).
//
// Every proxy listens on loopback, and speaks in clear on both sides.
package between

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Moment is when a hook is called.
type Moment int

// The moments of one request, or of one transaction.
const (
	// Before the server has it.
	Before Moment = iota
	// After the server has done it, and answered; the answer waits for the hook.
	After
	// Within a transaction, before the server has its last statement so far.
	Within
)

func (m Moment) String() string {
	switch m {
	case Before:
		return "before"
	case After:
		return "after"
	default:
		return "within"
	}
}

// Proxy forwards connections to one server. Its methods may be called
// concurrently.
type Proxy struct {
	target   string
	listener net.Listener
	carry    func(ctx context.Context, client, server *link)
	ctx      context.Context // the life of the proxy
	end      context.CancelFunc
	running  sync.WaitGroup
	closing  []func() error

	mu    sync.Mutex
	open  map[net.Conn]struct{}
	cut   bool
	delay time.Duration
	flow  chan struct{} // closed while bytes flow
}

// TCP forwards to target (host:port), until ctx ends or Close.
func TCP(ctx context.Context, target string) (*Proxy, error) { return start(ctx, target, plain) }

func start(ctx context.Context, target string, carry func(ctx context.Context, client, server *link)) (*Proxy, error) {
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, listener: l, carry: carry, open: map[net.Conn]struct{}{}, flow: make(chan struct{})}
	close(p.flow)
	p.ctx, p.end = context.WithCancel(ctx)
	context.AfterFunc(p.ctx, func() {
		_ = l.Close()
		p.closeAll()
	})
	p.running.Go(p.accept)
	return p, nil
}

func listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening between: %w", err)
	}
	return l, nil
}

// Addr is where to connect to instead of to the server (host:port).
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close ends every connection, and returns when nothing runs any more. A hook
// that waits for something else than its context holds it up.
func (p *Proxy) Close() error {
	p.end()
	var err error
	for _, c := range p.closing {
		err = errors.Join(err, c())
	}
	p.running.Wait()
	return err
}

// Cut breaks every connection; until Restore each new one is broken at once.
func (p *Proxy) Cut() {
	p.mu.Lock()
	p.cut = true
	p.mu.Unlock()
	p.closeAll()
}

// Restore ends Cut.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

// Stall holds every byte, of either direction, until Resume.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flow:
		p.flow = make(chan struct{})
	default: // it is stalled already
	}
}

// Resume ends Stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flow:
	default:
		close(p.flow)
	}
}

// Delay hands every piece of what is sent on later by d; 0 ends it.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer p.drop(client)
	if !p.keep(client) {
		return
	}
	var d net.Dialer
	server, err := d.DialContext(p.ctx, "tcp", p.target)
	if err != nil {
		return // the client sees a broken connection
	}
	defer p.drop(server)
	if !p.keep(server) {
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	p.carry(ctx, &link{client, p}, &link{server, p})
}

// keep notes a connection, unless there may be none.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut || p.ctx.Err() != nil {
		return false
	}
	p.open[c] = struct{}{}
	return true
}

func (p *Proxy) drop(c net.Conn) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	hangUp(c)
}

func (p *Proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		hangUp(c)
	}
}

// hangUp closes without leaving anything on its way. Closing twice is harmless.
func hangUp(c net.Conn) { _ = c.Close() }

// hold returns when bytes may go on.
func (p *Proxy) hold() error {
	for {
		p.mu.Lock()
		flow, delay := p.flow, p.delay
		p.mu.Unlock()
		if delay > 0 {
			late := time.NewTimer(delay)
			select {
			case <-late.C:
			case <-p.ctx.Done():
				late.Stop()
				return context.Cause(p.ctx)
			}
		}
		select {
		case <-flow:
			return nil
		default:
		}
		select {
		case <-flow:
		case <-p.ctx.Done():
			return context.Cause(p.ctx)
		}
	}
}

// link is one end of a connection; what is written to it is held as the proxy
// says.
type link struct {
	net.Conn
	p *Proxy
}

func (l *link) Write(b []byte) (int, error) {
	if err := l.p.hold(); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}

// plain carries bytes until either side ends.
func plain(_ context.Context, client, server *link) {
	both(client, server,
		func() { _, _ = io.Copy(onlyWriter{server}, onlyReader{client}) },
		func() { _, _ = io.Copy(onlyWriter{client}, onlyReader{server}) })
}

// The two keep io.Copy from splicing past Write.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// both runs two directions; when one ends the other is ended too.
func both(client, server *link, directions ...func()) {
	var running sync.WaitGroup
	for _, run := range directions {
		running.Go(func() {
			run()
			hangUp(client)
			hangUp(server)
		})
	}
	running.Wait()
}
