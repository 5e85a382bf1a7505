// Package retention is what happens to data once they left: the recipient's duty
// to destroy what it pulled, its certificate, and whether that is overdue (R27,
// gate condition 26).
package retention

import (
	"slices"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// KindDuty is the record kind of duties to destroy.
const KindDuty = "destruction"

// State is where a duty stands.
type State string

// The states.
const (
	Due       State = "due"
	Certified State = "certified"
	Returned  State = "returned" // the certificate was not good enough
	Accepted  State = "accepted"
)

// Duty is the recipient's duty to destroy what it pulled of one transfer. It has
// the id of the transfer: there is one, from the first pull on.
type Duty struct {
	ID          string          `json:"id"` // of the transfer
	Version     int             `json:"version"`
	State       State           `json:"state"`
	Mission     string          `json:"mission"`
	Partner     string          `json:"partner"`
	Pulled      time.Time       `json:"pulled"`
	Due         time.Time       `json:"due"`
	Certificate *Certificate    `json:"certificate,omitempty"` // the last one
	History     []lifecycle.Act `json:"history"`
	Actor       string          `json:"actor"`
	Created     time.Time       `json:"created"`
	Updated     time.Time       `json:"updated"`
}

// Certificate is what the recipient certifies (domain.md: DestructionCertificate).
type Certificate struct {
	Method        string    `json:"method"`
	Medium        string    `json:"medium"`
	Date          time.Time `json:"date"`
	Copies        int       `json:"copies"`                   // destroyed, the first included
	Backups       string    `json:"backups"`                  // what became of copies in backups
	SubRecipients []string  `json:"sub_recipients,omitempty"` // organisations that had copies, and destroyed them
	Witness       string    `json:"witness"`                  // the post of who saw it
	Exceptions    string    `json:"exceptions,omitempty"`     // what was not destroyed, and why
	Certifier     string    `json:"certifier"`                // set by the gateway
	Certified     time.Time `json:"certified"`                // set by the gateway
	AcceptedBy    string    `json:"accepted_by,omitempty"`    // set by the gateway
}

// OverdueFrom is the moment from which the duty refuses new transfers to the
// partner, and whether there is one. A certificate that was handed in by the due
// date counts until the focal point returns it; one that comes late counts once
// it is accepted (R27, PARTNER_DESTRUCTION_OVERDUE).
func (d Duty) OverdueFrom() (time.Time, bool) {
	switch {
	case d.State == Accepted:
		return time.Time{}, false
	case d.State == Certified && d.Certificate != nil && d.Certificate.Certified.Before(d.Due):
		return time.Time{}, false
	default:
		return d.Due, true
	}
}

// OverdueAt reports whether the duty refuses new transfers at t.
func (d Duty) OverdueAt(t time.Time) bool {
	from, ever := d.OverdueFrom()
	return ever && !t.Before(from)
}

// Destruction is how far what left in a transfer is destroyed.
type Destruction string

// The steps.
const (
	DestructionDue       Destruction = "due"
	DestructionCertified Destruction = "certified" // by the partner; the focal point has not answered
	Destroyed            Destruction = "destroyed" // the focal point accepted the certificate
)

// Destruction is the step that the duty stands at; one that is returned is due
// again.
func (d Duty) Destruction() Destruction {
	switch {
	case d.State == Accepted && d.Certificate == nil:
		return "" // nothing had left
	case d.State == Accepted:
		return Destroyed
	case d.State == Certified:
		return DestructionCertified
	default:
		return DestructionDue
	}
}

// Closed reports whether the partner has certified, so that nothing more is
// pulled: the certificate would not be of it (R27). One that is returned is not.
func (d Duty) Closed() bool { return d.State == Certified || d.State == Accepted }

// Ref names the version of the duty.
func (d Duty) Ref() evidence.Ref { return evidence.Ref{Kind: KindDuty, ID: d.ID, Version: d.Version} }

func (d Duty) resource() authz.Resource {
	return authz.Resource{Kind: KindDuty, ID: d.ID, Mission: d.Mission, Partner: d.Partner}
}

func (d Duty) illegal(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: KindDuty, State: string(d.State), Event: event, Guard: guard, Mend: mend}
}

func (d Duty) next(to State, act lifecycle.Act) Duty {
	d.State, d.Version, d.Actor, d.Updated = to, d.Version+1, act.Person, act.At
	d.History = append(slices.Clip(d.History), act)
	return d
}

const day = 24 * time.Hour

// Days is how long a recipient may keep data of the categories: the shortest of
// what the agreement and the rules of the purpose say of any of them. Where one
// has neither it is 0: nothing may be kept that no rule covers (R24).
func Days(categories []string, agreed map[string]int, purpose string, rules []terms.RetentionRule) int {
	shortest := -1
	for _, code := range categories {
		days := -1
		if n, ok := agreed[code]; ok {
			days = max(n, 0)
		}
		for _, r := range rules {
			if r.Purpose == purpose && r.Category == code && (days < 0 || r.Days < days) {
				days = max(r.Days, 0)
			}
		}
		if days < 0 {
			return 0
		}
		if shortest < 0 || days < shortest {
			shortest = days
		}
	}
	return max(shortest, 0)
}

// Elapsed are those of the categories whose retention for the purpose is over at
// now, for data that were collected then (RET_ELAPSED): the day of the consent
// event is the last on which the person gave, or confirmed, them. Only a period
// that begins with the collection can be over by that day; what begins with a
// later event, such as the close of a case, is dated by the task which that event
// opens (R25). A category without a rule is another refusal's.
func Elapsed(categories []string, purpose string, rules []terms.RetentionRule, collected, now time.Time) []string {
	var over []string
	for _, code := range categories {
		if slices.ContainsFunc(rules, func(r terms.RetentionRule) bool {
			return r.Purpose == purpose && r.Category == code && r.Trigger == terms.Collection && r.Days > 0 && !now.Before(collected.Add(time.Duration(r.Days)*day))
		}) {
			over = append(over, code)
		}
	}
	return over
}
