package assessment

import (
	"slices"
	"strconv"
	"time"

	"safeconduct/agreements/terms"
)

// KindCause is the record kind of causes of staleness.
const KindCause = "stale_cause"

// Cause is something that happened and that makes assessments stale which were
// submitted before it (domain.md section 3). Whatever causes it saves it in its
// own transaction: one row, however many assessments it concerns. From its
// commit on, or from At where that is to come, each of them reads as stale
// (Assessment.Under), for the gate and for people; SettleDue then writes that into
// the assessments, some at a time, with an entry each. A crash between the two
// loses nothing.
type Cause struct {
	ID      string  `json:"id"`
	Version int     `json:"version"`
	Trigger Trigger `json:"trigger"`
	// Subject is what it happened to; see the constructors below. It is empty where
	// it never came to happen (Dropped).
	Subject string `json:"subject"`
	// Country is the one in conflict, or the one that a partner moved to.
	Country string `json:"country,omitempty"`
	// Template is the version that was withdrawn.
	Template int `json:"template,omitempty"`
	// Category is the code of the one that became more sensitive.
	Category string `json:"category,omitempty"`
	// Agreement is whose document broadened, from the version AgreementVersion on.
	Agreement        string    `json:"agreement,omitempty"`
	AgreementVersion int       `json:"agreement_version,omitempty"`
	Partner          string    `json:"partner,omitempty"`
	Of               string    `json:"of,omitempty"` // id of the incident
	At               time.Time `json:"at"`           // to come only of a category that is raised
	Reason           string    `json:"reason,omitempty"`
	LiftedAt         time.Time `json:"lifted_at,omitzero"` // of an alert; what it made stale stays so
	LiftedBy         string    `json:"lifted_by,omitempty"`
	LiftReason       string    `json:"lift_reason,omitempty"`
	Settled          bool      `json:"settled,omitempty"` // every assessment that it concerns is marked
	Actor            string    `json:"actor"`
	Created          time.Time `json:"created"`
	Updated          time.Time `json:"updated"`
}

func cause(id, actor string, trigger Trigger, subject string, now time.Time) Cause {
	now = instant(now)
	return Cause{ID: id, Version: 1, Trigger: trigger, Subject: subject, At: now, Actor: actor, Created: now, Updated: now}
}

// Incident is an incident of a partner: all that was assessed about it before is
// stale. Of is the id of the incident.
func Incident(id, actor, partner, of string, now time.Time) Cause {
	c := cause(id, actor, PartnerIncident, "partner:"+partner, now)
	c.Partner, c.Of = partner, of
	return c
}

// Moved is a partner with a new country: all that was assessed about it for
// other countries is stale.
func Moved(id, actor, partner, country string, now time.Time) Cause {
	c := cause(id, actor, NewCountry, "moved:"+partner, now)
	c.Partner, c.Country = partner, country
	return c
}

// Amended is a broader document of an agreement coming into force: all that was
// assessed of its earlier versions is stale. Trigger is BroaderAmendment,
// NewCountry or NewCategory.
func Amended(id, actor string, trigger Trigger, agreement string, version int, now time.Time) Cause {
	c := cause(id, actor, trigger, "agreement:"+agreement, now)
	c.Agreement, c.AgreementVersion = agreement, version
	return c
}

// Raised is a category becoming more sensitive at a moment, which may be to come:
// all that was submitted before that moment and names it is stale from then on.
func Raised(r terms.Raise) Cause {
	c := cause(r.ID, r.Person, CategoryRaised, AboutCategory(r.Category), r.Now)
	c.Category, c.At = r.Category, instant(r.At)
	return c
}

// Dropped is a cause that was to come and will not, since r took its place: it
// happens to nothing.
func (c Cause) Dropped(r terms.Raise) Cause {
	c.Version, c.Actor, c.Updated = c.Version+1, r.Person, instant(r.Now)
	c.Subject, c.Settled = "", true
	return c
}

