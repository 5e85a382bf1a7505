package app_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// stopping does something once, in the middle of what is written to it.
type stopping struct {
	bytes.Buffer
	act func()
}

func (a *stopping) Write(p []byte) (int, error) {
	if a.act != nil {
		a.act()
		a.act = nil
	}
	return a.Buffer.Write(p)
}

// TestExportIsStopped: an export takes its time, in which the right to it may end.
func TestExportIsStopped(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	_, err := w.Office.Denials.Update(w.Ctx, func(r evidence.Recorder) error { // more than a page
		for range 300 {
			if err := r.Record(w.Ctx, w.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.filled", authz.Resource{})); err != nil {
				return err
			}
		}
		return nil
	})
	w.Must(err)
	w.Settled()
	for name, stop := range map[string]func(c *authz.Caller) func(){
		"suspended": func(c *authz.Caller) func() {
			return func() {
				_, err := w.People.SuspendPerson(w.Ctx, w.As(authz.LEG), c.Person, "asked")
				w.Must(err)
			}
		},
		"their token revoked": func(c *authz.Caller) func() {
			legal := w.As(authz.LEG)
			token, _, err := w.Identity.Issue(w.Ctx, legal, c.Person, time.Hour, nil)
			w.Must(err)
			c.Token = token.ID
			return func() {
				_, err := w.Identity.Revoke(w.Ctx, legal, token.ID)
				w.Must(err)
			}
		},
		"their token over": func(c *authz.Caller) func() {
			token, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), c.Person, time.Hour, nil)
			w.Must(err)
			c.Token = token.ID
			return func() { w.Clock.Add(time.Hour) }
		},
		"their role ended": func(c *authz.Caller) func() {
			return func() {
				_, err := w.People.EndGrant(w.Ctx, w.As(authz.LEG), c.Grants[0].ID)
				w.Must(err)
			}
		},
	} {
		t.Run("R42 "+name+" they are sent no more, and told", func(t *testing.T) {
			c := w.Another(authz.OIG)
			act := stop(&c)
			out, err := w.Log.Export(w.Ctx, c, transfer.Excerpt{})
			w.Must(err)
			got := &stopping{act: act}
			if err := out.Send(context.WithoutCancel(w.Ctx), got); !errors.Is(err, authz.ErrDenied) {
				t.Fatalf("it goes on: %v", err)
			}
			all := slices.Collect(strings.Lines(got.String()))
			if last := all[len(all)-1]; !strings.HasPrefix(last, `{"error":"it is not whole`) || len(all) != 252 {
				t.Errorf("%d lines, and the last is %q", len(all), last)
			}
			if !slices.ContainsFunc(lines(w, authz.DPO), func(l transfer.LogLine) bool {
				return l.Entry.Kind == evidence.Access && l.Entry.Actor == c.Person && strings.HasPrefix(l.Entry.Result, "cut: 252 lines, ")
			}) {
				t.Error("the log does not say how it ended")
			}
			if !slices.ContainsFunc(lines(w, authz.DPO), func(l transfer.LogLine) bool {
				return l.Entry.Kind == evidence.Denial && l.Entry.Action == authz.LogExport && l.Entry.Actor == c.Person
			}) {
				t.Error("the log does not say that they were denied")
			}
		})
	}
}

// passing holds what is written to it until it is flushed, as a connection does.
type passing struct {
	bytes.Buffer
	flush func() error
}

func (p *passing) FlushError() error { return p.flush() }

// TestExportIsCompleteOnceItLeft: what is written lies in a buffer yet, and whoever it goes to may be gone.
func TestExportIsCompleteOnceItLeft(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.Settled()
	ends := func(c authz.Caller) (ends []string) {
		for _, l := range lines(w, authz.DPO) {
			if how, _, ended := strings.Cut(l.Entry.Result, ": "); ended && l.Entry.Kind == evidence.Access && l.Entry.Actor == c.Person {
				ends = append(ends, how)
			}
		}
		return ends
	}
	for name, c := range map[string]struct {
		flush func(gone context.CancelFunc) error
		end   string
	}{
		"to its end it is complete":                {func(context.CancelFunc) error { return nil }, "complete"},
		"to nobody who takes it, it is cut":        {func(context.CancelFunc) error { return errBroken }, "cut"},
		"to somebody who has just gone, it is cut": {func(gone context.CancelFunc) error { gone(); return nil }, "cut"},
	} {
		t.Run("R52 sent "+name, func(t *testing.T) {
			by := w.Another(authz.OIG)
			out, err := w.Log.Export(w.Ctx, by, transfer.Excerpt{})
			w.Must(err)
			ctx, gone := context.WithCancel(w.Ctx)
			defer gone()
			held := 0
			to := &passing{}
			to.flush = func() error {
				if held = strings.Count(to.String(), "\n"); len(ends(by)) > 0 {
					t.Error("its end is in the log before it left")
				}
				return c.flush(gone)
			}
			err = out.Send(ctx, to)
			w.Settled()
			sent := strings.Count(to.String(), "\n")
			if got := ends(by); !slices.Equal(got, []string{c.end}) || held < 3 {
				t.Errorf("the log says %q, want %q; %d lines were flushed", got, c.end, held)
			}
			if cut := c.end == "cut"; cut != errors.Is(err, transfer.ErrRecipientGone) || cut != (sent == held) {
				t.Errorf("%v; %d lines, of which the last came behind %d", err, sent, held)
			}
		})
	}
}
