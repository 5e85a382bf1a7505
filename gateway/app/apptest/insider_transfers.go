package apptest

import (
	"bytes"
	"time"

	"safeconduct/agreements"
	"safeconduct/authz"
	"safeconduct/gateway/app"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
)

// landed is a transfer that waits for approval.
func landed(w *World) transfer.Transfer {
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	sent, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", bytes.NewReader([]byte("a payload")))
	w.Must(err)
	return sent
}

func approve(w *World, id string) func() error {
	return func() error { _, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), id, true, ""); return err }
}

func request(w *World) func() error {
	return func() error { _, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order()); return err }
}

// pull wants no byte, whatever the answer.
func pull(w *World, id string) func() error {
	pdl := w.As(authz.PDL)
	return func() error {
		d, err := w.Transfers.Pull(w.Ctx, pdl, id, 1, 0)
		if err != nil {
			return err
		}
		var left bytes.Buffer
		err = d.Send(w.Ctx, &left)
		if left.Len() > 0 {
			w.T.Errorf("%d bytes left, and the answer was %v", left.Len(), err)
		}
		return err
	}
}

func decisionsByHand() []insider {
	const kind = transfer.KindTransfer
	agreement := func(h *Hand) string { return h.Text("SELECT id FROM agreements") }
	return []insider{
		{"an approval that nobody gave", kind, func(w *World, h *Hand) func() error {
			sent := landed(w)
			h.Alter(kind, sent.ID, func(said map[string]any) {
				said["approvals"] = []any{map[string]any{"person": w.Persons[authz.HOM], "role": "HOM", "at": w.Clock.Now(), "granted": true}}
			})
			return func() error { _, err := w.Transfers.Commit(w.Ctx, w.As(authz.RO), sent.ID); return err }
		}},
		{"a release that nobody decided", kind, func(w *World, h *Hand) func() error {
			sent := landed(w)
			h.Alter(kind, sent.ID, func(said map[string]any) {
				said["state"], said["released"], said["window_ends"], said["pull_limit"] = "available", w.Clock.Now(), w.Clock.Now().Add(time.Hour), 3
			})
			h.Exec("UPDATE transfers SET state = 'available' WHERE id = $1", sent.ID)
			return pull(w, sent.ID)
		}},
		{"a recall that is undone", kind, func(w *World, h *Hand) func() error {
			sent := w.Available([]byte("a payload"))
			_, err := w.Transfers.Recall(w.Ctx, w.As(authz.FP), sent.ID, "a mistake")
			w.Must(err)
			h.RollBack(kind, "transfers", sent.ID, map[string]any{"state": "available"})
			return pull(w, sent.ID)
		}},
		{"other people in a transfer", kind, func(w *World, h *Hand) func() error {
			sent := landed(w)
			h.Exec("UPDATE transfer_subjects SET subject = (SELECT subject FROM transfer_subjects WHERE transfer = $1 AND row_number = 2) WHERE transfer = $1 AND row_number = 1", sent.ID)
			return approve(w, sent.ID)
		}},
		{"an activation that nobody decided", agreements.KindAgreement, func(w *World, h *Hand) func() error {
			id := agreement(h)
			_, err := w.Agreements.Suspend(w.Ctx, w.As(authz.LEG), id, "an incident")
			w.Must(err)
			h.Alter(agreements.KindAgreement, id, func(said map[string]any) { said["state"] = "active" })
			h.Exec("UPDATE agreements SET state = 'active' WHERE id = $1", id)
			return request(w)
		}},
		{"a suspension that is undone", agreements.KindAgreement, func(w *World, h *Hand) func() error {
			sent := w.Available([]byte("a payload"))
			id := agreement(h)
			_, err := w.Agreements.Suspend(w.Ctx, w.As(authz.LEG), id, "an incident")
			w.Must(err)
			h.RollBack(agreements.KindAgreement, "agreements", id, map[string]any{"state": "active"})
			return pull(w, sent.ID)
		}},
		{"an assessment that nobody approved", "assessment", func(w *World, h *Hand) func() error {
			h.Alter("assessment", h.Text("SELECT id FROM assessments"), func(said map[string]any) { said["scope_note"] = "wider" })
			return request(w)
		}},
	}
}

func consentsByHand() []insider {
	const kind = consent.KindConsent
	withdrawn := func(w *World) consent.Record {
		r, err := w.Consents.Withdraw(w.Ctx, w.As(authz.RO), w.Consented[0].ID, "asked")
		w.Must(err)
		return r
	}
	return []insider{
		{"a consent that nobody gave", kind, func(w *World, h *Hand) func() error {
			r := withdrawn(w)
			h.Forge(kind, "consents", w.Consented[1].ID, app.NewID(), func(said map[string]any) {
				said["subject"], said["event_time"] = r.Subject, w.Clock.Now().Add(time.Minute)
			}, map[string]any{"subject": r.Subject})
			return request(w)
		}},
		{"a withdrawal that is undone", kind, func(w *World, h *Hand) func() error {
			sent := landed(w)
			r := withdrawn(w)
			h.RollBack(kind, "consents", r.ID, nil)
			return approve(w, sent.ID)
		}},
		{"another's consent", kind, func(w *World, h *Hand) func() error {
			sent := w.Available([]byte("a payload"))
			r := withdrawn(w)
			h.Exec("UPDATE consents SET subject = $1 WHERE id = $2", r.Subject, w.Consented[1].ID)
			return pull(w, sent.ID)
		}},
		{"a withdrawal rewritten", kind, func(w *World, h *Hand) func() error {
			r := withdrawn(w)
			h.Alter(kind, r.ID, func(said map[string]any) { said["state"] = "given" })
			return request(w)
		}},
	}
}
