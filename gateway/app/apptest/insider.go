package apptest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/ledger"
)

// Alarms counts what the alarm metric would.
type Alarms struct {
	mu    sync.Mutex
	kinds []string
}

func (a *Alarms) ring(_ context.Context, kind string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kinds = append(a.kinds, kind)
}

// Count is how often it rang.
func (a *Alarms) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.kinds)
}

func (a *Alarms) rang(kind string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.kinds, kind)
}

// insider is one row written by hand, and the act that would profit.
type insider struct {
	name string
	kind string // of the row that the alarm must name
	hand func(w *World, h *Hand) (act func() error)
}

// RunInsider writes every kind of row that carries authority by hand, and wants
// a refusal, an entry of the log and an alarm, and never data (R49, R53). open
// gives a world that is ready, and its database as the administrator has it.
func RunInsider(t *testing.T, open func(t *testing.T, o Options) (*World, *Hand)) {
	t.Helper()
	for _, tc := range slices.Concat(tokensByHand(), grantsByHand(), signatoriesByHand(), decisionsByHand(), consentsByHand(), logByHand()) {
		t.Run("R49 R53 "+tc.name, func(t *testing.T) {
			t.Parallel()
			alarms := &Alarms{}
			w, h := open(t, Options{Alarms: alarms})
			act := tc.hand(w, h)
			err := act()
			if err == nil {
				t.Fatal("it was believed")
			}
			if !errors.Is(err, evidence.ErrTampered) && !errors.Is(err, identity.ErrUnknown) {
				t.Errorf("it failed, but not since the row is forged: %v", err)
			}
			if !alarms.rang(tc.kind) {
				t.Errorf("no alarm for a %s, only %v", tc.kind, alarms.kinds)
			}
			if w.Recorded(tc.kind) == 0 {
				t.Errorf("no entry says that a %s was altered", tc.kind)
			}
		})
	}
}

// Recorded counts the entries that say that a row of the kind was altered.
func (w *World) Recorded(kind string) int {
	w.T.Helper()
	w.Settled()
	lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.OIG), transfer.LogFilter{Code: app.Tampered, After: -1, AtMost: 100})
	w.Must(err)
	return len(slices.DeleteFunc(lines, func(l transfer.LogLine) bool { return l.Entry.Subject.Kind != kind }))
}

// signIn is the act of who comes with the secret of a token.
func signIn(w *World, s identity.Secret) func() error {
	return func() error { _, err := w.Identity.Authenticate(w.Ctx, s); return err }
}

// issued is a token of the downloader's, and its secret.
func issued(w *World) (identity.Token, identity.Secret) {
	token, secret, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], time.Hour, nil)
	w.Must(err)
	_, err = w.Identity.Authenticate(w.Ctx, secret)
	w.Must(err)
	return token, secret
}

func drawn(w *World) identity.Secret {
	secret, err := identity.NewSecret(rand.Reader)
	w.Must(err)
	return secret
}

func tokensByHand() []insider {
	const kind = identity.KindToken
	return []insider{
		{"a token that nobody issued", kind, func(w *World, h *Hand) func() error {
			token, _ := issued(w)
			secret := drawn(w)
			h.Forge(kind, "tokens", token.ID, app.NewID(), func(said map[string]any) { said["hash"] = secret.Hash() },
				map[string]any{"hash": secret.Hash(), "person": token.Person})
			return signIn(w, secret)
		}},
		{"a token found under another secret", kind, func(w *World, h *Hand) func() error {
			token, _ := issued(w)
			secret := drawn(w)
			h.Exec("UPDATE tokens SET hash = $1 WHERE id = $2", secret.Hash(), token.ID)
			return signIn(w, secret)
		}},
		{"a token with another secret", kind, func(w *World, h *Hand) func() error {
			token, _ := issued(w)
			secret := drawn(w)
			h.Alter(kind, token.ID, func(said map[string]any) { said["hash"] = secret.Hash() })
			h.Exec("UPDATE tokens SET hash = $1 WHERE id = $2", secret.Hash(), token.ID)
			return signIn(w, secret)
		}},
		{"a token that was revoked", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			_, err := w.Identity.Revoke(w.Ctx, w.As(authz.LEG), token.ID)
			w.Must(err)
			h.RollBack(kind, "tokens", token.ID, nil)
			return signIn(w, secret)
		}},
		{"a token whose record is gone", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			h.Exec("DELETE FROM record_versions WHERE kind = $1 AND id = $2", kind, token.ID)
			return signIn(w, secret)
		}},
	}
}

func grantsByHand() []insider {
	const kind = people.KindGrant
	grantOf := func(h *Hand, person string) string { return h.Text("SELECT id FROM grants WHERE person = $1", person) }
	return []insider{
		{"a role that nobody granted", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			pattern := grantOf(h, w.Persons[authz.HOM])
			h.Forge(kind, "grants", pattern, app.NewID(), func(said map[string]any) { said["person"] = token.Person },
				map[string]any{"person": token.Person, "role": "HOM", "mission": w.Mission.ID, "partner": ""})
			return signIn(w, secret)
		}},
		{"another's role", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			h.Exec("UPDATE grants SET person = $1 WHERE id = $2", token.Person, grantOf(h, w.Persons[authz.HOM]))
			return signIn(w, secret)
		}},
		{"a role of another kind", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			h.Alter(kind, grantOf(h, token.Person), func(said map[string]any) { said["role"] = "LEG" })
			return signIn(w, secret)
		}},
		{"a role that was ended", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			id := grantOf(h, token.Person)
			_, err := w.People.EndGrant(w.Ctx, w.As(authz.LEG), id)
			w.Must(err)
			h.RollBack(kind, "grants", id, nil)
			return signIn(w, secret)
		}},
	}
}

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

func signatoriesByHand() []insider {
	keyOf := func(w *World, h *Hand) string {
		return h.Text("SELECT id FROM signing_keys WHERE person = $1", w.Persons[authz.PSG])
	}
	return []insider{
		{"a signatory whose authority nobody confirmed", people.KindKey, func(w *World, h *Hand) func() error {
			key, err := signing.GenerateKey(rand.Reader)
			w.Must(err)
			h.Forge(people.KindKey, "signing_keys", keyOf(w, h), key.Public().Thumbprint(), func(map[string]any) {}, map[string]any{"person": w.Persons[authz.PSG]})
			return request(w)
		}},
		{"a signatory with another key", people.KindKey, func(w *World, h *Hand) func() error {
			key, err := signing.GenerateKey(rand.Reader)
			w.Must(err)
			jwk, err := key.Public().MarshalJSON()
			w.Must(err)
			sent := landed(w)
			h.Alter(people.KindKey, keyOf(w, h), func(said map[string]any) { said["public"] = string(jwk) })
			return approve(w, sent.ID)
		}},
		{"a signature that nobody made", agreements.KindAgreement, func(w *World, h *Hand) func() error {
			id := h.Text("SELECT id FROM agreements")
			sent := landed(w)
			h.Alter(agreements.KindAgreement, id, func(said map[string]any) {
				all, _ := said["signatures"].([]any)
				all[0].(map[string]any)["signatory"] = w.Persons[authz.RO]
			})
			return approve(w, sent.ID)
		}},
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
