package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/rights"
)

// deed is one act, under the action that the log names.
type deed struct {
	name   string
	action authz.Action
	do     func() error
}

// does keeps of an act whether it was done.
func does[T any](_ T, err error) error { return err }

// R37 R53: who altered the rulebook by hand keeps nobody from taking away, and nothing is given.
func TestTakenUnderAlteredRules(t *testing.T) {
	alarms := &apptest.Alarms{}
	w := apptest.Ready(t, apptest.Options{Alarms: alarms})
	changeRules(w, func(r *rulebook.Rules) { r.Transfer.PullLimit++ })
	sent, waiting := w.Available([]byte("x")), asked(w, w.Order())
	_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), waiting.ID, 1, "", strings.NewReader("x"))
	w.Must(err)
	given := w.Consent("CASE-71")[0]
	consented := w.Statement()
	refused := consented
	refused.Decision = consent.Refused
	hold, err := w.Holds.Place(w.Ctx, w.As(authz.DPO), rights.Order{Kind: rights.Review, Transfer: sent.ID, Reason: "doubt"})
	w.Must(err)
	standing, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{
		Scope: approvals.ForPathway, Granted: true, Mission: w.Mission.ID, Partner: w.Partner.ID, Pathway: "Clinic", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
	})
	w.Must(err)
	cleared, err := w.Clearances.Record(w.Ctx, w.As(authz.FP), clearance.Clearance{
		Originator: "Partner B", Mission: w.Mission.ID, Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"}, Recipients: []string{w.Partner.ID},
		Evidence: strings.Repeat("0a", 32), ValidUntil: w.Clock.Now().AddDate(0, 1, 0),
	})
	w.Must(err)
	proposed, err := w.Terms.CreatePurpose(w.Ctx, w.As(authz.LEG), terms.Purpose{Code: "work", Text: "Work", LegalBasis: "consent"})
	w.Must(err)
	alerted, err := w.Assessments.RaiseAlert(w.Ctx, w.As(authz.LEG), "SO", "unrest")
	w.Must(err)
	signatory, err := w.People.Person(w.Ctx, w.As(authz.LEG), w.Persons[authz.PSG])
	w.Must(err)
	downloader, err := w.People.Person(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL])
	w.Must(err)
	second := w.Another(authz.LEG)
	spare := w.Another(authz.RO)
	lost, _, err := w.Identity.Issue(w.Ctx, second, w.Persons[authz.PDL], time.Hour, nil)
	w.Must(err)

	// Who came before the row was altered passes the policy as ever; who comes after is recognised by their token.
	before, after := map[authz.Role]authz.Caller{}, map[authz.Role]authz.Caller{}
	entered := map[authz.Role]func() authz.Caller{}
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.PDL} {
		before[role] = w.As(role)
		_, secret, err := w.Identity.Issue(w.Ctx, second, w.Persons[role], time.Hour, nil)
		w.Must(err)
		entered[role] = func() authz.Caller {
			c, err := w.Identity.Authenticate(w.Ctx, secret)
			w.Must(err)
			return c
		}
	}
	h := w.Hand()
	_, version := h.Newest(rulebook.KindRulebook, rulebook.ID)
	had := h.Text("SELECT hex(body) FROM record_versions WHERE kind = $1 AND id = $2 AND version = $3", rulebook.KindRulebook, rulebook.ID, version)
	h.Alter(rulebook.KindRulebook, rulebook.ID, func(said map[string]any) { said["actor"] = "somebody" })
	for role, enter := range entered {
		after[role] = enter()
		if locks := after[role].Locks; !slices.Equal(locks, []string{authz.LockUnruled}) {
			t.Errorf("R53 %s is locked by %v", role, locks)
		}
	}

	gives := func(by map[authz.Role]authz.Caller) []deed {
		return []deed{
			{"a request", "", func() error { return does(w.Transfers.Request(w.Ctx, by[authz.RO], w.Order())) }},
			{"a second person's yes", "", func() error { return does(w.Transfers.Approve(w.Ctx, by[authz.HOM], waiting.ID, true, "")) }},
			{"a commit", "", func() error { return does(w.Transfers.Commit(w.Ctx, by[authz.RO], waiting.ID)) }},
			{"a pull", "", func() error { return does(w.Transfers.Pull(w.Ctx, by[authz.PDL], sent.ID, 1, 0)) }},
			{"a lift of a hold", "", func() error { return does(w.Holds.Lift(w.Ctx, by[authz.LEG], hold.ID, "checked")) }},
			{"a lift of an alert", "", func() error { return does(w.Assessments.LiftAlert(w.Ctx, by[authz.DPO], alerted.ID, "over")) }},
			{"a consent", "", func() error { return does(w.Consents.Record(w.Ctx, by[authz.RO], consented, []string{"CASE-72"})) }},
			{"a grant", "", func() error {
				return does(w.People.GrantRole(w.Ctx, by[authz.LEG], people.Grant{Person: spare.Person, Role: authz.FP, Mission: w.Mission.ID, Purposes: []string{w.Purpose.ID}}))
			}},
			{"a token", "", func() error {
				_, _, err := w.Identity.Issue(w.Ctx, by[authz.LEG], spare.Person, time.Hour, nil)
				return err
			}},
			{"a term", "", func() error { return does(w.Terms.ApprovePurpose(w.Ctx, by[authz.DPO], proposed.ID, proposed.Version)) }},
			{"an approval of the officer", "", func() error {
				return does(w.Approvals.Decide(w.Ctx, by[authz.DPO], approvals.Decision{
					Scope: approvals.ForPathway, Granted: true, Mission: w.Mission.ID, Partner: w.Partner.ID, Pathway: "Other", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
				}))
			}},
		}
	}
	for _, d := range append(gives(before), gives(after)...) {
		t.Run("R53 nothing is given: "+d.name, func(t *testing.T) {
			if err := d.do(); !errors.Is(err, evidence.ErrTampered) && !errors.Is(err, authz.ErrDenied) && !errors.Is(err, transfer.ErrNotAvailable) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("R43 GATE_UNAVAILABLE PULL_DENIED a pull is, too, and the partner is told no more", func(t *testing.T) {
		denials := func() string {
			return h.Text("SELECT COUNT(*) || '' FROM log_entries WHERE kind = 'denial' AND CAST(body AS TEXT) LIKE '%\"transfer.pull\"%' AND CAST(body AS TEXT) LIKE '%GATE_UNAVAILABLE%'")
		}
		before := denials()
		_, err := w.Transfers.Pull(w.Ctx, after[authz.PDL], sent.ID, 1, 0)
		toldNothing(t, err)
		if denials() == before {
			t.Error("no denial is in the log")
		}
	})
	t.Run("R43 GATE_UNAVAILABLE a request is refused with an entry", func(t *testing.T) {
		if _, err := w.Transfers.Request(w.Ctx, after[authz.RO], w.Order()); !errors.Is(err, authz.ErrDenied) || errors.Is(err, evidence.ErrTampered) {
			t.Errorf("%v", err)
		}
		if h.Text("SELECT COUNT(*) FROM log_entries WHERE CAST(body AS TEXT) LIKE '%\"transfer.request\"%' AND CAST(body AS TEXT) LIKE '%\"denial\"%' AND CAST(body AS TEXT) LIKE '%GATE_UNAVAILABLE%'") == "0" {
			t.Error("no denial is in the log")
		}
	})
	t.Run("R53 who reads is locked", func(t *testing.T) {
		if _, err := w.People.Missions(w.Ctx, after[authz.LEG]); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%v", err)
		}
		if _, err := w.Queues.Queue(w.Ctx, after[authz.LEG], "", 10); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%v", err)
		}
	})

	ro, hom, fp, legal, dpo := after[authz.RO], after[authz.HOM], after[authz.FP], after[authz.LEG], after[authz.DPO]
	now := w.Clock.Now()
	takes := []deed{
		{"a withdrawal of consent", authz.ConsentWithdraw, func() error { return does(w.Consents.Withdraw(w.Ctx, ro, given.ID, "asked")) }},
		{"a refusal of consent", authz.ConsentRecord, func() error { return does(w.Consents.Record(w.Ctx, ro, refused, []string{"CASE-73"})) }},
		{"an objection", authz.HoldOpen, func() error {
			return does(w.Holds.Place(w.Ctx, fp, rights.Order{Kind: rights.Objection, Mission: w.Mission.ID, Case: "CASE-71", Reason: "asked"}))
		}},
		{"a legal hold", authz.HoldPlaceLegal, func() error {
			return does(w.Holds.Place(w.Ctx, legal, rights.Order{Kind: rights.Legal, Mission: w.Mission.ID, Case: "CASE-71", Reason: "asked"}))
		}},
		{"a hold for review", authz.HoldPlaceReview, func() error {
			return does(w.Holds.Place(w.Ctx, fp, rights.Order{Kind: rights.Review, Transfer: sent.ID, Reason: "doubt"}))
		}},
		{"a recall", authz.TransferRecall, func() error { return does(w.Transfers.Recall(w.Ctx, fp, sent.ID, "asked")) }},
		{"a revocation of a token", authz.TokenRevoke, func() error { return does(w.Identity.Revoke(w.Ctx, legal, lost.ID)) }},
		{"a revocation of a key", authz.KeyConfirm, func() error { return does(w.People.RevokeKey(w.Ctx, legal, signatory.Keys[0].ID)) }},
		{"an end of a grant", authz.GrantRole(authz.PDL), func() error { return does(w.People.EndGrant(w.Ctx, legal, downloader.Grants[0].ID)) }},
		{"a revocation by the officer", authz.DPODecide, func() error { return does(w.Approvals.Revoke(w.Ctx, dpo, standing.ID, "asked")) }},
		{"a withdrawal of a clearance", authz.ClearanceWithdraw, func() error { return does(w.Clearances.Withdraw(w.Ctx, fp, cleared.ID, "asked")) }},
		{"a rejection of a term", authz.TermsApprove, func() error { return does(w.Terms.RejectPurpose(w.Ctx, dpo, proposed.ID, proposed.Version)) }},
		{"an alert", authz.AlertRaise, func() error { return does(w.Assessments.RaiseAlert(w.Ctx, legal, "KE", "unrest")) }},
		{"an incident", authz.IncidentReport, func() error {
			return does(w.Incidents.Report(w.Ctx, dpo, incidents.Incident{Partner: w.Partner.ID, Source: "theft", Event: "loss", Discovered: now, Notified: now}))
		}},
		{"a suspension of an agreement", authz.AgreementSuspend, func() error { return does(w.Agreements.Suspend(w.Ctx, fp, sent.Agreement, "asked")) }},
		{"half of a termination", authz.AgreementTerminate, func() error { return does(w.Agreements.Terminate(w.Ctx, hom, sent.Agreement, "asked")) }},
		{"a termination", authz.AgreementTerminate, func() error { return does(w.Agreements.Terminate(w.Ctx, legal, sent.Agreement, "asked")) }},
		{"a suspension of a partner", authz.PartySuspend, func() error { return does(w.Parties.Suspend(w.Ctx, legal, w.Partner.ID, "asked")) }},
		{"a block of a partner", authz.PartyBlock, func() error { return does(w.Parties.Block(w.Ctx, dpo, w.Partner.ID, "asked")) }},
		{"a suspension of a user", authz.PersonSuspend, func() error { return does(w.People.SuspendPerson(w.Ctx, legal, spare.Person, "asked")) }},
		{"a suspension of a mission", authz.MissionSuspend, func() error { return does(w.People.SuspendMission(w.Ctx, dpo, w.Mission.ID, "asked")) }},
	}
	for _, d := range takes {
		t.Run("R37 R53 "+d.name, func(t *testing.T) {
			raised := alarms.Count()
			if err := d.do(); err != nil {
				t.Fatalf("it was not done: %v", err)
			}
			if alarms.Count() == raised {
				t.Error("no alarm")
			}
		})
	}

	h.Exec("UPDATE record_versions SET body = unhex($1) WHERE kind = $2 AND id = $3 AND version = $4", had, rulebook.KindRulebook, rulebook.ID, version)
	if n := w.Recorded(rulebook.KindRulebook); n != 1 {
		t.Errorf("R43 the alarm is in the log %d times", n)
	}
	bare := map[authz.Action]int{}
	for _, line := range lines(w, authz.OIG) {
		if e := line.Entry; e.Decides() && !rulebook.Cites(e.Policy) && e.Kind != evidence.Denial {
			bare[e.Action]++
		}
	}
	for _, d := range takes {
		bare[d.action]--
	}
	for action, n := range bare {
		if n != 0 {
			t.Errorf("R37 of %s the log has %d entries more than were done that cite no edition", action, n)
		}
	}
	if found := w.Findings(); len(found) != 0 {
		t.Errorf("R52 %v", found)
	}
}
