package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"safeconduct/authz"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/gate"
)

// suspend has the mission stop the agreement while the file waits, and two at
// headquarters put it in force again (separation of duties 11).
func (p *Player) suspend(ctx context.Context) error {
	path := "/agreements/" + p.world.Agreement + "/suspension"
	if err := p.do(ctx, post("suspend-agreement", authz.FP, "suspends the agreement at once: headquarters has 72 hours to decide", path,
		object{"reason": "a question to the partner"}), nil); err != nil {
		return err
	}
	if err := p.withheld(ctx, "refused-suspension", "wants to pull the file, which is held", gate.AgrSuspended); err != nil {
		return err
	}
	closed := object{"reason": "the question is answered"}
	return p.acts(
		post("lift-agreement-leg", authz.LEG, "agrees to lift the suspension", path+"/lift", closed),
		post("lift-agreement-dpo", authz.DPO, "agrees too: it is lifted by two, and the gate is asked again at the pull", path+"/lift", closed),
	)(ctx)
}

// withdraw takes the consent of the first person back.
func (p *Player) withdraw(ctx context.Context) error {
	if err := p.do(ctx, post("withdraw-consent", authz.RO, "records that the first person takes consent back", "/consents/"+p.records[0]+"/withdrawal",
		object{"reason": "invented for the demo"}), nil); err != nil {
		return err
	}
	return p.withheld(ctx, "refused-after-withdrawal", "pulls again", gate.ConsentWithdrawn)
}

// withheld has the partner pull and be refused; only the mission learns why.
func (p *Player) withheld(ctx context.Context, step, what string, want gate.Code) error {
	c := call{step: step, role: authz.PDL, what: what, method: http.MethodGet, path: "/transfers/" + p.transfer + "/files/1"}
	status, err := p.clients[authz.PDL].Call(ctx, c.method, c.path, nil, nil)
	var problem *edge.Problem
	if err != nil && !errors.As(err, &problem) {
		return unexpected(c.step, err)
	}
	t := c.telling(status, Refused)
	if err == nil {
		t.Outcome = Released
		return errors.Join(p.report(t), fmt.Errorf("%w: step %s: it was pulled", ErrUnexpected, c.step))
	}
	partner := codesOf(problem)
	// The cause is not the partner's to know: the officer reads it.
	var seen struct {
		Codes    []string `json:"codes"`
		Decision struct {
			Refusals []edge.RefusalView `json:"refusals"`
		} `json:"decision"`
	}
	if err := p.quiet(ctx, call{step: c.step, role: authz.RO, method: http.MethodGet, path: "/transfers/" + p.transfer}, &seen); err != nil {
		return err
	}
	t.Codes, t.Refusals = append([]string{}, seen.Codes...), seen.Decision.Refusals
	t.Notes = []string{"the partner is told only " + string(gate.PullDenied) + "; the referral officer reads the cause on the transfer:"}
	if err := p.report(t); err != nil {
		return err
	}
	if !slices.Equal(partner, texts([]gate.Code{gate.PullDenied})) || !slices.Equal(t.Codes, texts([]gate.Code{want})) {
		return fmt.Errorf("%w: step %s: the partner sees %v and the officer %v", ErrUnexpected, c.step, partner, t.Codes)
	}
	p.met[string(want)] = true
	return nil
}
