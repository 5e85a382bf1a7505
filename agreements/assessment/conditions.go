package assessment

import (
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
)

// Condition is a duty on which an approval rests. It stays on the assessment
// once made; it can only be closed. Its owner is a person, or a post.
type Condition struct {
	Number   int        `json:"number"` // from 1, within the assessment
	Text     string     `json:"text"`
	Owner    string     `json:"owner,omitempty"`      // person id; or
	Post     authz.Role `json:"owner_role,omitempty"` // whoever holds the role for the assessment's mission
	Due      time.Time  `json:"due"`
	MadeBy   string     `json:"made_by,omitempty"`
	ClosedAt time.Time  `json:"closed_at,omitzero"`
	ClosedBy string     `json:"closed_by,omitempty"`
	Done     string     `json:"done,omitempty"` // what was done
}

// posts may own a condition: those who act within the organisation.
func posts() []authz.Role { return []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO} }

// OpenConditions are the conditions not closed by now, whatever their due date:
// gate condition 18 (RBA_CONDITION_OPEN) asks that all are closed.
func (a Assessment) OpenConditions(now time.Time) []Condition {
	var open []Condition
	for _, c := range a.Conditions {
		if c.ClosedAt.IsZero() || c.ClosedAt.After(now) {
			open = append(open, c)
		}
	}
	return open
}

// OverdueAt reports that the condition is open at now and its due instant has
// come.
func (c Condition) OverdueAt(now time.Time) bool {
	return (c.ClosedAt.IsZero() || c.ClosedAt.After(now)) && !now.Before(c.Due)
}

// AddCondition makes the approval rest on one more duty, until it is approved.
// Of c it takes the text, the owner or the post, the due instant, which lies
// ahead, and who makes it.
func (a Assessment) AddCondition(c Condition, now time.Time) (Assessment, error) {
	const event = "add condition"
	if err := a.in(event, "start a new assessment", Draft, Submitted, Returned); err != nil {
		return Assessment{}, err
	}
	if strings.TrimSpace(c.Text) == "" || (c.Owner == "") == (c.Post == "") || c.Due.IsZero() {
		return Assessment{}, a.refuse(event, "text, owner and due date", "give all three; the owner is a person or a post")
	}
	if c.Post != "" && !slices.Contains(posts(), c.Post) {
		return Assessment{}, a.refuse(event, "owned by a post of the organisation", "name one of "+names(posts()))
	}
	if !now.Before(c.Due) {
		return Assessment{}, a.refuse(event, "due ahead", "give a due date that is still to come")
	}
	out := a.clone(now)
	out.Conditions = append(out.Conditions, Condition{
		Number: len(out.Conditions) + 1, Text: c.Text, Owner: c.Owner, Post: c.Post, Due: instant(c.Due), MadeBy: c.MadeBy,
	})
	return out, nil
}

// Closer is who closes a condition, with the roles that they hold for the
// mission of the assessment.
type Closer struct {
	Person string
	Roles  []authz.Role
}

func (c Closer) owns(x Condition) bool {
	return x.Owner != "" && x.Owner == c.Person || x.Post != "" && slices.Contains(c.Roles, x.Post) || slices.Contains(c.Roles, authz.FP)
}

// CloseCondition closes the condition of that number once, by its owner or by a
// focal point of the mission; done says what was done.
func (a Assessment) CloseCondition(number int, by Closer, done string, now time.Time) (Assessment, error) {
	const event = "close condition"
	if err := a.in(event, "nothing to do", Draft, Submitted, Returned, Approved); err != nil {
		return Assessment{}, err
	}
	i := number - 1
	if i < 0 || i >= len(a.Conditions) || !a.Conditions[i].ClosedAt.IsZero() || by.Person == "" {
		return Assessment{}, a.refuse(event, "an open condition of that number, and who closes it", "read the open conditions")
	}
	if !by.owns(a.Conditions[i]) {
		return Assessment{}, a.refuse(event, "by its owner or the focal point", "ask one of them to close it")
	}
	if strings.TrimSpace(done) == "" {
		return Assessment{}, a.refuse(event, "what was done is said", "say what was done")
	}
	out := a.clone(now)
	c := &out.Conditions[i]
	c.ClosedAt, c.ClosedBy, c.Done = instant(now), by.Person, done
	return out, nil
}
