package app_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/rights"
)

// People beside those of the world, by the name that As takes.
const (
	secondLegal authz.Role = "LEG two"
	secondHead  authz.Role = "HOM two"
	another     authz.Role = "somebody"
)

// join registers somebody of the mission, trained, with a role or without.
func join(w *apptest.World, name, role authz.Role) {
	w.T.Helper()
	p, g := people.Person{Name: string(name), Mission: w.Mission.ID}, people.Grant{Role: role, Mission: w.Mission.ID, Purposes: w.Task(role)}
	if role == authz.LEG {
		p.Mission, g.Mission = "", ""
	}
	p, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), p)
	w.Must(err)
	if w.Persons[name] = p.ID; role != "" {
		grant(w, name, g)
	}
	w.Fit(p.ID)
}

func grant(w *apptest.World, to authz.Role, g people.Grant) {
	w.T.Helper()
	g.Person = w.Persons[to]
	_, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), g)
	w.Must(err)
}

// stands gives a post of one to another for a month.
func stands(w *apptest.World, of, deputy, post authz.Role) {
	w.T.Helper()
	_, err := w.People.Delegate(w.Ctx, w.As(of), people.Delegation{
		To: w.Persons[deputy], Role: post, Mission: w.Mission.ID, From: w.Clock.Now(), Until: w.Clock.Now().AddDate(0, 1, 0),
	})
	w.Must(err)
}

// held gives somebody a post of the mission beside their own, and a deputy in it:
// from then on they are one side.
func held(w *apptest.World, of, deputy authz.Role) {
	w.T.Helper()
	grant(w, of, people.Grant{Role: authz.HOM, Mission: w.Mission.ID})
	stands(w, of, deputy, authz.HOM)
}

func sideRefused(t *testing.T, what string, err error, rule string) {
	t.Helper()
	var illegal *lifecycle.TransitionError
	if !errors.As(err, &illegal) || !strings.Contains(illegal.Guard, rule) {
		t.Errorf("%s: %v", what, err)
	}
}

// TestSeparationOfDuties shows the eleven rules of domain.md, section 4, each with
// delegates where a post can be delegated. What belongs to one rule alone is shown
// beside its own code too: (1) gate.TestDecide APPROVAL_SELF, (2) assessment,
// (3) and (11) agreements, (5) TestIncidents, (7) TestCertifierDoesNotAccept, (8)
// and (10) people, (9) authz.TestMatrix.
func TestSeparationOfDuties(t *testing.T) {
	for name, show := range map[string]func(*testing.T, *apptest.World){
		"SoD 1 the sender is not the approver":                   senderApproves,
		"SoD 2 the author of an assessment does not approve it":  authorApproves,
		"SoD 3 the drafter of an agreement does not activate it": drafterActivates,
		"SoD 4 requester, approver and reviewer are three":       threePersons,
		"SoD 5 the subject of an incident does not close it":     subjectCloses,
		"SoD 6 who certified a consent is not the approver":      certifierApproves,
		"SoD 7 the certifier does not accept":                    certifierAccepts,
		"SoD 8 nobody grants their own access":                   ownAccess,
		"SoD 9 auditors write nothing":                           auditorWrites,
		"SoD 10 signatory and downloader differ":                 signatoryDownloads,
		"SoD 11 whoever suspends cannot lift alone":              suspenderLifts,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := apptest.Ready(t, apptest.Options{})
			join(w, another, "")
			join(w, secondLegal, authz.LEG)
			show(t, w)
			w.Verify()
		})
	}
}

// sent is a transfer by the referral officer that awaits its approver.
func sent(w *apptest.World, cases ...string) transfer.Transfer {
	w.T.Helper()
	order := w.Order()
	if len(cases) > 0 {
		order.Subjects = cases
	}
	x, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), order)
	w.Must(err)
	x, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), x.ID, 1, "", bytes.NewReader([]byte("x")))
	w.Must(err)
	return x
}

