package apptest

import (
	"crypto/rand"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// forgedEntry is in good form, and proves by its commitment; it has no tag.
func forgedEntry(w *World) ledger.Entry {
	said := w.Office.Entry(w.As(authz.HOM), authz.HOM, evidence.Change, authz.TransferApprove, authz.Resource{Kind: transfer.KindTransfer})
	body, err := said.Canonical()
	w.Must(err)
	e, err := ledger.NewEntry(said.ID, string(said.Kind), body, rand.Reader)
	w.Must(err)
	return e
}

func (h *Hand) insert(e ledger.Entry, seq any) {
	h.Exec("INSERT INTO log_entries (id, seq, version, kind, commitment, salt, body, mac) SELECT $1, $2, $3, $4, $5, $6, $7, mac FROM log_entries WHERE seq = 0",
		e.ID, seq, e.Version, e.Kind, e.Commitment, e.Salt, e.Body)
}

func logByHand() []insider {
	const kind = store.KindEntry
	return []insider{
		{"an entry that waits, and that nobody wrote", kind, func(w *World, h *Hand) func() error {
			w.Settled()
			e := forgedEntry(w)
			h.insert(e, nil)
			return func() error {
				w.Settled()
				if h.Text("SELECT CAST(COUNT(seq) AS TEXT) FROM log_entries WHERE id = $1", e.ID) != "0" {
					return nil // it was believed
				}
				return evidence.ErrTampered
			}
		}},
		{"an entry with a place, and that nobody wrote", kind, func(w *World, h *Hand) func() error {
			w.Settled()
			head, err := (store.Log{Store: w.Store}).Head(w.Ctx)
			w.Must(err)
			e := forgedEntry(w)
			hashes, _, err := ledger.Append(head.Size, [][]byte{ledger.Leaf(e)}, (store.Log{Store: w.Store}).Hashes(w.Ctx))
			w.Must(err)
			for _, row := range hashes {
				h.Exec("INSERT INTO log_hashes (id, hash) VALUES ($1, $2)", row.ID, row.Hash)
			}
			h.insert(e, head.Size)
			return func() error {
				_, err := w.Sequencer.Step(w.Ctx) // nothing is signed over it
				h.Exec("DELETE FROM log_entries WHERE id = $1", e.ID)
				for _, row := range hashes {
					h.Exec("DELETE FROM log_hashes WHERE id = $1", row.ID)
				}
				return err
			}
		}},
		{"an entry that was rewritten", kind, func(w *World, h *Hand) func() error {
			w.Settled()
			e := forgedEntry(w)
			had := h.Text("SELECT id FROM log_entries WHERE seq = 1")
			h.Exec("CREATE TABLE kept AS SELECT * FROM log_entries WHERE seq = 1")
			h.Exec("UPDATE log_entries SET body = $1 WHERE id = $2", e.Body, had)
			return func() error {
				_, _, err := w.Log.Entries(w.Ctx, w.As(authz.LEG), transfer.LogFilter{After: -1, AtMost: 10})
				h.Exec("UPDATE log_entries SET body = (SELECT body FROM kept) WHERE id = $1", had)
				return err
			}
		}},
	}
}
