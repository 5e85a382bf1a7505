package assessment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
)

// The methods below are the state machine of domain.md section 4. Each answers
// a new value, or a *lifecycle.TransitionError that names state, guard and mend
// and leaves the assessment as it was.

func (a Assessment) refuse(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: "assessment", State: string(a.State), Event: event, Guard: guard, Mend: mend}
}

// in refuses event outside the given states.
func (a Assessment) in(event, mend string, states ...State) error {
	if slices.Contains(states, a.State) {
		return nil
	}
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return a.refuse(event, "only from "+strings.Join(names, " or "), mend)
}

// clone shares no memory with a that a method could write to.
func (a Assessment) clone(now time.Time) Assessment {
	a.Content = a.normal()
	a.Conditions, a.Editors, a.Approvals = slices.Clone(a.Conditions), slices.Clone(a.Editors), slices.Clone(a.Approvals)
	if a.Derogation != nil {
		a.Derogation = new(a.Derogation.clone())
	}
	a.UpdatedAt = instant(now)
	return a
}

// Revise replaces the content of a draft or a returned assessment and answers a
// draft of the next version, on template t. Decisions on earlier versions stay
// recorded and no longer count. Whoever revises can no longer approve. Errors:
// ErrInvalid besides the transition's.
func (a Assessment) Revise(t Template, person string, content Content, now time.Time) (Assessment, error) {
	if err := a.in("revise", "start a new assessment", Draft, Returned); err != nil {
		return Assessment{}, err
	}
	if person == "" {
		return Assessment{}, a.refuse("revise", "nobody named", "name who revises")
	}
	content = content.normal()
	if err := invalid(content.problems(t)); err != nil {
		return Assessment{}, err
	}
	out := a.clone(now)
	out.Content, out.State, out.Version = content, Draft, a.Version+1
	out.TemplateVersion, out.TemplateDigest, out.Result, out.Derogation = t.Version, t.Digest(), Result{}, nil
	out.SubmittedAt, out.SubmittedBy = time.Time{}, ""
	if person != a.Author && !slices.Contains(out.Editors, person) {
		out.Editors = append(out.Editors, person)
	}
	return out, nil
}

// Submit scores the answers on t, the template of the assessment, and hands it
// to the reviewers of its band. From returned, unrevised, it is a new version,
// so that earlier decisions do not count. A result that cannot be approved may
// be submitted: its reviewers return or reject it.
func (a Assessment) Submit(t Template, person string, role authz.Role, now time.Time) (Assessment, error) {
	const event = "submit"
	if err := a.in(event, "start a new assessment", Draft, Returned); err != nil {
		return Assessment{}, err
	}
	if role != authz.RO && role != authz.FP || person == "" {
		return Assessment{}, a.refuse(event, "by a referral officer or a focal point", "ask one of them to submit it")
	}
	if a.TemplateVersion != t.Version || a.TemplateDigest != t.Digest() {
		return Assessment{}, a.refuse(event, "on the template it was written on", "revise it on the current template")
	}
	result, err := t.score(a.Form, a.Answers)
	if err != nil {
		return Assessment{}, &lifecycle.TransitionError{
			Entity: "assessment", State: string(a.State), Event: event, Cause: err,
			Guard: "all questions answered", Mend: err.Error(),
		}
	}
	if !t.reaches(a.Form, result.Band) { // R47
		return Assessment{}, a.refuse(event, "the short form ends in band "+string(t.Short.Band)+"; this is "+string(result.Band), "answer the long form")
	}
	if i := t.band(result.Band); i >= 0 && t.Bands[i].Consulted && !a.consulted() {
		return Assessment{}, a.refuse(event, "band "+string(result.Band)+" asks that people are consulted", "write into people_consulted who was asked: posts and groups, not names")
	}
	out := a.clone(now)
	if a.State == Returned {
		out.Version++
	}
	out.Derogation = nil // what was derogated from is not this
	out.Result, out.State, out.SubmittedAt, out.SubmittedBy = result, Submitted, instant(now), person
	return out, nil
}