// approves wants those named to be refused, and then another head of mission to
// release what waits.
func approves(t *testing.T, w *apptest.World, x transfer.Transfer, not ...authz.Role) {
	t.Helper()
	for _, who := range not {
		_, err := w.Transfers.Approve(w.Ctx, w.As(who), x.ID, true, "")
		var refused *transfer.RefusedError
		if !errors.As(err, &refused) || !slices.Equal(refused.Decision.Codes(), []string{"APPROVAL_SELF"}) {
			t.Errorf("by %s: %v", who, err)
		}
	}
	join(w, secondHead, authz.HOM)
	x, err := w.Transfers.Approve(w.Ctx, w.As(secondHead), x.ID, true, "")
	if err != nil || x.State != transfer.Available {
		t.Errorf("by another: %s, %v", x.State, err)
	}
}

func senderApproves(t *testing.T, w *apptest.World) {
	stands(w, authz.HOM, authz.RO, authz.HOM)
	approves(t, w, sent(w), authz.RO, authz.HOM)
}

func authorApproves(t *testing.T, w *apptest.World) {
	stands(w, authz.HOM, authz.RO, authz.HOM)
	x := submitted(w)
	for _, who := range []authz.Role{authz.RO, authz.HOM} {
		for _, d := range []assessment.Decision{assessment.DecisionApproved, assessment.DecisionReturned} {
			_, err := w.Assessments.Decide(w.Ctx, w.As(who).As(authz.HOM), x.ID, d, "why")
			sideRefused(t, string(who), err, "separation of duties 2")
		}
	}
	join(w, secondHead, authz.HOM)
	_, err := w.Assessments.Decide(w.Ctx, w.As(secondHead), x.ID, assessment.DecisionApproved, "")
	w.Must(err)
}

// submitted is an assessment by the referral officer of the agreement in force.
func submitted(w *apptest.World) assessment.Assessment {
	w.T.Helper()
	probe, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	var all []assessment.Assessment
	w.Must(store.For[transfer.Tx](w.Store).View(w.Ctx, func(tx transfer.Tx) (err error) {
		all, err = tx.AssessmentsNear(w.Ctx, probe.Agreement, probe.Mission, "")
		return err
	}))
	x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", all[0].Content)
	w.Must(err)
	x, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), x.ID)
	w.Must(err)
	return x
}

// The focal point who drafts is the deputy, in another post, of one of Legal.
func drafterActivates(t *testing.T, w *apptest.World) {
	held(w, secondLegal, authz.FP)
	a := w.Agreement()
	a, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), a.ID)
	w.Must(err)
	legal := w.As(secondLegal).As(authz.LEG)
	_, err = w.Agreements.Decide(w.Ctx, legal, a.ID, "approved", "")
	sideRefused(t, "approve", err, "separation of duties 3")
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	a = w.Sign(w.Sign(a, authz.HOM), authz.PSG)
	w.Assess(a)
	_, err = w.Agreements.Activate(w.Ctx, legal, a.ID)
	sideRefused(t, "activate", err, "separation of duties 3")
	a, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
	if err != nil || a.State != agreements.Active {
		t.Errorf("by another: %s, %v", a.State, err)
	}
}

// The emergency path comes later; that three are three stands already.
func threePersons(t *testing.T, w *apptest.World) {
	stands(w, authz.HOM, another, authz.HOM)
	apart := func(one authz.Role, others ...authz.Role) error {
		var ids []string
		for _, o := range others {
			ids = append(ids, w.Persons[o])
		}
		return store.For[people.Tx](w.Store).View(w.Ctx, func(tx people.Tx) error {
			return people.Apart(w.Ctx, tx, w.Persons[one], w.Clock.Now(), w.Clock.Now(), ids...)
		})
	}
	wants(t, "requester, head of mission, reviewer", apart(authz.LEG, authz.HOM, authz.RO), nil)
	wants(t, "the reviewer approved", apart(authz.HOM, authz.HOM, authz.RO), people.ErrSameSide)
	wants(t, "the requester stands for the approver", apart(authz.HOM, another), people.ErrSameSide)
	wants(t, "the reviewer stands for the approver", apart(another, authz.HOM, authz.RO), people.ErrSameSide)
}

