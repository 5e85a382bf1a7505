package transfer

import (
	"context"
	"slices"

	"safeconduct/agreements/authorities"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/gate"
)

// caseOf is the case that the refusal of a transfer opens where an authority
// asks for the data (R34); nil where none does. The refusal names it, so that
// the sender is told. A refused transfer is final: it opens one case.
func (o *Office) caseOf(t *Transfer, f gate.Facts) *authorities.Case {
	i := slices.IndexFunc(t.Decision.Refusals, func(r gate.Refusal) bool { return r.Code == gate.RecipientAuthority })
	if i < 0 || t.State != Refused {
		return nil
	}
	asked := authorities.Asked{Transfer: t.ID, Mission: t.Mission, Country: f.Country, Sender: t.Sender}
	if f.Partner != nil { // another id is only what somebody typed
		asked.Partner, asked.Country = f.Partner.ID, f.Partner.Country
	}
	c := authorities.Opened(o.Office.NewID(), asked, f.Now)
	t.Decision.Refusals[i].Object = c.Ref()
	return &c
}

// open keeps the case with its entry, which follows that of the refusal.
func (o *Office) open(ctx context.Context, tx Tx, by authz.Caller, c *authorities.Case) error {
	if c == nil {
		return nil
	}
	if err := tx.SaveLegalCase(ctx, *c); err != nil {
		return err
	}
	e := o.Office.Entry(system(by), authz.SYS, evidence.Change, "authority.open", c.Resource())
	e.Result = string(c.State)
	return tx.Record(ctx, e)
}
