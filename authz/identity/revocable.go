package identity

import (
	"cmp"
	"context"
	"errors"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Token reads a token, for whoever may revoke it: one's own, or one that the
// caller may issue.
func (d *Desk) Token(ctx context.Context, c authz.Caller, id string) (Token, error) {
	t, _, _, err := d.mayRevoke(ctx, c, id)
	return t, err
}

func (d *Desk) mayRevoke(ctx context.Context, c authz.Caller, id string) (Token, authz.Role, authz.Resource, error) {
	var t Token
	var p people.Person
	var held []people.Grant
	if err := d.store.View(ctx, func(tx Tx) (err error) {
		t, err = tx.Token(ctx, id)
		if errors.Is(err, evidence.ErrNotFound) {
			_, err = tx.Person(ctx, id) // nobody: another's token takes this query too
			return cmp.Or(err, evidence.ErrNotFound)
		} else if err != nil {
			return err
		}
		if p, err = tx.Person(ctx, t.Person); err != nil {
			return err
		}
		if p.ID != c.Person && !p.KnownTo(c) {
			return evidence.ErrNotFound
		}
		held, err = tx.GrantsOf(ctx, t.Person)
		return err
	}); err != nil {
		return Token{}, "", authz.Resource{}, err
	}
	_, role, err := d.mayIssue(ctx, c, authz.TokenRevoke, p, held)
	if err != nil {
		return Token{}, "", authz.Resource{}, err
	}
	return t, role, authz.Resource{Kind: KindToken, ID: id, Mission: p.Mission, Partner: p.Partner, Owner: t.Person}, nil
}
