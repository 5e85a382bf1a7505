package evidence

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/lifecycle"
)

// Office is what every service needs in order to act: the authorisation
// function, the desk where denials are recorded, the clock and the ids.
type Office struct {
	Enforcer *authz.Enforcer
	Denials  Store[Recorder]
	Now      func() time.Time // any time; Time cuts it to UTC microseconds
	NewID    func() string    // time-ordered, unique
	Policy   string           // digest of the policy and of the policy data in force
}

// Time is the clock cut to what is stored: UTC, microseconds.
func (o *Office) Time() time.Time { return o.Now().UTC().Truncate(time.Microsecond) }

// Authorise answers with the role under which the caller may act. A denial is
// recorded before it is returned as authz.ErrDenied; where it cannot be
// recorded the answer is ErrUnavailable.
func (o *Office) Authorise(ctx context.Context, c authz.Caller, action authz.Action, res authz.Resource) (authz.Role, error) {
	role, err := o.Enforcer.Check(c, action, res)
	if err == nil {
		return role, nil
	}
	return "", errors.Join(err, o.Deny(ctx, c, action, res, authz.Codes(err)...))
}

// Reach is where the caller may do action to records of a kind, for a list of
// them. Where that is nowhere, what would be empty must not look like nothing:
// the answer is that of Authorise.
func (o *Office) Reach(ctx context.Context, c authz.Caller, action authz.Action, kind string) (authz.Reach, error) {
	reach := o.Enforcer.Reach(c, action, kind)
	if !reach.Nowhere() {
		return reach, nil
	}
	_, err := o.Authorise(ctx, c, action, authz.Resource{Kind: kind})
	return authz.Reach{}, err
}

// AuthoriseOwn is Authorise for what a person does to nothing but themselves.
func (o *Office) AuthoriseOwn(ctx context.Context, c authz.Caller, action authz.Action, res authz.Resource) error {
	err := o.Enforcer.CheckOwn(c, action)
	if err == nil {
		return nil
	}
	return errors.Join(err, o.Deny(ctx, c, action, res, authz.Codes(err)...))
}

// Deny records that the caller was refused with codes, in a transaction of its
// own. It returns nil when that is written.
func (o *Office) Deny(ctx context.Context, c authz.Caller, action authz.Action, res authz.Resource, codes ...string) error {
	return o.DenyUnder(ctx, c, action, res, o.Policy, "", codes...)
}

// DenyUnder is Deny where the refusal rests on more than the authorisation
// policy: policy names all of it (R37), and phase that of the gate, where it is one
// of the gate's codes.
func (o *Office) DenyUnder(ctx context.Context, c authz.Caller, action authz.Action, res authz.Resource, policy, phase string, codes ...string) error {
	e := o.Entry(c, "", Denial, action, res)
	e.Verdict, e.Codes, e.Policy, e.Phase = Refused, codes, policy, phase
	_, err := o.Denials.Update(ctx, func(r Recorder) error { return r.Record(ctx, e) })
	if err != nil {
		return fmt.Errorf("%w: recording a denial: %w", ErrUnavailable, err)
	}
	return nil
}

// Ended answers with the error that an act ended with. One that the state of
// the record does not allow is recorded as denied before (R43).
func (o *Office) Ended(ctx context.Context, c authz.Caller, action authz.Action, res authz.Resource, err error) error {
	if !errors.Is(err, lifecycle.ErrIllegal) {
		return err
	}
	return errors.Join(err, o.Deny(ctx, c, action, res, lifecycle.Code))
}

// Entry begins the entry of an act that was allowed under role.
func (o *Office) Entry(c authz.Caller, role authz.Role, kind Kind, action authz.Action, res authz.Resource) Entry {
	res.ID, res.Mission, res.Partner = Opaque(res.ID), Opaque(res.Mission), Opaque(res.Partner)
	return Entry{
		ID: o.NewID(), Time: o.Time(), Kind: kind, Actor: c.Person, Token: c.Token, Role: role, Action: action,
		Verdict: Allowed, Policy: o.Policy, Mission: res.Mission, Partner: res.Partner,
		Subject: Ref{Kind: res.Kind, ID: res.ID}, Request: c.Request, Source: c.Source,
	}
}

// ids are UUIDs, digests, or the thumbprint of a key.
var ids = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[A-Za-z0-9_-]{43}|SYS)?$`)

// Opaque lets through what can be an id of this system, and nothing that
// somebody typed: an entry is for ever, and a path may hold a name (R55).
func Opaque(id string) string {
	if ids.MatchString(id) {
		return id
	}
	return "not an id"
}
