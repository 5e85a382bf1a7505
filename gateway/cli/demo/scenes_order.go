package demo

import (
	"context"
	"slices"

	"safeconduct/authz"
	"safeconduct/transfer/gate"
)

// Scenes in which the order is wrong, or the data may not be shared.

// uncovered asks for a field that the agreement does not have (Annex I).
func (p *Player) uncovered() scene {
	o := p.one()
	o.Fields = append(slices.Clone(o.Fields), "religion")
	return scene{
		name: "field", as: authz.RO, what: "a field more than the agreement covers", order: o, codes: []gate.Code{gate.AgrField}, mended: p.one(),
	}
}

// wrongRecipient says that the partner is of the media, who never receive (R21).
func (p *Player) wrongRecipient() scene {
	o := p.one()
	o.RecipientClass = gate.ClassMedia
	return scene{
		name: "class", as: authz.RO, what: "the recipient belongs to the media", order: o, codes: []gate.Code{gate.RecipientClassDenied}, mended: p.one(),
	}
}

// incomplete does not say what the recipient is.
func (p *Player) incomplete() scene {
	o := p.one()
	o.RecipientClass = ""
	return scene{
		name: "incomplete", as: authz.RO, what: "nobody says what sort of recipient it is", order: o, codes: []gate.Code{gate.ReqIncomplete}, mended: p.one(),
	}
}

// objection is a person's word that nothing is shared any more.
func (p *Player) objection() scene {
	return p.held("objection", gate.SubjectObjection, authz.RO, authz.FP, "records that a person objects to the sharing of their data", "the person objects", "withdrawn_by_person")
}

// legalHold is placed by one person of Legal and lifted by another (separation
// of duties 11).
func (p *Player) legalHold() scene {
	return p.held("legal_hold", gate.LegalHold, authz.LEG, second, "puts a person's data under a legal hold", "the data are under a legal hold", "case_closed")
}

func (p *Player) held(kind string, code gate.Code, by, lifter authz.Role, placed, what, why string) scene {
	var hold struct {
		ID string `json:"id"`
	}
	o := p.one()
	name := lower(authz.Role(kind))
	return scene{
		name: name, as: authz.RO, what: what, order: o, codes: []gate.Code{code},
		cause: func(ctx context.Context) error {
			return p.do(ctx, post("place-"+name, by, placed, "/holds", object{
				"kind": kind, "mission": p.world.Mission, "case_reference": o.Subjects[0], "reason": "invented",
			}), &hold)
		},
		mend: func(ctx context.Context) error {
			return p.do(ctx, post("lift-"+name, lifter, "lifts the hold: not the one who placed it", "/holds/"+hold.ID+"/lift", object{"reason": why}), nil)
		},
	}
}
