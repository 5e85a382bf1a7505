package assessment

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/people"
)

// Revise writes other content into a draft or a returned assessment, on the
// template in force and on the agreement's document as it stands. The agreement
// stays.
func (d *Desk) Revise(ctx context.Context, c authz.Caller, id string, content Content) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentCreate, id, func(x act, a Assessment) (Assessment, error) {
		if err := a.in("revise", "start a new assessment", Draft, Returned); err != nil {
			return Assessment{}, err
		}
		if content.Agreement != a.Agreement {
			return Assessment{}, fmt.Errorf("%w: the agreement of an assessment stays; draft another one", people.ErrInvalid)
		}
		t, content, err := d.drafted(ctx, x.tx, x.of, a.Mission, content)
		if err != nil {
			return Assessment{}, err
		}
		return a.Revise(t, c.Person, content, x.now)
	})
}

// Submit scores it under its own template version and hands it to those who
// approve its band.
func (d *Desk) Submit(ctx context.Context, c authz.Caller, id string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentSubmit, id, func(x act, a Assessment) (Assessment, error) {
		all, err := d.editions(ctx, x.tx)
		if err != nil {
			return Assessment{}, err
		}
		e, err := all.Number(a.TemplateVersion)
		if err != nil {
			return Assessment{}, err
		}
		if e.State != TemplateApproved {
			return Assessment{}, a.refuse("submit", "on a template that is not withdrawn", "revise it on the current template")
		}
		fits, err := d.admitted(ctx, x.tx, e.Template, a.Content)
		if err != nil {
			return Assessment{}, err
		}
		if !fits {
			return Assessment{}, a.refuse("submit", "the short form is not for these categories", "answer the long form")
		}
		out, err := a.Submit(e.Template, c.Person, x.role, x.now)
		if err != nil {
			return Assessment{}, err
		}
		known, err := x.tx.Categories(ctx)
		if err != nil {
			return Assessment{}, err
		}
		known = terms.InForce(known, x.now)
		out.Sensitivity = terms.Highest(known, out.Categories)
		return out, x.notUnderstated(e.Template, a, known)
	})
}

// Decide is one approver's decision: approved, returned or rejected. The band
// says who must approve; the author never does (separation of duties 2). Who
// holds several roles decides under the first that may, or narrows the caller
// (authz.Caller.As).
func (d *Desk) Decide(ctx context.Context, c authz.Caller, id string, decision Decision, note string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentApprove, id, func(x act, a Assessment) (out Assessment, err error) {
		switch decision {
		case DecisionApproved:
			out, err = a.Approve(c.Person, x.role, note, x.now)
		case DecisionReturned:
			out, err = a.Return(c.Person, x.role, note, x.now)
		case DecisionRejected:
			out, err = a.Reject(c.Person, x.role, note, x.now)
		default:
			err = fmt.Errorf("%w: decision is approved, returned or rejected", people.ErrInvalid)
		}
		return out, cmp.Or(err, x.notItsAuthor(ctx, "decide", a))
	})
}

// notItsAuthor refuses an act by one side with an author of the assessment, at any
// time since it was begun (separation of duties 2).
func (x act) notItsAuthor(ctx context.Context, event string, a Assessment) error {
	err := people.Apart(ctx, x.tx, x.caller.Person, a.CreatedAt, x.now, append([]string{a.Author}, a.Editors...)...)
	if errors.Is(err, people.ErrSameSide) {
		return a.refuse(event, "its author does not decide on it, nor who stands for them (separation of duties 2)",
			"ask another person; a deputy counts as the one whose post it is")
	}
	return err
}

// AddCondition makes the approval rest on a duty, by one who may approve.
func (d *Desk) AddCondition(ctx context.Context, c authz.Caller, id string, cond Condition) (Assessment, error) {
	cond.MadeBy = c.Person
	return d.change(ctx, c, authz.AssessmentApprove, id, func(x act, a Assessment) (Assessment, error) {
		if err := a.mayDecide("add condition", c.Person); err != nil {
			return Assessment{}, err
		}
		out, err := a.AddCondition(cond, x.now)
		return out, cmp.Or(err, x.notItsAuthor(ctx, "add condition", a))
	})
}

// CloseCondition closes a condition, by its owner or by a focal point of the
// mission; done says what was done.
func (d *Desk) CloseCondition(ctx context.Context, c authz.Caller, id string, number int, done string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentClose, id, func(x act, a Assessment) (Assessment, error) {
		by := Closer{Person: c.Person}
		for _, g := range c.Grants {
			if place, ok := authz.PlaceOf(g.Role); ok && (place == authz.AtHQ || place == authz.AtMission && g.Mission == a.Mission) {
				by.Roles = append(by.Roles, g.Role)
			}
		}
		return a.CloseCondition(number, by, done, x.now)
	})
}

// Derogate is one of the two acts, by Legal and by the DPO, that let one transfer
// pass an assessment of a refused band. See Assessment.Derogate.
func (d *Desk) Derogate(ctx context.Context, c authz.Caller, id string, scope Derogation, text string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentDerogate, id, func(x act, a Assessment) (Assessment, error) {
		scope.Partner = x.of.Partner
		out, err := a.Derogate(scope, Given{Person: c.Person, Role: x.role, Text: text}, x.now)
		return out, cmp.Or(err, x.notItsAuthor(ctx, "derogate", a))
	})
}

// WithdrawDerogation ends a derogation at once, by either of those who may give
// one.
func (d *Desk) WithdrawDerogation(ctx context.Context, c authz.Caller, id string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentDerogate, id, func(x act, a Assessment) (Assessment, error) {
		return a.WithdrawDerogation(c.Person, x.now)
	})
}

// End makes one approved assessment stale, by Legal or the DPO, with a reason: what
// nothing that the system knows of would end. Transfers under it are refused and held
// from then on (RBA_STALE).
func (d *Desk) End(ctx context.Context, c authz.Caller, id, reason string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentEnd, id, func(x act, a Assessment) (Assessment, error) {
		return a.End(c.Person, reason, x.now)
	})
}
