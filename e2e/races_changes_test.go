package e2e

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	ofsubjects "safeconduct/transfer/rights"
)

// taking is one way in which what is allowed stops being allowed.
type taking struct {
	name string
	// ready puts in place what take takes away, after another round took it.
	ready func(a *arena, r *round)
	// take takes it away, as seen by one replica, and names the version of the
	// record by which the log knows the change.
	take func(a *arena, r *round, s *app.Services) (evidence.Ref, error)
}

// takings are those of item 5: consent, agreement, transfer, role, token.
func takings() []taking {
	return []taking{
		{"CONSENT_WITHDRAWN withdrawal", consented, withdraw},
		{"AGR_SUSPENDED suspension", inForce, suspend},
		{"AGR_TERMINATED termination", inForce, terminate},
		{"PULL_RECALLED recall", consented, recall},
		{"PARTNER_SUSPENDED suspension of the partner", inUse, suspendPartner},
		{"AUTH_ROLE_DENIED role removal", consented, removeRole},
		{"AUTH_INVALID token revocation", withToken, revokeToken},
		{"SUBJECT_OBJECTION objection", consented, openObjection},
		{"LEGAL_HOLD hold on the transfer", consented, holdTransfer},
		{"ONWARD_ORIGINATOR clearance taken back", cleared, withdrawClearance},
		{"RECIPIENT_CLASS_DENIED other rules", drafted, approveRules},
		{"RET_RULE_MISSING retention rule withdrawn", ruledOut, approveTerm},
	}
}

func consented(a *arena, _ *round) {
	if a.consents == nil {
		a.consents = a.w.Consented
	}
	for i, c := range a.consents {
		if c.State != consent.Given {
			a.consents[i] = a.w.Consent([]string{"CASE-1", "CASE-2"}[i])[0]
		}
	}
}

func withdraw(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	i := r.rng.IntN(len(a.consents))
	c, err := s.Consents.Withdraw(a.w.Ctx, r.ro, a.consents[i].ID, "")
	if err == nil {
		a.consents[i] = c
	}
	return evidence.Ref{Kind: consent.KindConsent, ID: c.ID, Version: c.Version}, err
}

// openObjection opens a hold on one of the two persons, which is lifted before the next round.
func openObjection(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	h, err := s.Holds.Place(a.w.Ctx, r.ro, ofsubjects.Order{
		Kind: ofsubjects.Objection, Mission: a.w.Mission.ID, Case: []string{"CASE-1", "CASE-2"}[r.rng.IntN(2)], Reason: "spoken",
	})
	if err == nil {
		a.after = append(a.after, func() {
			_, err := a.w.Holds.Lift(a.w.Ctx, a.w.As(authz.FP), h.ID, "answered")
			a.w.Must(err)
		})
	}
	return h.Ref(), err
}

func holdTransfer(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	h, err := s.Holds.Place(a.w.Ctx, r.leg, ofsubjects.Order{Kind: ofsubjects.Legal, Transfer: r.transfer.ID, Reason: "litigation"})
	return h.Ref(), err
}

// inForce sees that one agreement is: the last one lifted, or another.
func inForce(a *arena, _ *round) {
	w := a.w
	switch a.agreement.State {
	case "":
		sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
		w.Must(err)
		a.agreement, err = w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), sent.Agreement)
		w.Must(err)
	case agreements.Suspended:
		for _, role := range []authz.Role{authz.LEG, authz.DPO} {
			var err error
			a.agreement, err = w.Agreements.Lift(w.Ctx, w.As(role), a.agreement.ID, "it was a rumour")
			w.Must(err)
		}
	case agreements.Terminated:
		x, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), w.Agreement().ID)
		w.Must(err)
		x, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), x.ID, "approved", "")
		w.Must(err)
		x = w.Sign(w.Sign(x, authz.HOM), authz.PSG)
		w.Assess(x)
		a.agreement, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), x.ID)
		w.Must(err)
	default:
	}
}

func agreementRef(a agreements.Agreement) evidence.Ref {
	return evidence.Ref{Kind: agreements.KindAgreement, ID: a.ID, Version: a.Version}
}

func suspend(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	x, err := s.Agreements.Suspend(a.w.Ctx, r.hom, a.agreement.ID, "a rumour")
	if err == nil {
		a.agreement = x
	}
	return agreementRef(x), err
}

func terminate(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	x, err := s.Agreements.Terminate(a.w.Ctx, r.psg, a.agreement.ID, "notice")
	if err == nil {
		a.agreement = x
	}
	return agreementRef(x), err
}

// inUse sees that nothing of the last round stops the partner.
func inUse(a *arena, r *round) {
	consented(a, r)
	p, err := a.w.Parties.Party(a.w.Ctx, a.leg, a.w.Partner.ID)
	a.w.Must(err)
	if p.State == parties.Suspended {
		_, err = a.w.Parties.Lift(a.w.Ctx, a.w.As(authz.DPO), p.ID, "it was a rumour")
		a.w.Must(err)
	}
}

func suspendPartner(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	p, err := s.Parties.Suspend(a.w.Ctx, r.leg, a.w.Partner.ID, "a rumour")
	return evidence.Ref{Kind: parties.KindParty, ID: p.ID, Version: p.Version}, err
}

// drafted has rules wait for their approval under which nobody receives.
func drafted(a *arena, r *round) {
	consented(a, r)
	a.draft(func(rules *rulebook.Rules) { delete(rules.Classes, gate.ClassServiceProvider) })
}

