package app_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/rights"
)

// uncited are the kinds of entries that name no edition of the rules, each with why: every other entry, whatever the action,
// names the one that it was decided under, and with it the version of the principles (R37).
func uncited() map[evidence.Kind]string {
	return map[evidence.Kind]string{
		evidence.Release:  "it follows, in one transaction, the decision that lets the bytes go",
		evidence.Delivery: "what became of bytes that a decision let go",
		evidence.Abort:    "what became of bytes that a decision let go, or let in",
		evidence.Receipt:  "the recipient repeats a digest",
		evidence.Access:   "sealed evidence was opened and nothing changed; a refusal to open it is a denial",
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

	if _, err = w.Rules.Draft(w.Ctx, w.As(authz.RO), rulebook.Rules{}, w.Clock.Now(), "x"); !errors.Is(err, authz.ErrDenied) {
		t.Fatal(err)
	}
	kinds, actions := map[evidence.Kind]bool{}, map[authz.Action]bool{}
	changed := false // the edition, within the story
	for _, line := range lines(w, authz.OIG) {
		e := line.Entry
		_, none := uncited()[e.Kind]
		none = none || e.Kind == evidence.Change && e.Action == authz.TransferUpload // under the request, for the commit
		if none == e.Decides() {
			t.Errorf("R37 whether %s %s decides", e.Action, e.Kind)
		}
		if none {
			continue
		}
		kinds[e.Kind], actions[e.Action] = true, true
		edition := "rules:1:"
		if changed {
			edition = "rules:2:"
		}
		if !strings.HasPrefix(e.Policy, "authz:") || !strings.Contains(e.Policy, " "+edition) || strings.Count(e.Policy, "rules:") != 1 || !strings.Contains(e.Policy, " principles:IN/138") {
			t.Errorf("R37 %s %s %v cites %q, want %s", e.Action, e.Kind, e.Codes, e.Policy, edition)
		}
		changed = changed || e.Action == authz.RulesApprove
	}
	if !kinds[evidence.Change] || !kinds[evidence.Decision] || !kinds[evidence.Denial] || len(actions) < 40 {
		t.Errorf("R37 of these there were entries: %v, %v", kinds, slices.Sorted(maps.Keys(actions)))
	}
	w.Verify()
}

// R43: who altered the rules by hand keeps no denial out of the log, and nothing is changed under them.
func TestDeniedUnderAlteredRules(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	changeRules(w, func(r *rulebook.Rules) { r.Transfer.PullLimit++ })
	officer, legal, auditor := w.As(authz.RO), w.As(authz.LEG), w.As(authz.OIG)
	w.Hand().Alter(rulebook.KindRulebook, rulebook.ID, func(said map[string]any) { said["actor"] = "somebody" })
	if _, err := w.People.SuspendMission(w.Ctx, officer, w.Mission.ID, "asked"); !errors.Is(err, authz.ErrDenied) || errors.Is(err, evidence.ErrUnavailable) {
		t.Errorf("R43 denied: %v", err)
	}
	if _, err := w.Terms.CreatePurpose(w.Ctx, legal, terms.Purpose{Code: "work", Text: "Work", LegalBasis: "consent"}); !errors.Is(err, evidence.ErrTampered) {
		t.Errorf("R37 changed under rules that were altered: %v", err)
	}
	w.Settled()
	last, _, err := w.Log.Entries(w.Ctx, auditor, transfer.LogFilter{After: -1, AtMost: 500, Kind: evidence.Denial})
	w.Must(err)
	if !slices.ContainsFunc(last, func(l transfer.LogLine) bool {
		return l.Entry.Kind == evidence.Denial && l.Entry.Action == authz.MissionSuspend && l.Entry.Actor == officer.Person && !rulebook.Cites(l.Entry.Policy)
	}) || !slices.ContainsFunc(last, func(l transfer.LogLine) bool { return slices.Contains(l.Entry.Codes, app.Tampered) }) {
		t.Error("R43 the denial is not in the log, or no alarm was raised")
	}
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
