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
// asks for the data (R34), or, where nobody of Legal has taken one of the same
// sender and partner yet, the next version of that, which tells of this transfer;
// nil where no authority asks. The refusal names the case, so that the sender is told. Of
// partners that are not registered nobody knows which is which: what one sender
// asks of all of them in a mission is one case, so that nobody fills Legal's queue
// with names that they make up.
func (o *Office) caseOf(ctx context.Context, tx Tx, t *Transfer, f gate.Facts, heard bool) (*authorities.Case, error) {
	i := slices.IndexFunc(t.Decision.Refusals, func(r gate.Refusal) bool { return r.Code == gate.RecipientAuthority })
	if i < 0 || t.State != Refused || !heard {
		return nil, nil //nolint:nilnil // most refusals open none, which is no error
	}
	asked := authorities.Asked{Transfer: t.ID, Mission: t.Mission, Country: f.Country, Sender: t.Sender}
	if f.Partner != nil { // another id is only what somebody typed
		asked.Partner, asked.Country = f.Partner.ID, f.Partner.Country
	}
	c := authorities.Opened(o.Office.NewID(), asked, f.Now)
	switch known, err := tx.OpenedFor(ctx, asked.Mission, asked.Partner, asked.Sender); {
	case err == nil:
		c = known.Again(t.ID, f.Now)
	case !absent(err):
		return nil, err
	}
	t.Decision.Refusals[i].Object = c.Ref()
	return &c, nil
}

// heard reports whether Legal hears of an authority from who asks for the
// transfer: from anybody who holds a role in its mission, whether or not they may
// send, since the authority asks all the same (R34): without a task under the
// purpose, without a valid training, or as its head. Not from headquarters, which
// sends nothing and tells Legal itself; nor by a token that was made for other acts.
func heard(c authz.Caller, mission string) bool {
	return c.Reaches(authz.TransferRequest) && slices.Contains(c.Missions(), mission)
}

// open keeps the case with its entry, which follows that of the refusal.
func (o *Office) open(ctx context.Context, tx Tx, by authz.Caller, c *authorities.Case) error {
	if c == nil {
		return nil
	}
	if err := tx.SaveLegalCase(ctx, *c); err != nil {
		return err
	}
	action := authz.Action("authority.open")
	if c.Version > 1 {
		action = "authority.asked_again"
	}
	e := o.Office.Entry(system(by), authz.SYS, evidence.Change, action, c.Resource())
	e.Result = string(c.State)
	return tx.Record(ctx, e)
}
