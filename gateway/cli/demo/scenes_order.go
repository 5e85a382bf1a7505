package demo

import (
	"context"
	"slices"

	"safeconduct/authz"
	"safeconduct/transfer/gate"
)

// Scenes in which the order is wrong, or the consent.

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
		name: "class", as: authz.RO, what: "for the media, as it says", order: o, codes: []gate.Code{gate.RecipientClassDenied}, mended: p.one(),
	}
}

// incomplete does not say what the recipient is.
func (p *Player) incomplete() scene {
	o := p.one()
	o.RecipientClass = ""
	return scene{
		name: "incomplete", as: authz.RO, what: "without saying what the recipient is", order: o, codes: []gate.Code{gate.ReqIncomplete}, mended: p.one(),
	}
}

// consentOfLess is of a person who consented to something else.
func (p *Player) consentOfLess() scene {
	const less, person = "attendance", "DEMO-INVENTED-SCENE"
	o := p.one()
	o.Subjects = []string{person}
	consented := func(step, what string, categories ...string) call {
		return post(step, authz.RO, what, "/consents/batch", p.statement([]string{person}, categories))
	}
	return scene{
		name: "category", as: authz.RO, what: "the person consented to less", order: o, codes: []gate.Code{gate.ConsentCategory},
		cause: p.acts(
			post("record-attendance", authz.LEG, "records another category of data", "/categories", object{"code": less, "fields": []string{"day"}, "sensitivity": "low"}),
			consented("record-less", "records the consent of a person to that category alone", less),
		),
		mend: p.acts(consented("record-more", "asks the person again, who consents to the referral", category)),
	}
}

// objection is a person's word that nothing is shared any more.
func (p *Player) objection() scene {
	return p.held("objection", gate.SubjectObjection, authz.RO, authz.FP, "the person objects", "withdrawn_by_person")
}

// legalHold is placed by one person of Legal and lifted by another (separation
// of duties 11).
func (p *Player) legalHold() scene {
	return p.held("legal_hold", gate.LegalHold, authz.LEG, second, "the data are under a legal hold", "case_closed")
}

func (p *Player) held(kind string, code gate.Code, by, lifter authz.Role, what, why string) scene {
	var hold struct {
		ID string `json:"id"`
	}
	o := p.one()
	name := lower(authz.Role(kind))
	return scene{
		name: name, as: authz.RO, what: what, order: o, codes: []gate.Code{code},
		cause: func(ctx context.Context) error {
			return p.do(ctx, post("place-"+name, by, "stops the sharing of a person's data", "/holds", object{
				"kind": kind, "mission": p.world.Mission, "case_reference": o.Subjects[0], "reason": "invented",
			}), &hold)
		},
		mend: func(ctx context.Context) error {
			return p.do(ctx, post("lift-"+name, lifter, "lifts the hold: not the one who placed it", "/holds/"+hold.ID+"/lift", object{"reason": why}), nil)
		},
	}
}
