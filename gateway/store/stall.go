package store

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// The server bounds what it does (statement_timeout), and nobody but this side
// can bound the wait for a server, or a network, that says nothing any more.
const (
	statementBound = 60 * time.Second
	// beyondBound is for the answer to come that the server's bound was reached.
	beyondBound = 5 * time.Second
)

// bounded has each wait for the server end soon after the bound of statements
// that the server was given.
func bounded(config *pgconn.Config) {
	most := statementBound
	if d, ok := duration(config.RuntimeParams["statement_timeout"]); ok {
		most = d
	}
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err // pgconn says what was being done
		}
		return &patient{Conn: c, most: most + beyondBound}, nil
	}
}

// duration reads a setting of PostgreSQL that is a time: a number of
// milliseconds, or one with a unit. 0 is no bound, which is no answer here.
func duration(setting string) (time.Duration, bool) {
	if n, err := strconv.ParseInt(setting, 10, 64); err == nil {
		setting = strconv.FormatInt(n, 10) + "ms"
	}
	d, err := time.ParseDuration(setting)
	return d, err == nil && d > 0
}

// patient is a connection on which no read waits longer than most. Deadlines
// that pgx sets, to end what a caller no longer waits for, hold where they are
// earlier.
type patient struct {
	net.Conn
	most time.Duration

	mu sync.Mutex
	by time.Time // as pgx set it; zero for none
}

func (c *patient) Read(p []byte) (int, error) {
	if err := c.await(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p) // io.Reader
}

func (c *patient) await() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	by := time.Now().Add(c.most)
	if !c.by.IsZero() && c.by.Before(by) {
		by = c.by
	}
	return c.Conn.SetReadDeadline(by) // net.Conn says what was being done
}

// SetDeadline implements net.Conn.
func (c *patient) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = t
	return c.Conn.SetDeadline(t) // net.Conn says what was being done
}

// SetReadDeadline implements net.Conn.
func (c *patient) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = t
	return c.Conn.SetReadDeadline(t) // net.Conn says what was being done
}
