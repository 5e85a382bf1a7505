package identity

import (
	"context"
	"errors"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
)

// beyondError says that a token would carry a role that the caller may not grant.
type beyondError struct {
	action authz.Action
	res    authz.Resource
	denied error
}

func (b *beyondError) Error() string { return b.denied.Error() }

func (b *beyondError) Unwrap() error { return b.denied }

// grantable asks of each role that is held now whether the caller may grant it:
// whoever issues a token could otherwise act beyond their own rights (separation
// of duties 8). Where the token is kept too, its transaction has the turn of the
// grants: one that is made later begins after what the token carries.
func (d *Desk) grantable(c authz.Caller, held []people.Grant, now time.Time) error {
	for _, g := range held {
		if !g.LiveAt(now) {
			continue
		}
		action, res := authz.GrantRole(g.Role), authz.Resource{Kind: KindToken, Mission: g.Mission, Partner: g.Partner}
		if _, err := d.office.Enforcer.Check(c, action, res); err != nil {
			return &beyondError{action, res, err}
		}
	}
	return nil
}

// recorded records a refusal of grantable (R43), outside of any transaction, and
// answers with the error as it is.
func (d *Desk) recorded(ctx context.Context, c authz.Caller, err error) error {
	if beyond := (*beyondError)(nil); errors.As(err, &beyond) {
		return errors.Join(beyond.denied, d.office.Deny(ctx, c, beyond.action, beyond.res, authz.Codes(beyond.denied)...))
	}
	return err
}
