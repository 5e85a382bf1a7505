package app_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/rights"
)

// mustCite are the actions whose decisions name the edition of the rules that they were taken under, and with it the version
// of the principles (R37): those that the rules bound, and those that put something in force or stop it.
func mustCite() []authz.Action {
	return []authz.Action{
		authz.PartyVet, authz.PartySuspend, authz.PartyLift,
		authz.AgreementReview, authz.AgreementApprove, authz.AgreementSign, authz.AgreementActivate, authz.AgreementSuspend, authz.AgreementLift,
		authz.AssessmentSubmit, authz.AssessmentApprove, authz.DPODecide, authz.RulesDraft, authz.RulesApprove,
		authz.TransferRequest, authz.TransferCommit, authz.TransferPull, authz.TransferApprove, authz.TransferRecall,
		authz.PersonSuspend, authz.PersonLift, authz.MissionSuspend, authz.MissionLift, authz.KeyConfirm, authz.NoticeApprove,
		authz.HoldPlaceReview, authz.HoldLiftReview, authz.AlertRaise,
	}
}

func TestDecisionsCiteTheRules(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	second := w.Another(authz.LEG)
	legal, dpo := w.As(authz.LEG), w.As(authz.DPO)
	_, err := w.Approvals.Decide(w.Ctx, dpo, approvals.Decision{
		Scope: approvals.ForPathway, Granted: true, Mission: w.Mission.ID, Partner: w.Partner.ID, Pathway: "Clinic", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
	})
	w.Must(err)
	hash := asked(w, w.Order())
	wrong := strings.Repeat("0a", 32)
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), hash.ID, 1, wrong, strings.NewReader("x"))
	cites(t, err, "PAYLOAD_HASH", "IN/138")
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), hash.ID, 1, "", strings.NewReader("x"))
	w.Must(err)
	own := w.Also(w.As(authz.RO), authz.HOM)
	_, err = w.Transfers.Approve(w.Ctx, own, hash.ID, true, "")
	cites(t, err, "APPROVAL_SELF", "IN/138")
	sent := w.Available([]byte("x"))
	_, err = w.Transfers.Commit(w.Ctx, w.As(authz.RO), hash.ID) // it waits
	cites(t, err, "APPROVAL_PENDING", "IN/138")
	d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
	w.Must(err)
	w.Must(d.Send(w.Ctx, &strings.Builder{}))
	h, err := w.Holds.Place(w.Ctx, legal, rights.Order{Kind: rights.Review, Transfer: sent.ID, Reason: "doubt"})
	w.Must(err)
	_, err = w.Holds.Lift(w.Ctx, dpo, h.ID, "checked")
	w.Must(err)
	_, err = w.People.SuspendPerson(w.Ctx, legal, w.Persons[authz.HOM], "asked")
	w.Must(err)
	_, err = w.People.LiftPerson(w.Ctx, dpo, w.Persons[authz.HOM], "over")
	w.Must(err)
	_, err = w.People.SuspendMission(w.Ctx, legal, w.Mission.ID, "asked")
	w.Must(err)
	_, err = w.People.LiftMission(w.Ctx, dpo, w.Mission.ID, "over")
	w.Must(err)
	_, err = w.Transfers.Recall(w.Ctx, legal, sent.ID, "asked")
	w.Must(err)
	_, err = w.Assessments.RaiseAlert(w.Ctx, legal, "KE", "unrest")
	w.Must(err)
	_, err = w.Parties.Suspend(w.Ctx, legal, w.Partner.ID, "asked")
	w.Must(err)
	changeRules(w, func(r *rulebook.Rules) { r.Principles.Version = "IN/138/Rev.1" })
	_, err = w.Parties.Lift(w.Ctx, second, w.Partner.ID, "over")
	w.Must(err)
	_, err = w.Agreements.Suspend(w.Ctx, w.As(authz.FP), sent.Agreement, "asked")
	w.Must(err)
	_, err = w.Agreements.Lift(w.Ctx, legal, sent.Agreement, "over")
	w.Must(err)

	wanted := map[authz.Action]bool{}
	for _, a := range mustCite() {
		wanted[a] = true
	}
	seen := map[authz.Action]bool{}
	for _, line := range lines(w, authz.OIG) {
		e := line.Entry
		refusal := slices.Contains(e.Codes, "PAYLOAD_HASH") || slices.Contains(e.Codes, "APPROVAL_SELF")
		if !refusal && (!wanted[e.Action] || e.Kind == evidence.Denial || e.Kind == evidence.Delivery) {
			continue
		}
		seen[e.Action] = true
		principles := "principles:IN/138"
		if e.Action == authz.AgreementLift || e.Action == authz.PartyLift {
			principles = "rules:2:"
		}
		if !rulebook.Cites(e.Policy) || !strings.HasPrefix(e.Policy, "authz:") || !strings.Contains(e.Policy, principles) || strings.Count(e.Policy, "rules:") != 1 {
			t.Errorf("R37 %s %s %v cites %q", e.Action, e.Kind, e.Codes, e.Policy)
		}
	}
	delete(seen, authz.TransferUpload)
	if got, want := slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(wanted)); !slices.Equal(got, want) {
		t.Errorf("R37 of these there were entries: %v, want %v", got, want)
	}
	w.Verify()
}

// cites wants the refusal to cite an edition of the rules and the principles.
func cites(t *testing.T, err error, code, principles string) {
	t.Helper()
	var r *transfer.RefusedError
	if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{code}) {
		t.Fatalf("%s: %v", code, err)
	}
	if d := r.Decision; !rulebook.Cites(d.Policy) || !strings.HasSuffix(d.Policy, " principles:"+principles) || d.Refusals[0].Policy != d.Policy {
		t.Errorf("R37 %s cites %q", code, d.Policy)
	}
}