// consulted reports whether anybody is named whom the author asked.
func (a Assessment) consulted() bool {
	return slices.ContainsFunc(a.PeopleConsulted, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// Return hands a submitted assessment back to its author. Note says why.
func (a Assessment) Return(person string, role authz.Role, note string, now time.Time) (Assessment, error) {
	return a.sendBack("return", DecisionReturned, Returned, person, role, note, now)
}

// Reject ends a submitted assessment. Note says why.
func (a Assessment) Reject(person string, role authz.Role, note string, now time.Time) (Assessment, error) {
	return a.sendBack("reject", DecisionRejected, Rejected, person, role, note, now)
}

func (a Assessment) sendBack(event string, d Decision, to State, person string, role authz.Role, note string, now time.Time) (Assessment, error) {
	if err := a.mayDecide(event, person); err != nil {
		return Assessment{}, err
	}
	if !slices.Contains(a.Result.Reviewers, role) {
		return Assessment{}, a.refuse(event, "by "+names(a.Result.Reviewers), "ask one of them")
	}
	if strings.TrimSpace(note) == "" {
		return Assessment{}, a.refuse(event, "reason given", "say why in the note")
	}
	out := a.decide(d, person, role, note, now)
	out.State, out.Derogation = to, nil
	return out, nil
}

// Approve records the approval of person in role. When every role that the band
// needs has approved, each by another person, the assessment is approved and
// valid until the same instant ValidMonths calendar months later.
func (a Assessment) Approve(person string, role authz.Role, note string, now time.Time) (Assessment, error) {
	const event = "approve"
	if err := a.mayDecide(event, person); err != nil {
		return Assessment{}, err
	}
	if !a.Result.Approvable {
		return Assessment{}, a.refuse(event, "result acceptable ("+a.Result.why()+")", "return it: reduce the data or the risk, or do not share")
	}
	if !slices.Contains(a.Result.Approvals, role) {
		return Assessment{}, a.refuse(event, "band "+string(a.Result.Band)+" is approved by "+names(a.Result.Approvals), "ask one of them")
	}
	for _, prior := range a.current() {
		if prior.Role == role {
			return Assessment{}, a.refuse(event, "each role once", "still needed: "+names(a.PendingApprovals()))
		}
		if prior.Person == person {
			return Assessment{}, a.refuse(event, "each role by another person", "ask another person in role "+string(role))
		}
	}
	out := a.decide(DecisionApproved, person, role, note, now)
	if len(out.PendingApprovals()) == 0 {
		out.State, out.ApprovedAt = Approved, instant(now)
		out.ValidUntil = addMonths(out.ApprovedAt, a.Result.ValidMonths)
	}
	return out, nil
}

func (a Assessment) mayDecide(event, person string) error {
	if err := a.in(event, "submit it first, or start a new assessment", Submitted); err != nil {
		return err
	}
	// Separation of duties 2: the author is not an approver. Whoever wrote part
	// of the content is an author of it.
	if person == "" || person == a.Author || slices.Contains(a.Editors, person) {
		return a.refuse(event, "author never approves (separation of duties 2)", "ask another person in that role")
	}
	return nil
}

func (a Assessment) decide(d Decision, person string, role authz.Role, note string, now time.Time) Assessment {
	out := a.clone(now)
	out.Approvals = append(out.Approvals, Approval{
		Version: a.Version, Person: person, Role: role, At: instant(now), Decision: d, Note: note,
	})
	return out
}

// current are the approvals of this version.
func (a Assessment) current() []Approval {
	var out []Approval
	for _, p := range a.Approvals {
		if p.Version == a.Version && p.Decision == DecisionApproved {
			out = append(out, p)
		}
	}
	return out
}

// PendingApprovals are the roles that still have to approve a submitted
// assessment, in the order of the template; none in any other state, and none
// where the result cannot be approved at all.
func (a Assessment) PendingApprovals() []authz.Role {
	if a.State != Submitted || !a.Result.Approvable {
		return nil
	}
	given := a.current()
	var out []authz.Role
	for _, role := range a.Result.Approvals {
		if !slices.ContainsFunc(given, func(p Approval) bool { return p.Role == role }) {
			out = append(out, role)
		}
	}
	return out
}

// MarkStale ends an approval because what it judged has changed, by the cause of
// that id, if it has one.
func (a Assessment) MarkStale(reason Trigger, cause string, now time.Time) (Assessment, error) {
	const event = "mark stale"
	if err := a.in(event, "nothing to do", Approved); err != nil {
		return Assessment{}, err
	}
	if !slices.Contains(Triggers(), reason) {
		return Assessment{}, a.refuse(event, "known trigger", fmt.Sprintf("one of %v", Triggers()))
	}
	out := a.clone(now)
	out.State, out.StaleReason, out.StaleCause = Stale, reason, cause
	return out, nil
}

// End ends an approval by one who may (domain.md section 4), for the reason given.
func (a Assessment) End(person, reason string, now time.Time) (Assessment, error) {
	if err := a.in("end", "nothing to do", Approved); err != nil {
		return Assessment{}, err
	}
	if person == "" || strings.TrimSpace(reason) == "" {
		return Assessment{}, a.refuse("end", "reason given", "say why it does not hold any more")
	}
	out, err := a.MarkStale(Ended, "", now)
	out.EndedBy, out.WhyEnded = person, reason
	return out, err
}

// HoldFor keeps an approval for the next version of the agreement's document,
// which goes beyond nothing that was judged.
func (a Assessment) HoldFor(version int, now time.Time) (Assessment, error) {
	const event = "hold"
	if err := a.in(event, "nothing to do", Approved); err != nil {
		return Assessment{}, err
	}
	if version <= a.AgreementVersion {
		return Assessment{}, a.refuse(event, "a later version of the agreement", "name the version that was activated")
	}
	out := a.clone(now)
	out.AgreementVersion = version
	return out, nil
}

// Expire ends an approval whose ValidUntil has come.
func (a Assessment) Expire(now time.Time) (Assessment, error) {
	const event = "expire"
	if err := a.in(event, "nothing to do", Approved); err != nil {
		return Assessment{}, err
	}
	if now.Before(a.ValidUntil) {
		return Assessment{}, a.refuse(event, "valid_until reached", "wait until "+a.ValidUntil.Format(time.RFC3339))
	}
	out := a.clone(now)
	out.State = Expired
	return out, nil
}

// Supersede ends an approval in favour of another assessment.
func (a Assessment) Supersede(by string, now time.Time) (Assessment, error) {
	const event = "supersede"
	if err := a.in(event, "nothing to do", Approved); err != nil {
		return Assessment{}, err
	}
	if by == "" || by == a.ID {
		return Assessment{}, a.refuse(event, "by another assessment", "name the assessment that takes its place")
	}
	out := a.clone(now)
	out.State, out.SupersededBy = Superseded, by
	return out, nil
}

func (r Result) why() string {
	texts := make([]string, len(r.Reasons))
	for i, reason := range r.Reasons {
		texts[i] = string(reason.Code)
		if reason.Question != "" {
			texts[i] += " " + reason.Question
		}
		if reason.Code == ReasonBenefit {
			texts[i] += fmt.Sprintf(" %d of %d", reason.Have, reason.Need)
		}
	}
	return strings.Join(texts, ", ")
}

func names(roles []authz.Role) string {
	texts := make([]string, len(roles))
	for i, role := range roles {
		texts[i] = string(role)
	}
	return strings.Join(texts, ", ")
}

// addMonths adds calendar months, and ends on the last day of a month that has
// no such day: six months from 31 August is the last of February.
func addMonths(t time.Time, months int) time.Time {
	out := t.AddDate(0, months, 0)
	if out.Day() != t.Day() {
		out = out.AddDate(0, 0, -out.Day())
	}
	return out
}
