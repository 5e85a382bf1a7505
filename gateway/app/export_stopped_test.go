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