func subjectCloses(t *testing.T, w *apptest.World) {
	stands(w, authz.FP, another, authz.FP)
	held(w, authz.DPO, another)
	officer := w.As(authz.DPO).As(authz.DPO)
	for name, about := range map[string]authz.Role{"oneself": authz.DPO, "one's deputy": another} {
		i, err := w.Incidents.Report(w.Ctx, w.As(authz.RO), incidents.Incident{
			Mission: w.Mission.ID, Partner: w.Partner.ID, Source: "loss", Event: "a disk", Discovered: w.Clock.Now(), Notified: w.Clock.Now(),
			About: []string{w.Persons[about]},
		})
		w.Must(err)
		_, err = w.Incidents.Close(w.Ctx, officer, i.ID, incidents.Unfounded, "nothing")
		sideRefused(t, "closed, about "+name, err, "separation of duties 5")
		if about == another {
			_, err = w.Incidents.Triage(w.Ctx, w.As(authz.FP), i.ID, incidents.Low, "nothing")
			sideRefused(t, "judged, about "+name, err, "separation of duties 5")
		}
	}
}

// certified is verbal consent for the case, certified by the focal point.
func certified(w *apptest.World, number string) {
	w.T.Helper()
	records, err := w.Consents.Record(w.Ctx, w.As(authz.RO), consent.Statement{
		Mission: w.Mission.ID, Decision: consent.Given, Notice: "1", Language: "es", Questions: true, Understood: true,
		Purposes: []string{w.Purpose.ID}, Recipients: []string{w.Partner.ID}, Categories: []string{"identity"},
		Form: consent.Verbal, EventTime: w.Clock.Now(), Type: "beneficiary", Circumstances: consent.Circumstances{
			Capacity: &consent.CapacityStated{Aspects: consent.Aspects(), Method: "interview", Result: consent.Capable},
		},
	}, []string{number})
	w.Must(err)
	_, err = w.Consents.Certify(w.Ctx, w.As(authz.FP), records[0].ID, "")
	w.Must(err)
}

func certifierApproves(t *testing.T, w *apptest.World) {
	certified(w, "CASE-3")
	x := sent(w, "CASE-1", "CASE-3")
	w.Clock.Add(time.Hour)
	grant(w, authz.FP, people.Grant{Role: authz.HOM, Mission: w.Mission.ID})
	stands(w, authz.FP, another, authz.HOM)
	approves(t, w, x, authz.FP, another)
}

func certifierAccepts(t *testing.T, w *apptest.World) {
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.PSG, authz.PDL, authz.OIG} {
		c := authz.Caller{Person: "p", Grants: []authz.Grant{{Role: role, Mission: w.Mission.ID, Partner: w.Partner.ID}}}
		_, certifies := w.Office.Enforcer.Check(c, authz.DestructionCertify, authz.Resource{Mission: w.Mission.ID, Partner: w.Partner.ID})
		_, accepts := w.Office.Enforcer.Check(c, authz.DestructionAccept, authz.Resource{Mission: w.Mission.ID, Partner: w.Partner.ID})
		if certifies == nil && accepts == nil {
			t.Errorf("%s does both", role)
		}
	}
	_, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{Person: w.Persons[authz.PSG], Role: authz.FP, Mission: w.Mission.ID, Purposes: w.Task(authz.FP)})
	wants(t, "a signatory of the partner as focal point", err, people.ErrInvalid)
}

func ownAccess(t *testing.T, w *apptest.World) {
	_, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{Person: w.Persons[authz.LEG], Role: authz.DPO})
	wants(t, "oneself", err, people.ErrOwnAccess)
	stands(w, authz.HOM, another, authz.HOM)
	mission := w.Mission.ID
	_, err = w.People.GrantRole(w.Ctx, w.As(another), people.Grant{Person: w.Persons[authz.HOM], Role: authz.RO, Mission: mission, Purposes: w.Task(authz.RO)})
	wants(t, "a deputy, to whose post it is", err, people.ErrOwnAccess)
	_, err = w.People.GrantRole(w.Ctx, authz.System(""), people.Grant{Person: w.Persons[authz.HOM], Role: authz.DPO})
	wants(t, "the system", err, authz.ErrDenied)
	_, err = w.People.GrantRole(w.Ctx, w.As(another), people.Grant{Person: w.Persons[authz.FP], Role: authz.RO, Mission: mission, Purposes: w.Task(authz.RO)})
	wants(t, "a deputy, to a third", err, nil)
}

func auditorWrites(t *testing.T, w *apptest.World) {
	oig := w.As(authz.OIG)
	_, err := w.Parties.Suspend(w.Ctx, oig, w.Partner.ID, "x")
	wants(t, "suspends", err, authz.ErrDenied)
	_, err = w.Agreements.Create(w.Ctx, oig, agreements.Document{Mission: w.Mission.ID})
	wants(t, "drafts", err, authz.ErrDenied)
	_, err = w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{Person: oig.Person, Role: authz.DPO})
	wants(t, "takes another role", err, people.ErrInvalid)
}

