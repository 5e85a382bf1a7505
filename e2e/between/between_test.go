package between_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"safeconduct/e2e/between"
)

// echo is a server that says every line back.
func echo(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

type caller struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func call(t *testing.T, p *between.Proxy) *caller {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &caller{t, c, bufio.NewReader(c)}
}

func (c *caller) say(line string) error {
	if _, err := c.conn.Write([]byte(line + "\n")); err != nil {
		return err
	}
	got, err := c.in.ReadString('\n')
	if err == nil && got != line+"\n" {
		c.t.Errorf("said %q, heard %q", line, got)
	}
	return err
}

func closing(t *testing.T, p *between.Proxy, err error) *between.Proxy {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestTCP(t *testing.T) {
	open := func(t *testing.T) *between.Proxy {
		p, err := between.TCP(t.Context(), echo(t))
		return closing(t, p, err)
	}
	t.Run("bytes pass", func(t *testing.T) {
		c := call(t, open(t))
		for _, line := range []string{"one", "two"} {
			if err := c.say(line); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("cut breaks what is open and what is new, until restored", func(t *testing.T) {
		p := open(t)
		c := call(t, p)
		if err := c.say("one"); err != nil {
			t.Fatal(err)
		}
		p.Cut()
		if err := c.say("two"); err == nil {
			t.Error("the connection lives")
		}
		if err := call(t, p).say("three"); err == nil {
			t.Error("a new connection lives")
		}
		p.Restore()
		if err := call(t, p).say("four"); err != nil {
			t.Error(err)
		}
	})
	t.Run("stalled bytes come when resumed", func(t *testing.T) {
		p := open(t)
		c := call(t, p)
		p.Stall()
		p.Stall()
		if _, err := c.conn.Write([]byte("one\n")); err != nil {
			t.Fatal(err)
		}
		if err := c.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		var late net.Error
		if _, err := c.in.Peek(1); !errors.As(err, &late) || !late.Timeout() {
			t.Fatalf("while stalled: %v", err)
		}
		if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		p.Resume()
		p.Resume()
		if got, err := c.in.ReadString('\n'); err != nil || got != "one\n" {
			t.Fatalf("%q, %v", got, err)
		}
	})
	t.Run("a delay is waited for both ways", func(t *testing.T) {
		p := open(t)
		p.Delay(30 * time.Millisecond)
		c, begun := call(t, p), time.Now()
		if err := c.say("one"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < 60*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("the end of the context ends a stalled connection", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p, err := between.TCP(ctx, echo(t))
		closing(t, p, err)
		c := call(t, p)
		p.Stall()
		cancel()
		if err := c.say("one"); err == nil {
			t.Error("the connection lives")
		}
	})
}
