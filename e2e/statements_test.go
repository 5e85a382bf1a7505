package e2e

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
)

// conversation follows which statement each message of one connection runs.
type conversation struct {
	prepared, portals map[string]string // text by name
}

func newConversation() *conversation {
	return &conversation{map[string]string{}, map[string]string{}}
}

// said is the text of the statement that the message runs, or empty.
func (v *conversation) said(kind byte, message []byte) string {
	part := func() string {
		head, rest, _ := bytes.Cut(message, []byte{0})
		message = rest
		return string(head)
	}
	switch kind {
	case 'P': // Parse
		name := part()
		v.prepared[name] = part()
	case 'B': // Bind
		portal := part()
		v.portals[portal] = v.prepared[part()]
	case 'E': // Execute
		return v.portals[part()]
	case 'Q': // Query
		if text := part(); !strings.HasPrefix(text, "-- ping") {
			return text
		}
	}
	return ""
}

// transcript keeps what was said since it was last read.
type transcript struct {
	mu   sync.Mutex
	said []string
}

func (l *transcript) add(statement string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, statement)
}

// read answers with what was said, when a time has passed in which nothing was.
func (l *transcript) read() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := l.said
	l.said = nil
	return said
}

// tally lists statements by how often they were run.
func byText(said []string) string {
	times := map[string]int{}
	for _, s := range said {
		times[strings.Join(strings.Fields(s), " ")]++
	}
	var b strings.Builder
	for _, s := range slices.SortedFunc(maps.Keys(times), func(x, y string) int { return cmp.Or(times[y]-times[x], cmp.Compare(x, y)) }) {
		b.WriteString(strings.Repeat(" ", 2) + string(rune('0'+times[s]/10)) + string(rune('0'+times[s]%10)) + " " + s[:min(len(s), 230)] + "\n")
	}
	return b.String()
}

func TestReferralStatements(t *testing.T) {
	a := ask(t)
	heard := &transcript{}
	a.heard = heard.add
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.behind.Sequencer.Run(ctx) }()
	defer func() { stop(); a.Must(<-ended) }()
	by := map[authz.Role]*client.Client{}
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.PDL} {
		issuer := authz.LEG
		token, secret, err := a.Identity.Issue(a.Ctx, a.As(issuer), a.Persons[role], time.Hour, nil)
		a.Must(err)
		_ = token
		by[role], err = client.New(strings.TrimSuffix(a.url, client.API), secret, client.Options{})
		a.Must(err)
	}
	o := a.Order()
	payload := bytes.Repeat([]byte("x"), 4<<10)
	size, sum, err := client.Describe(bytes.NewReader(payload))
	a.Must(err)
	for round := range 3 {
		total := 0
		step := func(name string, do func() error) {
			heard.read()
			a.Must(do())
			time.Sleep(300 * time.Millisecond)
			said := heard.read()
			total += len(said)
			if round == 2 {
				t.Logf("%s: %d statements\n%s", name, len(said), byText(said))
			}
		}
		var sent client.Transfer
		step("request", func() (err error) {
			sent, err = by[authz.RO].Request(ctx, client.Order{
				Mission: o.Mission, Partner: o.Partner, Purpose: o.Purpose, Nature: o.Nature, RecipientClass: o.RecipientClass,
				Categories: o.Categories, Fields: o.Fields, Subjects: o.Subjects, Files: []client.File{{MediaType: "text/csv"}},
			})
			return err
		})
		step("upload", func() error {
			return by[authz.RO].Upload(ctx, sent.ID, 1, size, sum, bytes.NewReader(payload), func(int64) {})
		})
		step("commit", func() error {
			_, err := by[authz.HOM].Call(ctx, http.MethodPost, "/transfers/"+sent.ID+"/approvals", map[string]any{"granted": true, "attestation": "x"}, nil)
			return err
		})
		step("pull", func() error {
			_, err := by[authz.PDL].Download(ctx, sent.ID, 1, sink{io.Discard}, func(int64, int64) {})
			return err
		})
		step("acknowledge", func() error {
			_, err := by[authz.PDL].Acknowledge(ctx, sent.ID, []client.Receipt{{N: 1, SHA256: sum}})
			return err
		})
		t.Logf("round %d: %d statements", round, total)
	}
}

type sink struct{ io.Writer }

func (sink) Begin() error { return nil }
