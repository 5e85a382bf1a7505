package identity

import (
	"context"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Ends is when the log must say that the token is over: nil where it does
// already, or where the token was revoked.
func (t Token) Ends() *time.Time {
	if t.Revoked != nil || t.Ended {
		return nil
	}
	return &t.Expires
}

// ExpireDue has the log say which tokens are over: one entry for each that was
// issued, at most (see evidence.Expire). It answers with how many. What is over
// makes nobody known from that instant on.
func (d *Desk) ExpireDue(ctx context.Context) (int, error) {
	return evidence.Expire(ctx, d.office, d.store, evidence.Ending[Token, Tx]{Action: "token.expire", Due: Tx.TokensDue, End: end})
}

func end(ctx context.Context, tx Tx, was Token, now time.Time) (authz.Resource, error) {
	t, err := tx.Token(ctx, was.ID)
	if err != nil {
		return authz.Resource{}, err
	}
	if ends := t.Ends(); ends == nil || now.Before(*ends) {
		return authz.Resource{}, evidence.ErrConflict
	}
	p, err := tx.Person(ctx, t.Person)
	if err != nil {
		return authz.Resource{}, err
	}
	t.Version, t.Ended, t.Actor, t.Updated = t.Version+1, true, string(authz.SYS), now
	return authz.Resource{Kind: KindToken, ID: t.ID, Mission: p.Mission, Partner: p.Partner}, tx.SaveToken(ctx, t)
}