func signatoryDownloads(t *testing.T, w *apptest.World) {
	g := people.Grant{Person: w.Persons[authz.PSG], Role: authz.PDL, Partner: w.Partner.ID}
	_, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), g)
	wants(t, "both", err, people.ErrInvalid)
	g.Small = &people.SmallPartner{Staff: 4, Note: "few"}
	_, err = w.People.GrantRole(w.Ctx, w.As(authz.LEG), g)
	wants(t, "of four", err, people.ErrInvalid)
	g.Small.Staff = 3
	_, err = w.People.GrantRole(w.Ctx, w.As(authz.LEG), g)
	wants(t, "of three, with Legal's note", err, nil)
}

func suspenderLifts(t *testing.T, w *apptest.World) {
	held(w, secondLegal, another)
	legal, deputy := w.As(secondLegal).As(authz.LEG), w.As(another)
	const rule = "separation of duties 11"
	t.Run("SoD 11 an agreement", func(t *testing.T) {
		probe, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
		w.Must(err)
		a, err := w.Agreements.Suspend(w.Ctx, deputy, probe.Agreement, "a rumour")
		w.Must(err)
		_, err = w.Agreements.Lift(w.Ctx, legal, a.ID, "closed")
		sideRefused(t, "whose deputy suspended", err, rule)
		for _, role := range []authz.Role{authz.DPO, authz.LEG} {
			a, err = w.Agreements.Lift(w.Ctx, w.As(role), a.ID, "closed")
			w.Must(err)
		}
		if a.State != agreements.Active {
			t.Errorf("lifted by two others it is %s", a.State)
		}
		_, err = w.Agreements.Terminate(w.Ctx, deputy, a.ID, "over")
		w.Must(err)
		_, err = w.Agreements.Terminate(w.Ctx, legal, a.ID, "over")
		sideRefused(t, "terminated by one side", err, "two persons")
	})
	t.Run("SoD 11 a hold", func(t *testing.T) {
		grant(w, another, people.Grant{Role: authz.FP, Mission: w.Mission.ID, Purposes: w.Task(authz.FP)})
		grant(w, secondLegal, people.Grant{Role: authz.FP, Mission: w.Mission.ID, Purposes: w.Task(authz.FP)})
		h, err := w.Holds.Place(w.Ctx, w.As(another), rights.Order{Kind: rights.Objection, Mission: w.Mission.ID, Case: "CASE-1", Reason: "spoken"})
		w.Must(err)
		_, err = w.Holds.Lift(w.Ctx, w.As(secondLegal), h.ID, "answered")
		sideRefused(t, "whose deputy placed it", err, rule)
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.FP), h.ID, "answered")
		w.Must(err)
	})
	t.Run("SoD 11 a partner, a user and a mission", func(t *testing.T) {
		join(w, secondHead, authz.LEG) // somebody else of Legal, who stands in the same post
		stands(w, secondLegal, authz.DPO, authz.HOM)
		officer := w.As(authz.DPO).As(authz.DPO)
		_, err := w.Parties.Suspend(w.Ctx, legal, w.Partner.ID, "a rumour")
		w.Must(err)
		_, err = w.Parties.Lift(w.Ctx, officer, w.Partner.ID, "closed")
		sideRefused(t, "a partner", err, rule)
		_, err = w.Parties.Lift(w.Ctx, w.As(secondHead), w.Partner.ID, "closed")
		w.Must(err)
		_, err = w.People.SuspendPerson(w.Ctx, legal, w.Persons[authz.RO], "a rumour")
		w.Must(err)
		_, err = w.People.LiftPerson(w.Ctx, officer, w.Persons[authz.RO], "closed")
		wants(t, "a user", err, people.ErrSameSide)
		_, err = w.People.SuspendMission(w.Ctx, officer, w.Mission.ID, "a rumour")
		w.Must(err)
		_, err = w.People.LiftMission(w.Ctx, legal, w.Mission.ID, "closed")
		wants(t, "a mission", err, people.ErrSameSide)
		_, err = w.People.LiftMission(w.Ctx, w.As(secondHead), w.Mission.ID, "closed")
		w.Must(err)
	})
}
