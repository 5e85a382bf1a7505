package store

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// silent is a server that takes connections and says nothing.
func silent(t *testing.T, settings map[string]string) net.Conn {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { _ = errors.Join(here.Close(), there.Close()) })
	config := &pgconn.Config{RuntimeParams: settings, DialFunc: func(context.Context, string, string) (net.Conn, error) { return here, nil }}
	bounded(config)
	c, err := config.DialFunc(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAServerThatSaysNothing(t *testing.T) {
	for name, deadline := range map[string]func(c net.Conn) error{
		"is waited for no longer than its bound":          func(net.Conn) error { return nil },
		"is not waited for past an earlier deadline":      func(c net.Conn) error { return c.SetDeadline(time.Now()) },
		"is not waited for past an earlier read deadline": func(c net.Conn) error { return c.SetReadDeadline(time.Now()) },
		"is not waited for longer under a later deadline": func(c net.Conn) error { return c.SetDeadline(time.Now().Add(time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := silent(t, nil)
			c.(*patient).most = 20 * time.Millisecond
			if err := deadline(c); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
		})
	}
	for setting, want := range map[string]time.Duration{"": statementBound, "2500": 2500 * time.Millisecond, "2s": 2 * time.Second, "0": statementBound, "x": statementBound} {
		if c := silent(t, map[string]string{"statement_timeout": setting}).(*patient); c.most != want+beyondBound {
			t.Errorf("statement_timeout %q bounds a read by %v", setting, c.most)
		}
	}
}
