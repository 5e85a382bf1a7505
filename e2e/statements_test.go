package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
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

// transcript keeps which statements were run since it was last read.
type transcript struct {
	mu   sync.Mutex
	said []string
}

// add leaves out what is asked while waiting for a checkpoint, which takes as often as it takes.
func (l *transcript) add(statement string) {
	if strings.Contains(statement, "FROM log_") {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, strings.Join(strings.Fields(statement), " "))
}

func (l *transcript) read() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := l.said
	l.said = nil
	return said
}

// forgetful is a file that nobody keeps.
type forgetful struct{ io.Writer }

func (forgetful) Begin() error { return nil }

// Each statement is a round trip to the database: a referral takes no more of them than it does now.
func TestReferralTakesFewStatements(t *testing.T) {
	a := ask(t)
	heard := &transcript{}
	a.heard = heard.add
	by := map[authz.Role]*client.Client{}
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.PDL} {
		_, secret, err := a.Identity.Issue(a.Ctx, a.As(authz.LEG), a.Persons[role], time.Hour, nil)
		a.Must(err)
		by[role], err = client.New(strings.TrimSuffix(a.url, client.API), secret, client.Options{})
		a.Must(err)
		defer by[role].Close()
	}
	payload := bytes.Repeat([]byte("x"), 4<<10)
	size, sum, err := client.Describe(bytes.NewReader(payload))
	a.Must(err)
	var sent client.Transfer
	steps := []struct {
		name string
		most int
		do   func() error
	}{
		{"request", 40, func() (err error) {
			o := a.Order()
			sent, err = by[authz.RO].Request(a.Ctx, client.Order{
				Mission: o.Mission, Partner: o.Partner, Purpose: o.Purpose, Nature: o.Nature, RecipientClass: o.RecipientClass, Origin: client.Origin(o.Origin),
				Categories: o.Categories, Fields: o.Fields, Subjects: o.Subjects, Files: []client.File{{MediaType: "text/csv"}},
			})
			return err
		}},
		{"upload", 30, func() error {
			return by[authz.RO].Upload(a.Ctx, sent.ID, 1, size, sum, bytes.NewReader(payload), func(int64) {})
		}},
		{"approval and commit", 55, func() error {
			_, err := by[authz.HOM].Call(a.Ctx, http.MethodPost, "/transfers/"+sent.ID+"/approvals", map[string]any{"granted": true}, nil)
			return err
		}},
		{"pull", 92, func() error {
			_, err := by[authz.PDL].Download(a.Ctx, sent.ID, 1, forgetful{io.Discard}, func(int64, int64) {})
			eventually(t, "the delivery is recorded", func() bool {
				now, err := a.Transfers.Transfer(a.Ctx, a.As(authz.RO), sent.ID)
				return err == nil && now.State == transfer.Pulled
			})
			return err
		}},
		{"acknowledgement", 19, func() error {
			_, err := by[authz.PDL].Acknowledge(a.Ctx, sent.ID, []client.Receipt{{N: 1, SHA256: sum}})
			return err
		}},
	}
	for round := range 2 { // the first prepares what is kept, such as the mission's key
		for _, s := range steps {
			heard.read()
			a.Must(s.do())
			if said := heard.read(); round > 0 && (len(said) > s.most || len(said) == 0) {
				t.Errorf("%s takes %d statements, want at most %d:\n%s", s.name, len(said), s.most, strings.Join(slices.Sorted(slices.Values(said)), "\n"))
			} else {
				t.Logf("%s takes %d statements", s.name, len(said))
			}
		}
	}
}

// Facts are gathered by as many queries for a thousand people as for one, though what is written takes more statements; and by as
// many where much is over between the mission and the partner as where nothing is.
func TestFactsTakeAsManyQueriesForAThousand(t *testing.T) {
	a := ask(t)
	heard := &transcript{}
	cases := make([]string, 1000)
	for i := range cases {
		cases[i] = "MANY-" + strconv.Itoa(i)
	}
	a.Consent(cases...)
	a.heard = heard.add
	_, secret, err := a.Identity.Issue(a.Ctx, a.As(authz.LEG), a.Persons[authz.RO], time.Hour, nil)
	a.Must(err)
	sender, err := client.New(strings.TrimSuffix(a.url, client.API), secret, client.Options{})
	a.Must(err)
	defer sender.Close()
	queries := func(n int) (asked []string) {
		o := a.Order()
		heard.read()
		_, err := sender.Request(a.Ctx, client.Order{
			Mission: o.Mission, Partner: o.Partner, Purpose: o.Purpose, Nature: o.Nature, RecipientClass: o.RecipientClass, Origin: client.Origin(o.Origin),
			Categories: o.Categories, Fields: o.Fields, Subjects: cases[:n], Files: []client.File{{MediaType: "text/csv"}},
		})
		if passes := n <= 100; passes != (err == nil) { // which the agreement allows
			t.Fatalf("%d people: %v", n, err)
		}
		for _, s := range heard.read() {
			if strings.HasPrefix(s, "SELECT") {
				asked = append(asked, s)
			}
		}
		return asked
	}
	queries(1) // what is kept is read, and the door counts the caller
	one := queries(1)
	const naming = 3 // the rules, the transfer and its mission: whom a refusal names (R56)
	for n, more := range map[int]int{2: 0, 100: 0, 1000: naming} {
		if many := queries(n); len(many) != len(one)+more {
			t.Errorf("%d people take %d queries, and one takes %d:\n%s\n\n%s", n, len(many), len(one), strings.Join(many, "\n"), strings.Join(one, "\n"))
		}
	}
	a.before(300)
	if many := queries(1); len(many) != len(one) {
		t.Errorf("after many agreements and assessments it takes %d queries, and it took %d:\n%s\n\n%s", len(many), len(one), strings.Join(many, "\n"), strings.Join(one, "\n"))
	}
}

// before has so many agreements, assessments and approvals of the officer be over, of the same mission and partner.
func (a *asked) before(n int) {
	type filling interface {
		evidence.Recorder
		SaveAgreement(ctx context.Context, x agreements.Agreement) error
		SaveAssessment(ctx context.Context, x assessment.Assessment) error
		SaveDPOApproval(ctx context.Context, x approvals.DPOApproval) error
	}
	o := a.Order()
	sent, err := a.Transfers.Request(a.Ctx, a.As(authz.RO), o)
	a.Must(err)
	_, err = store.For[filling](a.Store).Update(a.Ctx, func(tx filling) error {
		var err error
		for i := range n {
			id := "before-" + strconv.Itoa(i)
			x := agreements.Agreement{ID: id, Version: 1, State: agreements.Terminated}
			x.Document.Mission, x.Document.Partner, x.Document.ValidUntil = o.Mission, o.Partner, a.Clock.Now()
			err = errors.Join(err, tx.SaveAgreement(a.Ctx, x),
				tx.SaveAssessment(a.Ctx, assessment.Assessment{
					ID: id, Version: 1, Record: 1, Mission: o.Mission, State: assessment.Superseded, Content: assessment.Content{Agreement: sent.Agreement},
				}),
				tx.SaveDPOApproval(a.Ctx, approvals.DPOApproval{ID: id, Version: 1, Scope: approvals.ForPathway, Granted: true, Ended: true, Mission: o.Mission, Partner: o.Partner}))
		}
		return errors.Join(err, tx.Record(a.Ctx, evidence.Entry{
			ID: "before", Time: a.Clock.Now(), Kind: evidence.Change, Actor: "somebody", Action: "test", Verdict: evidence.Allowed, Policy: "policy",
		}))
	})
	a.Must(err)
}
