package queue

import (
	"context"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
)

func (l *lister) incidents(ctx context.Context, tx Tx) error {
	all, err := tx.IncidentsWaiting(ctx, l.in, most)
	l.full(len(all))
	for _, x := range all {
		res := authz.Resource{Kind: incidents.KindIncident, ID: x.ID, Mission: x.Mission, Partner: x.Partner, Owner: x.Reporter}
		i := Item{What: "close_incident", Link: "/incidents/" + x.ID, Risk: assessment.Severe, Since: x.Notified}
		if x.Severity == "" { // until it is triaged it counts as serious
			i.What = "triage_incident"
			l.add(i, authz.IncidentTriage, res, authz.FP, authz.DPO)
			continue
		}
		l.add(i, authz.IncidentLead, res, authz.DPO)
	}
	return err
}

func (l *lister) holds(ctx context.Context, tx Tx) error {
	all, err := tx.HoldsWaiting(ctx, l.in, most)
	l.full(len(all))
	for _, h := range all {
		if h.PlacedBy == l.caller.Person { // separation of duties 11
			continue
		}
		res := authz.Resource{Kind: rights.KindHold, ID: h.ID, Mission: h.Mission}
		i := Item{What: "lift_hold", Link: "/holds/" + h.ID, Risk: assessment.High, Since: h.Placed, Details: []string{h.Code()}}
		switch {
		case h.Kind == rights.Review:
			who := []authz.Role{authz.FP, authz.LEG, authz.DPO}
			if !h.OfMission() {
				who = who[1:]
			}
			l.add(i, authz.HoldLiftReview, res, who...)
		case h.Code() == rights.Legal.Code():
			l.add(i, authz.HoldLiftLegal, res, authz.LEG)
		default:
			l.add(i, authz.HoldClose, res, authz.FP)
		}
	}
	return err
}

// duties are due or certified. One that is overdue stops every transfer to the partner.
func (l *lister) duties(ctx context.Context, tx Tx) error {
	all, err := tx.DutiesWaiting(ctx, l.in, most)
	l.full(len(all))
	for _, d := range all {
		res := authz.Resource{Kind: retention.KindDuty, ID: d.ID, Mission: d.Mission, Partner: d.Partner}
		i := Item{What: "certify_destruction", Link: "/destructions/" + d.ID, Risk: assessment.Moderate, Since: d.Pulled, Due: new(d.Due)}
		if !l.now.Before(d.Due) {
			i.Risk = assessment.High
		}
		if d.State != retention.Certified {
			l.add(i, authz.DestructionCertify, res, authz.PSG)
			continue
		}
		if i.What = "accept_certificate"; d.Certificate != nil {
			i.Since = d.Certificate.Certified
		}
		l.add(i, authz.DestructionAccept, res, authz.FP)
	}
	return err
}

// authorities ask for people (R34).
func (l *lister) authorities(ctx context.Context, tx Tx) error {
	all, err := tx.CasesWaiting(ctx, most)
	l.full(len(all))
	for _, c := range all {
		i := Item{What: "answer_authority", Link: "/authority-requests/" + c.ID, Risk: assessment.Severe, Since: c.Created}
		if c.AskedAgain() { // nobody moves their case back by asking more
			i.Details = []string{"asked_again"}
		}
		l.add(i, authz.AuthorityDecide, authz.Resource{Kind: authorities.KindCase, ID: c.ID, Mission: c.Mission, Partner: c.Partner, Owner: c.Reporter}, authz.LEG)
	}
	return err
}

// sensitive categories wait for the data protection officer.
func (l *lister) sensitive(ctx context.Context, tx Tx) error {
	all, err := tx.DPOWaiting(ctx, most)
	if err != nil {
		return err
	}
	l.full(len(all))
	all, err = approvals.Open(ctx, tx, all, l.now)
	for _, w := range all {
		l.add(Item{What: "decide_sensitive", Link: "/transfers/" + w.Transfer, Risk: assessment.High, Since: w.Since, Details: w.Categories},
			authz.DPODecide, authz.Resource{Kind: transfer.KindTransfer, ID: w.Transfer, Mission: w.Mission, Partner: w.Partner, Owner: w.Sender}, authz.DPO)
	}
	return err
}

func (l *lister) keys(ctx context.Context, tx Tx) error {
	all, err := tx.KeysWaiting(ctx, most)
	l.full(len(all))
	for _, k := range all {
		if k.Person != l.caller.Person && l.now.Before(k.Expires) {
			l.add(Item{What: "confirm_key", Link: "/people/" + k.Person, Risk: assessment.Moderate, Since: k.Enrolled},
				authz.KeyConfirm, authz.Resource{Kind: people.KindKey, ID: k.ID, Owner: k.Person}, authz.LEG)
		}
	}
	return err
}

func (l *lister) nominations(ctx context.Context, tx Tx) error {
	all, err := tx.NominationsWaiting(ctx, most)
	l.full(len(all))
	for _, n := range all {
		l.add(Item{What: "decide_nomination", Link: "/nominations/" + n.ID, Risk: assessment.Moderate, Since: n.Created},
			authz.NominationDecide, authz.Resource{Kind: people.KindNomination, ID: n.ID, Partner: n.Partner}, authz.LEG)
	}
	return err
}

// suspensions are lifted by another than who suspended (separation of duties 11).
func (l *lister) suspensions(ctx context.Context, tx Tx) error {
	lift := func(what, link, by string, since time.Time, action authz.Action, res authz.Resource) {
		if by != l.caller.Person {
			l.add(Item{What: what, Link: link + res.ID, Risk: assessment.High, Since: since}, action, res, authz.LEG, authz.DPO)
		}
	}
	persons, err := tx.SuspendedPersons(ctx, most)
	if err != nil {
		return err
	}
	for _, p := range persons {
		if s := p.Suspension; s != nil && p.ID != l.caller.Person {
			lift("lift_person", "/people/", s.By, s.Since, authz.PersonLift, authz.Resource{Kind: people.KindPerson, ID: p.ID, Mission: p.Mission, Partner: p.Partner})
		}
	}
	missions, err := tx.SuspendedMissions(ctx, most)
	if err != nil {
		return err
	}
	for _, m := range missions {
		if s := m.Suspension; s != nil {
			lift("lift_mission", "/missions/", s.By, s.Since, authz.MissionLift, authz.Resource{Kind: people.KindMission, ID: m.ID, Mission: m.ID})
		}
	}
	partners, err := tx.SuspendedPartners(ctx, most)
	if err != nil {
		return err
	}
	for _, p := range partners {
		if s := p.Suspension; s != nil {
			lift("lift_partner", "/parties/", s.Person, s.At, authz.PartyLift, authz.Resource{Kind: parties.KindParty, ID: p.ID, Mission: p.Mission, Partner: p.ID})
		}
	}
	l.full(max(len(persons), len(missions), len(partners)))
	return nil
}
