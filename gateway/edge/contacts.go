package edge

import (
	"context"
	"log/slog"

	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// Contacts tells whom a refusal names (R56), by the transfer that was refused; without one, by the caller's own mission.
// transfer.Office is one.
type Contacts interface {
	Contacts(ctx context.Context, transfer, mission string) (transfer.Contacts, error)
}

// ContactView is one whom a refusal names: a post, not a person.
type ContactView struct {
	Who     string `json:"who" enum:"focal_point,legal,dpo,course" doc:"the post; course is where the data-protection course is taken"`
	Contact string `json:"contact" doc:"how to reach it, as the mission and the rules in force say" example:"dp-niger@example.org"`
}

// AskedOf are whom a refusal of the code names: the focal point of the mission, then Legal, or the data protection officer
// or the course where it is theirs (R56).
func AskedOf(told transfer.Contacts, code gate.Code, ask string) []ContactView {
	second := ContactView{"legal", told.Legal}
	switch {
	case code.Base() == gate.TrainingExpired:
		second = ContactView{"course", told.Course}
	case ask == "dpo":
		second = ContactView{"dpo", told.DPO}
	}
	var all []ContactView
	for _, c := range []ContactView{{"focal_point", told.Mission}, second} {
		if c.Contact != "" {
			all = append(all, c)
		}
	}
	return all
}

// Told answers with whom a refusal of the transfer names. Nobody, where that cannot be read, which is logged: the refusal
// itself stands.
func Told(ctx context.Context, transferID string) transfer.Contacts {
	s, ok := scopeOf(ctx)
	if !ok || s.problems.contacts == nil {
		return transfer.Contacts{}
	}
	own := ""
	if missions := s.caller.Missions(); len(missions) > 0 {
		own = missions[0]
	}
	told, err := s.problems.contacts.Contacts(ctx, transferID, own)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "a refusal names nobody", slog.String("request_id", s.id), slog.String("error", err.Error()))
	}
	return told
}

// names adds to the refusals whom to ask.
func (p *Problem) names(ctx context.Context) {
	// Who is not known, or where nothing can be read, is told the kind of post alone. A partner is told PULL_DENIED, and
	// nothing besides (gate.md).
	if p.Type != urn+string(kindRefused) || len(p.Refusals) == 0 || p.Refusals[0].Code == gate.PullDenied {
		return
	}
	told := Told(ctx, p.Transfer)
	for i, r := range p.Refusals {
		p.Refusals[i].Contacts = AskedOf(told, r.Code, r.Ask)
	}
}