func alert(id, actor, country, reason string, now time.Time) Cause {
	c := cause(id, actor, ConflictAlert, AboutCountry(country), now)
	c.Country, c.Reason = country, reason
	return c
}

func withdrawal(id, actor string, template int, reason string, now time.Time) Cause {
	c := cause(id, actor, TemplateWithdrawn, "template:"+strconv.Itoa(template), now)
	c.Template, c.Reason = template, reason
	return c
}

// Setting is what of its surroundings counts for whether an assessment is stale.
type Setting struct {
	Partner string // of the agreement
	// Country is the mission's, as it is now: where the people are, whatever countries
	// the author listed (L1).
	Country string
}

// Concerns are the subjects of the causes that could make the assessment stale.
// Of each subject the newest cause that has happened says it all.
func (a Assessment) Concerns(in Setting) []string {
	all := []string{"agreement:" + a.Agreement, "template:" + strconv.Itoa(a.TemplateVersion), "partner:" + in.Partner, "moved:" + in.Partner}
	for _, country := range a.Countries {
		all = append(all, AboutCountry(country))
	}
	if in.Country != "" && !slices.Contains(a.Countries, in.Country) {
		all = append(all, AboutCountry(in.Country))
	}
	for _, code := range a.Categories {
		all = append(all, AboutCategory(code))
	}
	return all
}

// Alerts reports that the cause is an alert that stands.
func (c Cause) Alerts() bool { return c.Trigger == ConflictAlert && c.LiftedAt.IsZero() }

// AboutCountry is the subject of the causes about a country.
func AboutCountry(country string) string { return "country:" + country }

// AboutCategory is the subject of the causes about a category.
func AboutCategory(code string) string { return "category:" + code }

// hits reports whether the cause makes the assessment stale at now, if it is
// approved, or bars its approval.
func (c Cause) hits(a Assessment, in Setting, now time.Time) bool {
	if !slices.Contains(a.Concerns(in), c.Subject) {
		return false
	}
	switch {
	case c.Trigger == CategoryRaised && now.Before(c.At):
		return false
	case c.Trigger == TemplateWithdrawn:
		return a.TemplateVersion == c.Template
	case c.Agreement != "":
		return a.AgreementVersion < c.AgreementVersion
	case c.Trigger == NewCountry:
		return !slices.Contains(a.Countries, c.Country)
	}
	return !c.At.Before(a.SubmittedAt)
}

// first is the oldest of the causes that hits the assessment at now.
func (a Assessment) first(causes []Cause, in Setting, now time.Time) (Cause, bool) {
	var found Cause
	ok := false
	for _, c := range causes {
		if c.hits(a, in, now) && (!ok || c.At.Before(found.At) || c.At.Equal(found.At) && c.ID < found.ID) {
			found, ok = c, true
		}
	}
	return found, ok
}

// Under is the assessment as the causes leave it at now: stale where it is approved
// and one of them makes it so, marked yet or not. It changes nothing else. It
// answers with the cause, for who records what was read.
func (a Assessment) Under(causes []Cause, in Setting, now time.Time) (Assessment, *Cause) {
	if a.State != Approved {
		return a, nil
	}
	c, ok := a.first(causes, in, now)
	if !ok {
		return a, nil
	}
	return a.Because(c), &c
}

// NextRaise is the first moment after now at which a raise that is to come makes
// the approved assessment stale; the zero time where none does.
func (a Assessment) NextRaise(causes []Cause, in Setting, now time.Time) (next time.Time) {
	for _, c := range causes {
		if c.Trigger != CategoryRaised || !c.At.After(now) || !next.IsZero() && !c.At.Before(next) {
			continue
		}
		if _, by := a.Under([]Cause{c}, in, c.At); by != nil {
			next = c.At
		}
	}
	return next
}

// Because is the assessment as the cause makes it: stale.
func (a Assessment) Because(c Cause) Assessment {
	a.State, a.StaleReason, a.StaleCause = Stale, c.Trigger, c.ID
	return a
}
