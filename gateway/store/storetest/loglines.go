package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// more is how many entries stand before those that tests look for: more than
// are read at a time.
const more = 1000

// testLogLines reads a log of many entries that matter to nobody and, behind
// them, five that differ.
func testLogLines(t *testing.T, b *bench) {
	if _, err := b.tx.Update(t.Context(), func(tx Tx) error {
		for i := range more {
			e := b.entry()
			e.ID = fmt.Sprintf("a-%05d", i)
			if err := tx.Record(t.Context(), e); err != nil {
				return err
			}
		}
		for i := range 5 {
			e := b.entry()
			e.ID, e.Time = fmt.Sprintf("b-%d", i), Epoch().Add(time.Duration(i+1)*time.Minute)
			e.Mission, e.Partner, e.Actor = fmt.Sprintf("m-%d", i%2), fmt.Sprintf("x-%d", i%3), fmt.Sprintf("p-%d", i/2)
			e.Subject.ID = fmt.Sprintf("o-%d", i)
			if i == 3 {
				e.Kind, e.Verdict, e.Codes = evidence.Denial, evidence.Refused, []string{"A", "B"}
			}
			if err := tx.Record(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.wantLines(t, "none is sequenced yet", transfer.LogFilter{After: -1, AtMost: 10})
	b.sequence(t)
	if err := b.work(t, func(tx Tx) error { return tx.Record(t.Context(), b.entry()) }); err != nil { // it waits
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter transfer.LogFilter
		want   []string
	}{
		"from the start":   {transfer.LogFilter{After: -1, AtMost: 2}, []string{"a-00000", "a-00001"}},
		"after the first":  {transfer.LogFilter{After: 0, AtMost: 2}, []string{"a-00001", "a-00002"}},
		"after":            {transfer.LogFilter{After: more + 1}, []string{"b-2", "b-3", "b-4"}},
		"across a page":    {transfer.LogFilter{After: 248, AtMost: 3}, []string{"a-00249", "a-00250", "a-00251"}},
		"behind the end":   {transfer.LogFilter{After: more + 5}, nil},
		"time":             {transfer.LogFilter{From: Epoch().Add(2 * time.Minute), To: Epoch().Add(4 * time.Minute)}, []string{"b-1", "b-2"}},
		"kind":             {transfer.LogFilter{Kind: evidence.Denial}, []string{"b-3"}},
		"verdict":          {transfer.LogFilter{Verdict: evidence.Refused}, []string{"b-3"}},
		"code":             {transfer.LogFilter{Code: "B"}, []string{"b-3"}},
		"no such code":     {transfer.LogFilter{Code: "C"}, nil},
		"mission":          {transfer.LogFilter{Mission: "m-1"}, []string{"b-1", "b-3"}},
		"partner":          {transfer.LogFilter{Partner: "x-0"}, []string{"b-0", "b-3"}},
		"actor":            {transfer.LogFilter{Actor: "p-1"}, []string{"b-2", "b-3"}},
		"object":           {transfer.LogFilter{Object: "o-4"}, []string{"b-4"}},
		"all at once":      {transfer.LogFilter{Mission: "m-1", Partner: "x-0", Kind: evidence.Denial}, []string{"b-3"}},
		"what none is":     {transfer.LogFilter{Mission: "m-1", Partner: "x-2"}, nil},
		"at most, matched": {transfer.LogFilter{Mission: "m-0", AtMost: 2}, []string{"b-0", "b-2"}},
	} {
		if c.filter.AtMost == 0 {
			c.filter.AtMost = 100
		}
		if c.filter.After == 0 && name != "after the first" {
			c.filter.After = -1
		}
		b.wantLines(t, name, c.filter, c.want...)
	}
	scopes(t, b)
	b.latest(t)
}

func (b *bench) wantLines(t *testing.T, name string, f transfer.LogFilter, want ...string) {
	t.Helper()
	b.view(t, func(tx Tx) error {
		lines, _, err := tx.LogLines(t.Context(), f)
		wantIDs(t, name, lines, err, want)
		return nil
	})
}

func wantIDs(t *testing.T, name string, lines []transfer.LogLine, err error, want []string) {
	t.Helper()
	var got []string
	for i, l := range lines {
		got = append(got, l.Entry.ID)
		if len(l.Leaf) != 64 || i > 0 && l.Seq <= lines[i-1].Seq {
			t.Errorf("%s: line %d has leaf %q and seq %d", name, i, l.Leaf, l.Seq)
		}
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %v, %v; want %v", name, got, err, want)
	}
}

// scopes reads as those who may see only a part of the log.
func scopes(t *testing.T, b *bench) {
	enforcer, err := authz.NewEnforcer(authz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	office := transfer.NewLogOffice(&evidence.Office{
		Enforcer: enforcer, Denials: store.For[evidence.Recorder](b.Store), Now: Epoch, NewID: func() string { return b.entry().ID },
	}, store.For[transfer.LogTx](b.Store), nil)
	for name, c := range map[string]struct {
		grant authz.Grant
		want  []string
	}{
		"a head of mission":  {authz.Grant{Role: authz.HOM, Mission: "m-0"}, []string{"b-0", "b-2", "b-4"}},
		"a referral officer": {authz.Grant{Role: authz.RO, Mission: "m-0"}, []string{"b-2", "b-3"}},
		"headquarters":       {authz.Grant{Role: authz.LEG}, []string{"b-0", "b-1", "b-2", "b-3", "b-4"}},
	} {
		caller := authz.Caller{Person: "p-1", Grants: []authz.Grant{c.grant}}
		lines, _, err := office.Entries(t.Context(), caller, transfer.LogFilter{After: more - 1, AtMost: 10})
		wantIDs(t, name, lines, err, c.want)
	}
	if _, _, err := office.Entries(t.Context(), authz.Caller{Person: "p-1"}, transfer.LogFilter{After: -1, AtMost: 10}); !errors.Is(err, authz.ErrDenied) {
		t.Errorf("nobody: %v", err)
	}
}

func (b *bench) latest(t *testing.T) {
	t.Helper()
	want := func(note []byte) {
		t.Helper()
		b.view(t, func(tx Tx) error {
			got, err := tx.LatestCheckpoint(t.Context())
			if !bytes.Equal(got, note) || (note == nil) != errors.Is(err, evidence.ErrNotFound) {
				t.Errorf("%q, %v; want %q", got, err, note)
			}
			return nil
		})
	}
	want(nil)
	log := store.Log{Store: b.Store}
	for _, c := range []ledger.StoredCheckpoint{{Size: 3, Note: []byte("three")}, {Size: 5, Prev: 3, Note: []byte("five")}} {
		if err := log.AddCheckpoint(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		want(c.Note)
	}
}

// testExcerpts reads a log of several pages with its proofs, up to a size.
func testExcerpts(t *testing.T, b *bench) {
	const entries, size = 620, 601
	if _, err := b.tx.Update(t.Context(), func(tx Tx) error {
		for i := range entries {
			e := b.entry()
			e.ID, e.Mission = fmt.Sprintf("e-%05d", i), fmt.Sprintf("m-%d", i%3)
			if err := tx.Record(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.sequence(t)
	for _, c := range []struct {
		f    transfer.LogFilter
		want int
	}{{transfer.LogFilter{}, size}, {transfer.LogFilter{Mission: "m-2"}, size / 3}, {transfer.LogFilter{Mission: "m-9"}, 0}} {
		c.f.After = -1
		n, pages, last, left := 0, 0, int64(-1), int64(0)
		for next := int64(0); next >= 0; pages++ {
			b.view(t, func(tx Tx) (err error) {
				page, err := tx.LogExcerpt(t.Context(), c.f, size)
				next, left = page.Next, left+page.Outside
				for _, line := range page.Lines {
					if line.Seq <= last || line.Seq >= size || len(line.Proof) == 0 || len(line.Salt) != 64 {
						t.Fatalf("%+v after %d", line, last)
					}
					n, last = n+1, line.Seq
				}
				c.f.After = next
				return err
			})
		}
		if n != c.want || pages < 2 || left != int64(size-n) {
			t.Errorf("%+v: %d entries on %d pages and %d left out, want %d of %d", c.f, n, pages, left, c.want, size)
		}
	}
}
