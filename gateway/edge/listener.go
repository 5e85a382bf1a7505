package edge

import (
	"fmt"
	"net"
	"sync"
)

// bounded accepts at most so many connections at once; others wait in the kernel. It is netutil.LimitListener whose
// connections can still be half-closed, as net/http does so that an answer to a request that it did not read arrives.
type bounded struct {
	net.Listener
	places chan struct{}
	close  sync.Once
	closed chan struct{}
}

func newBounded(l net.Listener, most int) *bounded {
	return &bounded{Listener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		<-b.places
		return nil, fmt.Errorf("accepted a %T: %w", c, c.Close())
	}
	return &placed{TCPConn: tcp, leave: func() { <-b.places }}, nil
}

// Close implements net.Listener. What was accepted stays open.
func (b *bounded) Close() error {
	b.close.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// placed is a connection with a place.
type placed struct {
	*net.TCPConn
	once  sync.Once
	leave func()
}

// Close gives the place back.
func (p *placed) Close() error {
	err := p.TCPConn.Close()
	p.once.Do(p.leave)
	return err
}
