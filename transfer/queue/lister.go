package queue

import (
	"context"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer"
)

// lister gathers what waits for one caller.
type lister struct {
	caller     authz.Caller
	in         authz.Places // the caller's
	office     *evidence.Office
	now        time.Time
	book       rulebook.Book
	categories []terms.Category
	items      []Item
	unlisted   []Unlisted
	cut        bool
}

// add puts an item into the queue of each role that the caller holds and that may do the act.
func (l *lister) add(i Item, action authz.Action, res authz.Resource, roles ...authz.Role) {
	for _, role := range roles {
		if l.may(role, action, res) {
			i.Kind, i.ID, i.Role = res.Kind, res.ID, role
			i.Mission, i.Partner = res.Mission, res.Partner
			l.items = append(l.items, i)
			return // once, under the first of them
		}
	}
}

func (l *lister) may(role authz.Role, action authz.Action, res authz.Resource) bool {
	_, denied := l.office.Enforcer.Check(l.caller.As(role), action, res)
	return denied == nil
}

// read takes a fixed number of queries, whatever waits.
func (l *lister) read(ctx context.Context, tx Tx) error {
	var err error
	if l.book, err = tx.Rulebook(ctx); err != nil {
		return err
	}
	if l.categories, err = tx.Categories(ctx); err != nil {
		return err
	}
	steps := []func(context.Context, Tx) error{
		l.agreements, l.ending, l.assessments, l.returned, l.conditions, l.transfers, l.incidents, l.holds, l.duties,
	}
	if l.in.HQ {
		steps = append(steps, l.authorities, l.sensitive, l.policy, l.keys, l.nominations, l.suspensions)
	}
	for _, step := range steps {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// rules are those in force.
func (l *lister) rules() rulebook.Rules { return l.book.At(l.now).Rules }

// known are the categories in force.
func (l *lister) known() []terms.Category { return terms.InForce(l.categories, l.now) }

// full notes that a list holds all that one reading takes.
func (l *lister) full(n int) { l.cut = l.cut || n >= most }

func (l *lister) agreements(ctx context.Context, tx Tx) error {
	all, err := tx.AgreementsWaiting(ctx, l.in, most)
	if err != nil {
		return err
	}
	l.full(len(all))
	scans := map[string][]agreements.Scan{}
	if l.in.HQ {
		list, err := tx.ScansWaiting(ctx, most)
		if err != nil {
			return err
		}
		l.full(len(list))
		for _, s := range list {
			scans[s.Agreement] = append(scans[s.Agreement], s)
		}
	}
	known := l.known()
	for _, a := range all {
		l.agreement(a, known, scans[a.ID])
	}
	return nil
}

func (l *lister) agreement(a agreements.Agreement, known []terms.Category, scans []agreements.Scan) {
	p, me := a.UnderWay(), l.caller.Person
	res := authz.Resource{Kind: agreements.KindAgreement, ID: a.ID, Mission: a.Document.Mission, Partner: a.Document.Partner}
	item := func(what string) Item {
		return Item{What: what, Link: "/agreements/" + a.ID, Risk: sensitivityOf(p.Document.Scope.Categories, known), Since: a.Updated}
	}
	wrote := me == p.Drafter || slices.Contains(p.Editors, me)
	switch p.State {
	case agreements.Draft:
		l.add(item("revise_agreement"), authz.AgreementDraft, res, authz.FP)
	case agreements.Review:
		if !wrote {
			i := item("review_agreement")
			i.Details = p.UnapprovedDeviations()
			l.add(i, authz.AgreementApprove, res, authz.LEG)
		}
	case agreements.Approved, agreements.PartSigned:
		l.unsigned(p, res, item, scans, wrote)
	case agreements.Signed:
		if !wrote {
			i := item("activate_agreement")
			i.Due = new(p.Document.EffectiveFrom)
			l.add(i, authz.AgreementActivate, res, authz.LEG)
		}
	default:
	}
	if s := a.Suspension; a.State == agreements.Suspended && s != nil && s.Person != me {
		i := item("lift_agreement")
		i.Since, i.Due = s.At, s.DecideBy
		var left []authz.Role
		for _, role := range []authz.Role{authz.LEG, authz.DPO} {
			if !slices.ContainsFunc(a.Lifts, func(x agreements.Act) bool { return x.Role == role || x.Person == me }) {
				left = append(left, role)
			}
		}
		i.Waits = left
		l.add(i, authz.AgreementLift, res, left...)
	}
	if len(a.Endings) == 1 && (a.State == agreements.Active || a.State == agreements.Suspended) && a.Endings[0].Person != me {
		other := map[authz.Role]authz.Role{authz.HOM: authz.LEG, authz.LEG: authz.HOM}[a.Endings[0].Role]
		i := item("end_agreement")
		i.Since = a.Endings[0].At
		l.add(i, authz.AgreementTerminate, res, other)
	}
}

// unsigned is an agreement that still lacks signatures: whose, and whether Legal has a paper of it to attest.
func (l *lister) unsigned(p agreements.Agreement, res authz.Resource, item func(string) Item, scans []agreements.Scan, wrote bool) {
	var waits []authz.Role
	if !p.SignedBy(signing.PartyIOM) {
		waits = append(waits, authz.HOM)
	}
	if !p.SignedBy(p.Document.Partner) {
		waits = append(waits, authz.PSG)
	}
	sign := item("sign_agreement")
	sign.Waits = waits
	if p.Document.Paper == nil {
		l.add(sign, authz.AgreementSign, res, waits...)
	}
	brought := func(s agreements.Scan) bool {
		return s.Document == p.Document.Version && s.Uploader != l.caller.Person && (p.Document.Paper == nil || s.SHA256 == p.Document.Paper.SHA256)
	}
	if !wrote && slices.ContainsFunc(scans, brought) {
		attest := item("attest_agreement")
		attest.Waits = waits
		l.add(attest, authz.AgreementAttest, res, authz.LEG)
	}
}

// sensitivityOf is the risk of what is not assessed yet: that of the most sensitive category. One that nobody knows is the worst.
func sensitivityOf(codes []string, known []terms.Category) assessment.Band {
	worst := assessment.Low
	for _, code := range codes {
		band := assessment.Severe
		if i := slices.IndexFunc(known, func(c terms.Category) bool { return c.Code == code }); i >= 0 {
			of := map[terms.Sensitivity]assessment.Band{terms.Low: assessment.Low, terms.Moderate: assessment.Moderate, terms.High: assessment.High}
			if b, ok := of[known[i].Sensitivity]; ok {
				band = b
			}
			if known[i].NeedsOfficer() && rank(band) < rank(assessment.High) {
				band = assessment.High
			}
		}
		if rank(band) > rank(worst) {
			worst = band
		}
	}
	return worst
}

func (l *lister) assessments(ctx context.Context, tx Tx) error {
	all, err := tx.AssessmentsWaiting(ctx, l.in, most)
	l.full(len(all))
	for _, a := range all {
		res := authz.Resource{Kind: assessment.KindAssessment, ID: a.ID, Mission: a.Mission, Owner: a.Author}
		if l.caller.Person == a.Author || slices.Contains(a.Editors, l.caller.Person) {
			continue // separation of duties 2
		}
		i := Item{What: "approve_assessment", Link: "/assessments/" + a.ID, Risk: a.Result.Band, Since: a.SubmittedAt}
		if pending := a.PendingApprovals(); len(pending) > 0 { // LOW ends with the head of mission (R36)
			i.Waits = pending[1:]
			l.add(i, authz.AssessmentApprove, res, pending[0])
			continue
		}
		if !a.Result.Derogable() {
			i.What, i.Risk, i.Waits = "return_assessment", riskOfStopped(a.Result), sendersBack(a.Result)
			l.add(i, authz.AssessmentApprove, res, i.Waits...)
			continue
		}
		// A refused band: it is returned, or Legal and the DPO derogate together.
		i.What, i.Waits = "decide_severe", a.Result.Derogation
		roles := a.Result.Derogation
		if d := a.Derogation; d != nil {
			roles = slices.DeleteFunc(slices.Clone(roles), func(r authz.Role) bool {
				return slices.ContainsFunc(d.Given, func(g assessment.Given) bool { return g.Role == r || g.Person == l.caller.Person })
			})
			i.Waits = roles
		}
		l.add(i, authz.AssessmentDerogate, res, roles...)
	}
	return err
}

// sendersBack are who send back what can neither be approved nor derogated from: whoever reviews in the mission, and of
// headquarters whom a reason asks.
func sendersBack(r assessment.Result) []authz.Role {
	return slices.DeleteFunc(slices.Clone(r.Reviewers), func(role authz.Role) bool {
		place, _ := authz.PlaceOf(role)
		return place != authz.AtMission && !asksFor(r, role)
	})
}

// riskOfStopped is the band, and the worst where an answer stops and asks for Legal: data may be used to detain, remove or
// prosecute these people (K5), whatever the rest comes to.
func riskOfStopped(r assessment.Result) assessment.Band {
	if len(r.Stops) > 0 && asksFor(r, authz.LEG) {
		return assessment.Severe
	}
	return r.Band
}

func asksFor(r assessment.Result, role authz.Role) bool {
	return slices.ContainsFunc(r.Reasons, func(reason assessment.Reason) bool { return slices.Contains(reason.Ask, role) })
}

// transfers wait for the head of mission.
func (l *lister) transfers(ctx context.Context, tx Tx) error {
	var own []transfer.Transfer
	if len(l.in.Missions) > 0 {
		var err error
		if own, err = tx.TransfersWaiting(ctx, l.in.Missions, most); err != nil {
			return err
		}
		l.full(len(own))
	}
	watched, err := l.watched(ctx, tx)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(own)+len(watched))
	for _, t := range slices.Concat(own, watched) {
		ids = append(ids, t.Assessment)
	}
	bands, err := tx.Bands(ctx, ids)
	if err != nil {
		return err
	}
	item := func(t transfer.Transfer, what string, waits ...authz.Role) (Item, authz.Resource) {
		return Item{What: what, Link: "/transfers/" + t.ID, Risk: bands[t.Assessment], Since: t.Updated, Waits: waits},
			authz.Resource{Kind: transfer.KindTransfer, ID: t.ID, Mission: t.Mission, Partner: t.Partner, Owner: t.Sender}
	}
	for _, t := range own {
		if t.AsksApprover() && t.Sender != l.caller.Person { // separation of duties 1
			i, res := item(t, "approve_transfer")
			l.add(i, authz.TransferApprove, res, authz.HOM)
		}
	}
	for _, t := range watched {
		i, res := item(t, "watch_transfer", authz.HOM)
		l.add(i, authz.TransferRead, res, authz.LEG)
	}
	return nil
}

// watched are the transfers of the bands that Legal sees singly, as the rules name them; of the others it tells how many there
// are in each mission, and none of those that are LOW or MODERATE waits for Legal, whatever the rules name (R36).
func (l *lister) watched(ctx context.Context, tx Tx) ([]transfer.Transfer, error) {
	l.unlisted = nil
	if !l.caller.Holds(authz.LEG) {
		return nil, nil
	}
	var singly []assessment.Band
	for _, name := range l.rules().Approval.SinglyBands {
		if b := assessment.Band(name); b != assessment.Low && b != assessment.Moderate {
			singly = append(singly, b)
		}
	}
	var err error
	if l.unlisted, err = tx.TransfersBesides(ctx, singly); err != nil {
		return nil, err
	}
	all, err := tx.TransfersOf(ctx, singly, most)
	l.full(len(all))
	return all, err
}
