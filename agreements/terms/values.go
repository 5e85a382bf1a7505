package terms

import (
	"time"

	"safeconduct/authz/evidence"
)

// PurposeValues are what an amendment changes of a purpose. Its code never changes,
// nor, once it was approved, its text: people consented to that text, and parties
// signed it. Another meaning is another purpose, under another code.
type PurposeValues struct {
	Refusable   bool   `json:"refusable"`
	Consequence string `json:"consequence,omitempty" maxLength:"4000" doc:"what refusing means; needed where it is refusable (R15)" example:"No appointment is made"`
	LegalBasis  string `json:"legal_basis" minLength:"1" maxLength:"1000" example:"consent"`
	Statistics  bool   `json:"statistics" doc:"it serves statistics: for it data leave anonymised or aggregate only (R19)"`
	Withdrawn   bool   `json:"withdrawn,omitempty" doc:"nothing is shared for it any more: its retention rules count as not there (R24)"`
}

// CategoryValues are what an amendment changes of a category. Its code never
// changes, nor, once it was approved, its fields: consents and agreements name
// those fields by that code.
// Other fields are another category, under another code. Nor is it ever
// withdrawn: its fields would be of no category.
type CategoryValues struct {
	Sensitivity   Sensitivity `json:"sensitivity" enum:"low,moderate,high,severe"`
	Sensitive     bool        `json:"sensitive"`
	ApprovalScope string      `json:"approval_scope" enum:"agreement,transfer"`
}

// NeedsOfficer reports whether the data protection officer approves what is sent of
// a category of the values: it is marked sensitive, it is severe, or it is to be
// approved for each transfer. A record from before the mark was asked for may lack
// it, and is asked about all the same.
func (v CategoryValues) NeedsOfficer() bool {
	return v.Sensitive || v.Sensitivity == Severe || v.ApprovalScope == "transfer"
}

// RetentionValues are what an amendment changes of a retention rule. Its purpose
// and its category never change; when it is reviewed, its review says (R48).
type RetentionValues struct {
	Trigger   string `json:"trigger" minLength:"1" maxLength:"200" doc:"what starts the period; collection, where it is the day on which the data were collected: such data are refused once it is over" example:"case_closed"`
	Days      int    `json:"days" minimum:"1" maximum:"36525" doc:"the period, in days" example:"365"`
	Action    string `json:"action" enum:"delete,anonymise"`
	Extension string `json:"extension_ground,omitempty" maxLength:"1000"`
	Withdrawn bool   `json:"withdrawn,omitempty" doc:"there is no rule any more, and so no transfer (R24)"`
}

func (p Purpose) values() PurposeValues {
	return PurposeValues{p.Refusable, p.Consequence, p.LegalBasis, p.Statistics, p.Withdrawn}
}

func (p Purpose) with(v PurposeValues) Purpose {
	p.Refusable, p.Consequence, p.LegalBasis, p.Statistics, p.Withdrawn = v.Refusable, v.Consequence, v.LegalBasis, v.Statistics, v.Withdrawn
	return p
}

func (c Category) values() CategoryValues {
	return CategoryValues{c.Sensitivity, c.Sensitive, c.ApprovalScope}
}

func (c Category) with(v CategoryValues) Category {
	c.Sensitivity, c.Sensitive, c.ApprovalScope = v.Sensitivity, v.Sensitive, v.ApprovalScope
	return c
}

func (r RetentionRule) values() RetentionValues {
	return RetentionValues{r.Trigger, r.Days, r.Action, r.Extension, r.Withdrawn}
}

func (r RetentionRule) with(v RetentionValues) RetentionRule {
	r.Trigger, r.Days, r.Action, r.Extension, r.Withdrawn = v.Trigger, v.Days, v.Action, v.Extension, v.Withdrawn
	return r
}

// At is the purpose with its values at t.
func (p Purpose) At(t time.Time) Purpose {
	v, c := p.at(p.values(), t)
	p = p.with(v)
	p.Course = c
	return p
}

// At is the category with its values at t.
func (c Category) At(t time.Time) Category {
	v, course := c.at(c.values(), t)
	c = c.with(v)
	c.Course = course
	return c
}

// At is the rule with its values at t.
func (r RetentionRule) At(t time.Time) RetentionRule {
	v, c := r.at(r.values(), t)
	r = r.with(v)
	r.Course = c
	return r
}

// InForce is the purpose at t, and whether it counts then.
func (p Purpose) InForce(t time.Time) (Purpose, bool) {
	p = p.At(t)
	return p, !p.Proposed && !p.Withdrawn
}

// InForce is the category at t, and whether it counts then.
func (c Category) InForce(t time.Time) (Category, bool) {
	c = c.At(t)
	return c, !c.Proposed
}

// InForce is the rule at t, and whether it counts then.
func (r RetentionRule) InForce(t time.Time) (RetentionRule, bool) {
	r = r.At(t)
	return r, !r.Proposed && !r.Withdrawn
}

// Ref names the version of the purpose that was read.
func (p Purpose) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindPurpose, ID: p.ID, Version: p.Version}
}

// Ref names the version of the category that was read.
func (c Category) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindCategory, ID: c.ID, Version: c.Version}
}

// Ref names the version of the rule that was read.
func (r RetentionRule) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindRetention, ID: r.ID, Version: r.Version}
}

// InForce are those of the terms that count at t, with their values then. Who
// decides by terms reads them through it, or through PurposeInForce.
func InForce[T interface{ InForce(t time.Time) (T, bool) }](all []T, t time.Time) []T {
	in := make([]T, 0, len(all))
	for _, v := range all {
		if now, counts := v.InForce(t); counts {
			in = append(in, now)
		}
	}
	return in
}

// At are all of the terms with their values at t, those that do not count among
// them: for who tells what there is, or was.
func At[T interface{ At(t time.Time) T }](all []T, t time.Time) []T {
	then := make([]T, 0, len(all))
	for _, v := range all {
		then = append(then, v.At(t))
	}
	return then
}
