package identity_test

import (
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
)

// register has the partner on record: its people cannot enrol before (R21).
func (w *world) register() {
	w.t.Helper()
	now := w.office.Time()
	p := parties.Party{ID: partner, Version: 1, Name: "Relief", Kind: parties.NGO, Country: "CO", State: parties.Registered, Created: now, Updated: now}
	_, err := store.For[parties.Tx](w.store).Update(w.ctx, func(tx parties.Tx) error {
		if err := tx.SaveParty(w.ctx, p); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{Kind: parties.KindParty, ID: p.ID}))
	})
	w.must(err)
}