func (a *arena) draft(edit func(*rulebook.Rules)) int {
	book, err := a.w.Rules.Rulebook(a.w.Ctx, a.leg)
	a.w.Must(err)
	rules := book.Current.Rules
	rules.Classes = maps.Clone(rules.Classes)
	edit(&rules)
	book, err = a.w.Rules.Draft(a.w.Ctx, a.leg, rules, time.Time{}, "a review")
	a.w.Must(err)
	return book.Version
}

// approveRules brings them into force, until the next round.
func approveRules(a *arena, _ *round, s *app.Services) (evidence.Ref, error) {
	dpo := a.w.As(authz.DPO)
	before, err := a.w.Rules.Rulebook(a.w.Ctx, dpo)
	a.w.Must(err)
	b, err := s.Rules.Approve(a.w.Ctx, dpo, before.Version)
	if err == nil {
		a.after = append(a.after, func() {
			drafted := a.draft(func(rules *rulebook.Rules) { rules.Classes = before.Current.Rules.Classes })
			_, err := a.w.Rules.Approve(a.w.Ctx, a.w.As(authz.DPO), drafted)
			a.w.Must(err)
		})
	}
	return b.Ref(), err
}

func recall(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	t, err := s.Transfers.Recall(a.w.Ctx, r.ro, r.transfer.ID, "by mistake")
	return evidence.Ref{Kind: transfer.KindTransfer, ID: t.ID, Version: t.Version}, err
}

// removeRole takes the role of who pulls; of a release that of who sent, or of
// who approves. It is given back before the next round.
func removeRole(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	of := r.pdl
	switch {
	case r.alone:
		of = r.ro
	case r.releases:
		of = []authz.Caller{r.ro, r.hom}[r.rng.IntN(2)]
	}
	held := of.Grants[0]
	g, err := s.People.EndGrant(a.w.Ctx, r.leg, held.ID)
	if err == nil {
		a.after = append(a.after, func() {
			_, err := a.w.People.GrantRole(a.w.Ctx, a.w.As(authz.LEG), people.Grant{
				Person: of.Person, Role: held.Role, Mission: held.Mission, Partner: held.Partner, Purposes: held.Purposes,
			})
			a.w.Must(err)
			if held.Role == authz.PDL { // condition 7: a credential for the role as it is held now
				_, _, err = a.w.Identity.Issue(a.w.Ctx, a.w.As(authz.LEG), of.Person, 60*24*time.Hour, nil)
				a.w.Must(err)
			}
		})
	}
	return evidence.Ref{Kind: people.KindGrant, ID: g.ID, Version: g.Version}, err
}

// withToken has the one who pulls, or who approves, act with a token: with one
// that was handed over, or with one made with it.
func withToken(a *arena, r *round) {
	consented(a, r)
	w, who := a.w, &r.pdl
	switch {
	case r.alone:
		who = &r.ro
	case r.releases:
		who = &r.hom
	}
	root, secret, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), who.Person, time.Hour, nil)
	w.Must(err)
	r.token = root
	c, err := w.Identity.Authenticate(w.Ctx, secret)
	w.Must(err)
	if r.rng.IntN(2) == 0 { // revoking what was handed over ends what was made with it
		_, secret, err = w.Identity.Issue(w.Ctx, c, who.Person, time.Hour, nil)
		w.Must(err)
		c, err = w.Identity.Authenticate(w.Ctx, secret)
		w.Must(err)
	}
	*who = c
}

func revokeToken(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	t, err := s.Identity.Revoke(a.w.Ctx, r.leg, r.token.ID)
	return evidence.Ref{Kind: identity.KindToken, ID: t.ID, Version: t.Version}, err
}

// landed is a transfer whose file has landed; approved where it is to be pulled.
func (a *arena) landed(r *round) transfer.Transfer {
	w := a.w
	sent, err := a.sender(r).Request(w.Ctx, r.ro, a.order(r))
	w.Must(err)
	_, err = a.sender(r).Receive(w.Ctx, r.ro, sent.ID, 1, "", bytes.NewReader(a.body))
	w.Must(err)
	if r.releases {
		return sent
	}
	sent, err = w.Transfers.Approve(w.Ctx, r.hom, sent.ID, true, "")
	w.Must(err)
	return sent
}

// sender is the office by which the round's transfer is sent: one that asks for
// no second person where the sender's own COMMIT is what releases.
func (a *arena) sender(r *round) *transfer.Office {
	if r.alone {
		return alone(a.w.Transfers)
	}
	return a.w.Transfers
}

// alone is the office under a policy that asks for no second person.
func alone(o *transfer.Office) *transfer.Office {
	d := o.Deps
	d.Store = lax{d.Store}
	return transfer.NewOffice(d)
}

// lax is a store whose rules ask for no second person.
type lax struct{ transfer.Store }

func (l lax) Update(ctx context.Context, do func(transfer.Tx) error) ([]string, error) {
	return l.Store.Update(ctx, func(tx transfer.Tx) error { return do(laxTx{tx}) })
}

type laxTx struct{ transfer.Tx }

func (l laxTx) Rulebook(ctx context.Context) (rulebook.Book, error) {
	b, err := l.Tx.Rulebook(ctx)
	b.Current.Rules.SecondPerson = rulebook.SecondPerson{}
	return b, err
}

// callers are read from the register anew: a round may have changed grants.
func (r *round) callers(a *arena) {
	r.ro, r.hom, r.pdl, r.leg, r.psg = a.w.As(authz.RO), a.w.As(authz.HOM), a.w.As(authz.PDL), a.w.As(authz.LEG), a.w.As(authz.PSG)
	for _, c := range []authz.Caller{r.ro, r.hom, r.pdl, r.leg, r.psg} {
		if slices.IndexFunc(c.Grants, func(authz.Grant) bool { return true }) < 0 {
			a.w.T.Fatal("somebody holds no role")
		}
	}
}
