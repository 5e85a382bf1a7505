package apptest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
)

// Available sends body to the partner, approved and released.
func (w *World) Available(body []byte) transfer.Transfer {
	w.T.Helper()
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", bytes.NewReader(body))
	w.Must(err)
	sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
	w.Must(err)
	return sent
}

// SweepAll lets the leases end and sweeps until nothing is left to sweep.
func (w *World) SweepAll() {
	w.T.Helper()
	w.Clock.Add(2 * time.Hour)
	for {
		n, err := w.Transfers.Sweep(w.Ctx)
		w.Must(err)
		if n == 0 {
			return
		}
	}
}

// Objects names every object that lies in the store.
func (w *World) Objects() []string {
	var names []string
	for info, err := range w.Blobs.List(w.Ctx, "") {
		w.Must(err)
		names = append(names, string(info.Name))
	}
	return names
}

// uncited are the entries of decisions that name no edition of the rules (R37).
func (w *World) uncited() (found []string) {
	for after := int64(-1); ; {
		w.Must(store.For[transfer.LogTx](w.Store).View(w.Ctx, func(tx transfer.LogTx) error {
			page, next, err := tx.LogLines(w.Ctx, transfer.LogFilter{After: after, AtMost: 1000})
			for _, l := range page {
				if e := l.Entry; e.Decides() && (!rulebook.Cites(e.Policy) || strings.Count(e.Policy, "rules:") != 1) {
					found = append(found, fmt.Sprintf("%d: %s %s cites %q", l.Seq, e.Kind, e.Action, e.Policy))
				}
			}
			after = next
			return err
		}))
		if after < 0 {
			return found
		}
	}
}

// Approved has an assessment of the content submitted, and approved by all who are asked.
func (w *World) Approved(c assessment.Content) assessment.Assessment {
	w.T.Helper()
	x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", c)
	w.Must(err)
	x, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), x.ID)
	w.Must(err)
	for _, role := range x.PendingApprovals() {
		x, err = w.Assessments.Decide(w.Ctx, w.As(role), x.ID, assessment.DecisionApproved, "")
		w.Must(err)
	}
	return x
}
