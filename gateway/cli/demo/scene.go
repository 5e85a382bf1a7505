package demo

import (
	"context"

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
	"safeconduct/transfer/gate"
)

// scene is one refusal that is met and mended: something is in the way, the gate
// says what and whom to ask, they mend it, and the same request passes.
type scene struct {
	name   string // of its steps: refused-NAME, mended-NAME
	as     authz.Role
	what   string                          // stands in the way, in a few words
	cause  func(ctx context.Context) error // brings it about; nil where the order does
	order  client.Order
	codes  []gate.Code
	mend   func(ctx context.Context) error // by the right person; nil where the order is mended
	mended client.Order
}

// meet plays the scenes: each refusal is another one, and each is mended.
func (p *Player) meet(ctx context.Context) error {
	for _, make := range []func() scene{
		p.untrained, p.uncovered, p.wrongRecipient, p.incomplete, p.consentOfLess, p.wrongNotice, p.spoken, p.sensitive, p.objection, p.legalHold,
		p.noDownloader, p.partnerSuspended, p.incident,
	} {
		if err := p.play(ctx, make()); err != nil {
			return err
		}
	}
	return nil
}

func (p *Player) play(ctx context.Context, s scene) error {
	if s.cause != nil {
		if err := s.cause(ctx); err != nil {
			return err
		}
	}
	if err := p.refused(ctx, post("refused-"+s.name, s.as, "asks to send: "+s.what, "/transfers", s.order), s.codes...); err != nil {
		return err
	}
	order := s.mended
	if s.mend != nil {
		order = s.order
		if err := s.mend(ctx); err != nil {
			return err
		}
	}
	return p.do(ctx, post("mended-"+s.name, s.as, "asks again: it is mended, and the gate lets it begin", "/transfers", order), nil)
}

// one is the order for the first person alone.
func (p *Player) one() client.Order {
	o := p.order()
	o.Subjects = o.Subjects[:1]
	return o
}

// inTurn does one thing after the other.
func inTurn(things ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, do := range things {
			if err := do(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// acts makes calls that must succeed, one after another.
func (p *Player) acts(calls ...call) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, c := range calls {
			if err := p.do(ctx, c, nil); err != nil {
				return err
			}
		}
		return nil
	}
}
