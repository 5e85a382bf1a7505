package between

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
)

// maxMessage bounds one message of the protocol, in bytes.
const maxMessage = 64 << 20

// Transaction is one unit of work that the database carries out whole or not at
// all: what a COMMIT ends, or a statement outside of a transaction.
type Transaction struct {
	N      int64 // counts those of the proxy that end, from 1; 0 Within
	Moment Moment
	// Statements, in order, each with its arguments after a line break.
	Statements []string
}

// Did reports whether one of its statements contains every fragment.
func (t Transaction) Did(fragments ...string) bool {
	for _, s := range t.Statements {
		all := true
		for _, f := range fragments {
			all = all && strings.Contains(s, f)
		}
		if all {
			return true
		}
	}
	return false
}

// Postgres forwards to the PostgreSQL server at target (host:port), until ctx
// ends or Close. The hook is called before each statement of a transaction
// reaches the server, before its end does, and when the server has carried it out
// and nothing of its answer was handed on; it is called concurrently, and its
// context ends with the server's end of the connection. Where it answers true the
// connection is broken: within and before, the server rolls back; after, the
// answer is lost. That the client rolls back is not shown. Connections are in
// clear: the client says sslmode=disable.
func Postgres(ctx context.Context, target string, hook func(ctx context.Context, t Transaction) (breaks bool)) (*Proxy, error) {
	var n atomic.Int64
	return start(ctx, target, func(ctx context.Context, client, server *link) {
		ctx, cancel := context.WithCancel(ctx)
		c := &conversation{hook: hook, n: &n, prepared: map[string]string{}, sent: make(chan *Transaction, 1024)}
		both(client, server,
			func() { c.ask(ctx, client, server) },
			func() { defer cancel(); c.answer(ctx, server, client) })
	})
}

// conversation is what one connection says (PostgreSQL documentation, 55.2).
type conversation struct {
	hook     func(ctx context.Context, t Transaction) bool
	n        *atomic.Int64
	prepared map[string]string // statement name to text
	sent     chan *Transaction // per answer that is due: what it ends, or nil

	mu     sync.Mutex
	status byte     // of the transaction: I for none, T for open, E for failed
	so     []string // statements of it so far
}

type message struct {
	kind byte
	body []byte
}

func readMessage(r *bufio.Reader, typed bool) (message, []byte, error) {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return message{}, nil, fmt.Errorf("reading a message: %w", err)
	}
	size := binary.BigEndian.Uint32(head[len(head)-4:])
	if size < 4 || size > maxMessage {
		return message{}, nil, fmt.Errorf("a message of %d bytes", size)
	}
	raw := append(head, make([]byte, size-4)...)
	if _, err := io.ReadFull(r, raw[len(head):]); err != nil {
		return message{}, nil, fmt.Errorf("reading a message: %w", err)
	}
	m := message{body: raw[len(head):]}
	if typed {
		m.kind = raw[0]
	}
	return m, raw, nil
}

// ask carries what the client says, one request at a time.
func (c *conversation) ask(ctx context.Context, client, server *link) {
	r := bufio.NewReader(client)
	if _, raw, err := readMessage(r, false); err != nil || write(server, raw) != nil { // start-up
		return
	}
	var batch []byte
	var said request
	for {
		m, raw, err := readMessage(r, true)
		if err != nil {
			return
		}
		batch = append(batch, raw...)
		c.hear(&said, m)
		if strings.IndexByte("PBDECd", m.kind) >= 0 {
			continue // a Sync follows
		}
		if m.kind == 'Q' || m.kind == 'S' {
			shown := c.shown(said)
			said = request{}
			if shown != nil && c.hook(ctx, *shown) {
				return
			}
			if shown != nil && shown.Moment == Within {
				shown = nil // its answer ends nothing
			}
			c.sent <- shown
		}
		if write(server, batch) != nil {
			return
		}
		batch = batch[:0]
	}
}

func write(to *link, b []byte) error {
	_, err := to.Write(b)
	return err
}

// request is what is said up to a Sync, or by one simple query.
type request struct {
	statements []string
	executes   bool
}

func (c *conversation) hear(said *request, m message) {
	switch m.kind {
	case 'Q':
		text, _ := cString(m.body)
		said.statements, said.executes = append(said.statements, text), true
	case 'P':
		name, rest := cString(m.body)
		c.prepared[name], _ = cString(rest)
	case 'B':
		_, rest := cString(m.body)
		name, rest := cString(rest)
		said.statements = append(said.statements, c.prepared[name]+"\n"+strings.Join(arguments(rest), "\n"))
	case 'E':
		said.executes = true
	}
}

// shown is the transaction that the request ends or goes on with, nil where it
// does neither.
func (c *conversation) shown(said request) *Transaction {
	if !said.executes || len(said.statements) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(said.statements[0])), " ")
	switch first = strings.TrimRight(first, ";\n"); first {
	case "begin", "rollback":
		c.so = nil
		return nil
	case "commit":
		if c.status == 'E' {
			return nil // it rolls back
		}
		return &Transaction{N: c.n.Add(1), Statements: c.so}
	}
	if c.status != 'I' {
		c.so = append(c.so, said.statements...)
		return &Transaction{Moment: Within, Statements: c.so}
	}
	return &Transaction{N: c.n.Add(1), Statements: said.statements}
}

// answer carries what the server says, each answer whole where the hook is to
// see it.
func (c *conversation) answer(ctx context.Context, server, client *link) {
	r := bufio.NewReader(server)
	var held bytes.Buffer
	started := false // the first ReadyForQuery answers the start-up
	for {
		m, raw, err := readMessage(r, true)
		if err != nil {
			return
		}
		held.Write(raw)
		if m.kind == 'Z' && len(m.body) == 1 {
			c.mu.Lock()
			c.status = m.body[0]
			c.mu.Unlock()
			if started {
				if done := <-c.sent; done != nil {
					done.Moment = After
					if c.hook(ctx, *done) {
						return
					}
				}
			}
			started = true
		}
		if m.kind == 'Z' || !started || held.Len() > maxAnswer {
			if write(client, held.Bytes()) != nil {
				return
			}
			held.Reset()
		}
	}
}

func cString(b []byte) (text string, rest []byte) {
	text, after, _ := strings.Cut(string(b), "\x00")
	return text, b[len(b)-len(after):]
}

// arguments reads those of a Bind, behind its names: formats, then values.
func arguments(b []byte) []string {
	count := func() int {
		if len(b) < 2 {
			return 0
		}
		n := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		return n
	}
	formats := count()
	b = b[min(len(b), 2*formats):]
	var all []string
	for range count() {
		if len(b) < 4 {
			return all
		}
		size := int(int32(binary.BigEndian.Uint32(b))) //nolint:gosec // -1 is NULL
		b = b[4:]
		if size < 0 {
			all = append(all, "NULL")
			continue
		}
		size = min(size, len(b))
		all = append(all, string(b[:size]))
		b = b[size:]
	}
	return all
}
