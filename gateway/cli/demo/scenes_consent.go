package demo

import (
	"context"
	"maps"
	"slices"

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
	"safeconduct/transfer/gate"
)

// Scenes in which a person's consent is not what it must be, or is not enough.

// about is the order for one invented person of whom only a scene knows.
func (p *Player) about(person string) client.Order {
	o := p.one()
	o.Subjects = []string{person}
	return o
}

// said records what a person said, with the changes to what everybody says.
func (p *Player) said(step, what, person string, change object) call {
	s := p.statement([]string{person}, []string{category})
	maps.Copy(s, change)
	return post(step, authz.RO, what, "/consents/batch", s)
}

// consentOfLess is of a person who consented to something else.
func (p *Player) consentOfLess() scene {
	const less, person = "attendance", "DEMO-INVENTED-SCENE"
	return scene{
		name: "category", as: authz.RO, what: "the person consented to less", order: p.about(person), codes: []gate.Code{gate.ConsentCategory},
		cause: inTurn(
			p.put(post("record-attendance", authz.LEG, "proposes another category of data", "/categories", object{"code": less, "fields": []string{"day"}, "sensitivity": "low"})),
			p.acts(p.said("record-less", "records the consent of a person to that category alone", person, object{"categories": []string{less}})),
		),
		mend: p.acts(p.said("record-more", "asks the person again, who consents to the referral", person, nil)),
	}
}

// wrongNotice is of a person who was given a notice that is not of this purpose (R14).
func (p *Player) wrongNotice() scene {
	const person = "DEMO-INVENTED-NOTICE"
	return scene{
		name: "notice", as: authz.RO, what: "what the person was told is no notice of this purpose", order: p.about(person), codes: []gate.Code{gate.NoticePurpose},
		cause: p.acts(p.said("record-untold", "records the consent of a person whose form names another notice", person, object{"notice_version": "event-2"})),
		mend:  p.acts(p.said("record-told", "gives the person the notice of this purpose, and asks again", person, nil)),
	}
}

// spoken is of a person who cannot write, so that a member of IOM's staff puts in
// writing what they said (R06).
func (p *Player) spoken() scene {
	const person = "DEMO-INVENTED-SPOKEN"
	var made struct {
		Records []string `json:"records"`
	}
	return scene{
		name: "spoken", as: authz.RO, what: "nobody has certified the spoken consent", order: p.about(person), codes: []gate.Code{gate.ConsentUncertified},
		cause: func(ctx context.Context) error {
			c := p.said("record-spoken", "records the spoken consent of a person who cannot read", person, object{"form": "verbal", "reason_not_written": "low_literacy"})
			delete(c.in.(object), "evidence") //nolint:forcetypeassert // said made it
			return p.do(ctx, c, &made)
		},
		mend: func(ctx context.Context) error {
			return p.do(ctx, post("certify-spoken", authz.FP, "certifies it in writing, as IOM staff", "/consents/"+made.Records[0]+"/certification", object{}), nil)
		},
	}
}

// sensitive asks for data of a sensitive category, which the data protection
// officer approves for this one transfer.
func (p *Player) sensitive() scene {
	const person = "DEMO-INVENTED-HEALTH"
	o, both := p.about(person), []string{category, health}
	o.Categories, o.Fields = both, append(slices.Clone(o.Fields), need)
	return scene{
		name: "sensitive", as: authz.RO, what: "data about health, which are sensitive", order: o, codes: []gate.Code{gate.DPORequired},
		cause: p.acts(p.said("record-health-consent", "records the consent of a person to share data about their health too", person, object{"categories": both})),
		mend: func(ctx context.Context) error {
			return p.do(ctx, post("approve-sensitive", authz.DPO, "approves it, for this one transfer", "/dpo-approvals", object{
				"scope": "transfer", "transfer": p.turnedDown, "granted": true, "reason": "the service cannot be given without it",
			}), nil)
		},
	}
}
