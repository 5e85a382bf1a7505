package assessment

import (
	"fmt"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
)

// KindTemplate is the record kind of template versions.
const KindTemplate = "assessment_template"

// EditionState is where a template version stands.
type EditionState string

// The states.
const (
	TemplateDraft     EditionState = "draft"
	TemplateApproved  EditionState = "approved"
	TemplateEnded     EditionState = "withdrawn"
	firstOwn                       = 1000 // the program brings the versions below it
	shippedIDTemplate              = "00000000-0000-7000-8000-%012d"
)

// Edition is one version of the questionnaire as a record: Legal writes it, the
// DPO approves it, it is in force from a moment, and it can be withdrawn, which
// makes what was assessed on it stale (R37; domain.md section 5, "Templates,
// thresholds"). Its template never changes.
type Edition struct {
	ID            string         `json:"id"`
	Version       int            `json:"version"` // of the record; 0 while it is as the program brought it
	State         EditionState   `json:"state"`
	Template      Template       `json:"template"`
	Digest        signing.Digest `json:"digest"`
	EffectiveFrom time.Time      `json:"effective_from,omitzero"` // once approved
	Reason        string         `json:"reason"`                  // why it was written
	Author        string         `json:"author"`
	Approver      string         `json:"approver,omitempty"`
	ApprovedAt    time.Time      `json:"approved_at,omitzero"`
	WithdrawnBy   string         `json:"withdrawn_by,omitempty"`
	WithdrawnAt   time.Time      `json:"withdrawn_at,omitzero"`
	WhyWithdrawn  string         `json:"withdrawal_reason,omitempty"`
	Actor         string         `json:"actor"`
	Created       time.Time      `json:"created"`
	Updated       time.Time      `json:"updated"`
}

// NewEdition is a draft by author. The template gets its version from whoever
// keeps the editions. Errors: ErrTemplate.
func NewEdition(id, author string, t Template, from time.Time, reason string, now time.Time) (Edition, error) {
	if err := t.validate(); err != nil {
		return Edition{}, err
	}
	if err := t.saysItsScales(); err != nil {
		return Edition{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Edition{}, bad("the reason for it is missing")
	}
	now = instant(now)
	return Edition{
		ID: id, Version: 1, State: TemplateDraft, Template: t, Digest: t.Digest(), EffectiveFrom: instant(from), Reason: reason,
		Author: author, Actor: author, Created: now, Updated: now,
	}, nil
}

func (e Edition) refuse(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: "assessment template", State: string(e.State), Event: event, Guard: guard, Mend: mend}
}

func (e Edition) next(person string, now time.Time) Edition {
	e.Version, e.Actor, e.Updated = e.Version+1, person, instant(now)
	if e.Created.IsZero() { // the first record of what the program brought
		e.Created = e.Updated
	}
	return e
}

// Approve puts a draft in force from its moment, or from now where that is past.
// Who wrote it does not approve it.
func (e Edition) Approve(person string, now time.Time) (Edition, error) {
	const event = "approve"
	switch {
	case e.State != TemplateDraft:
		return Edition{}, e.refuse(event, "only from draft", "write another version")
	case person == "" || person == e.Author:
		return Edition{}, e.refuse(event, "author never approves", "ask another person")
	}
	out := e.next(person, now)
	out.State, out.Approver, out.ApprovedAt = TemplateApproved, person, out.Updated
	if out.EffectiveFrom.Before(out.Updated) {
		out.EffectiveFrom = out.Updated
	}
	return out, nil
}

// Withdraw ends it for good, in force or not.
func (e Edition) Withdraw(person, reason string, now time.Time) (Edition, error) {
	const event = "withdraw"
	switch {
	case e.State == TemplateEnded:
		return Edition{}, e.refuse(event, "not withdrawn yet", "nothing to do")
	case person == "" || strings.TrimSpace(reason) == "":
		return Edition{}, e.refuse(event, "reason given", "say why")
	}
	out := e.next(person, now)
	out.State, out.WithdrawnBy, out.WithdrawnAt, out.WhyWithdrawn = TemplateEnded, person, out.Updated, reason
	return out, nil
}

// Editions are all versions of the questionnaire, by number.
type Editions []Edition

// shipped are the versions that the program brings, as editions that nobody
// recorded yet: approved, and in force since ever.
func (c Catalog) shipped() Editions {
	all := make(Editions, 0, len(c.templates))
	for _, t := range c.templates {
		all = append(all, Edition{
			ID: fmt.Sprintf(shippedIDTemplate, 100+t.Version), State: TemplateApproved, Template: t, Digest: t.Digest(),
			Reason: "shipped with the program", Author: string(authz.SYS), Approver: string(authz.SYS), Actor: string(authz.SYS),
		})
	}
	return all
}

// with are the recorded editions and, of those that the program brings, those
// of which there is no record.
func (all Editions) with(recorded []Edition) Editions {
	out := Editions{}
	for _, e := range all {
		if _, ok := Editions(recorded).of(e.ID); !ok {
			out = append(out, e)
		}
	}
	return append(out, recorded...)
}

func (all Editions) of(id string) (Edition, bool) {
	for _, e := range all {
		if e.ID == id {
			return e, true
		}
	}
	return Edition{}, false
}

// Number is the edition of that version of the template.
func (all Editions) Number(version int) (Edition, error) {
	for _, e := range all {
		if e.Template.Version == version {
			return e, nil
		}
	}
	return Edition{}, fmt.Errorf("%w: version %d", ErrTemplateUnknown, version)
}

// At is the edition in force at t: of those approved and not withdrawn, the one
// that came into force last. ok is false where there is none.
func (all Editions) At(t time.Time) (in Edition, ok bool) {
	for _, e := range all {
		if e.State != TemplateApproved || t.Before(e.EffectiveFrom) {
			continue
		}
		later := e.EffectiveFrom.Compare(in.EffectiveFrom)
		if !ok || later > 0 || later == 0 && e.Template.Version > in.Template.Version {
			in, ok = e, true
		}
	}
	return in, ok
}

// next is the version that the organisation's next template gets.
func (all Editions) next() int {
	version := firstOwn
	for _, e := range all {
		version = max(version, e.Template.Version+1)
	}
	return version
}
