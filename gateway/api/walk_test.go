package api_test

import (
	"encoding/csv"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/api/apitest"
)

// step says what authz asks of an operation. The rest the document says.
type step struct {
	actions []authz.Action // each that may open it; none: everybody who is known
	self    bool           // on oneself only: for all others there is nothing there
	as      authz.Role     // who does it in the end
	values  object         // of the body, beside those of the fixture; nil leaves a member out
	last    bool           // ends what others act on
	reads   string         // the path of what has the version that is decided on
}

// steps has a line for every operation: one without a line fails the walk.
func (w *walk) steps() map[string]step {
	on := func(as authz.Role, actions ...authz.Action) step { return step{as: as, actions: actions} }
	ends := func(as authz.Role, actions ...authz.Action) step { return step{as: as, actions: actions, last: true} }
	transfer := on(authz.RO, authz.TransferRequest)
	transfer.values = w.order()
	statement := w.statement()
	statement["case_references"] = []string{"CASE-" + planted}
	consent := on(authz.RO, authz.ConsentRecord)
	consent.values = statement
	draft := on(authz.FP, authz.AgreementDraft)
	draft.values = w.draft()
	condition := on(authz.HOM, authz.AssessmentApprove)
	condition.values = object{"owner_role": "FP"}
	template := on(authz.LEG, authz.AssessmentTemplateWrite)
	template.values = w.questionnaire()
	clauses := on(authz.LEG, authz.AgreementTemplateWrite)
	clauses.values = object{"clauses": []object{}, "safeguards": object{}}
	papers := on(authz.FP, authz.AgreementImport)
	papers.values = object{"rows": []object{w.paper("one")}}
	amendment := on(authz.FP, authz.AgreementAmend)
	amendment.values = w.draft()
	role := on(authz.LEG, authz.GrantRole(authz.RO))
	role.values = object{"role": "RO", "partner": nil}
	draftRules := on(authz.LEG, authz.RulesDraft)
	draftRules.values = object{"rules": shippedRules(w)}
	person := on(authz.LEG, authz.PersonCreate)
	person.values = object{"partner": nil}
	completed := on(authz.FP, authz.TrainingRecord)
	completed.values = object{"csv": strings.Replace(peopletest.CSV(w.clock.Now(), w.people[spare]), ",1,", ",2,", 1)}
	undertaking := step{as: spare, self: true, values: w.undertaking}
	delegation := on(authz.HOM, authz.PostDelegate)
	delegation.values = object{"until": w.clock.Now().Add(24 * time.Hour), "purposes": nil} // of a head of mission, who has no tasks
	nomination := on(authz.LEG, authz.NominationDecide)
	nomination.values = object{"granted": true}
	hold := on(authz.RO, authz.HoldOpen, authz.HoldPlaceLegal, authz.HoldPlaceReview)
	hold.values = object{"case_reference": "CASE-" + planted}
	notice := on(authz.LEG, authz.NoticeWrite)
	notice.values = object{"texts": noticeTexts(planted)}
	disclosure := on(authz.RO, authz.DisclosureWrite)
	disclosure.values = object{"datasets": []string{someDigest()}}
	review := on(authz.LEG, authz.TermsWrite)
	review.values = object{"next_review": "2028-03-01T00:00:00Z"}
	terms := func(list string) step {
		s := on(authz.LEG, authz.TermsWrite)
		s.values = object{"values": termValues(planted)[list]}
		return s
	}
	decides := func(path string, action authz.Action) step {
		return step{as: authz.DPO, actions: []authz.Action{action}, last: true, reads: path}
	}
	answers, closes := on(authz.LEG, authz.AuthorityDecide), ends(authz.LEG, authz.AuthorityDecide)
	answers.reads = "/authority-requests/" + w.ids["authority-requests"]
	closes.reads = answers.reads
	assess := on(authz.RO, authz.ConsentAssess)
	assess.values = object{"assent": true}
	amend, certify := on(authz.FP, authz.PartyAmend), on(authz.PSG, authz.DestructionCertify)
	amend.values, certify.values = object{"gdpr_status": "bound", "country": nil, "name": nil}, object{"date": w.clock.Now()}
	return map[string]step{
		"place-hold": hold, "list-holds": on(authz.HOM, authz.HoldRead), "get-hold": on(authz.OIG, authz.HoldRead), "lift-hold": ends(authz.FP, authz.HoldClose),
		"write-notice": notice, "list-notices": on(authz.RO, authz.TermsRead), "approve-notice": on(authz.DPO, authz.NoticeApprove),
		"decide-sensitive": on(authz.DPO, authz.DPODecide), "list-sensitive-decisions": on(authz.OIG, authz.DPOApprovalRead),
		"get-sensitive-decision": on(authz.LEG, authz.DPOApprovalRead), "revoke-sensitive": ends(authz.DPO, authz.DPODecide),
		"list-waiting-for-dpo": on(authz.DPO, authz.DPOApprovalRead),
		"write-disclosure":     disclosure, "get-disclosure": on(authz.HOM, authz.DisclosureRead), "sign-disclosure": on(authz.FP, authz.DisclosureSign),
		"withdraw-disclosure": ends(authz.LEG, authz.DisclosureWithdraw),
		"attach-evidence":     on(authz.RO, authz.ConsentAttach), "certify-consent": on(authz.FP, authz.ConsentCertify), "assess-capacity": assess,
		"amend-party": amend, "suspend-party": ends(authz.DPO, authz.PartySuspend), "lift-party-suspension": ends(authz.LEG, authz.PartyLift),
		"block-party":              ends(authz.LEG, authz.PartyBlock),
		"report-authority-request": on(authz.PSG, authz.AuthorityReport), "list-authority-requests": {as: authz.RO}, "get-authority-request": on(authz.OIG, authz.AuthorityRead),
		"take-authority-request": on(authz.LEG, authz.AuthorityDecide), "decide-authority-request": answers, "close-authority-request": closes,
		"report-incident": ends(authz.PDL, authz.IncidentReport), "list-incidents": {as: authz.RO}, "get-incident": on(authz.HOM, authz.IncidentRead),
		"triage-incident": on(authz.FP, authz.IncidentTriage), "close-incident": ends(authz.DPO, authz.IncidentLead),
		"record-clearance": on(authz.FP, authz.ClearanceRecord), "list-clearances": {as: authz.RO}, "get-clearance": on(authz.RO, authz.ClearanceRead),
		"withdraw-clearance": ends(authz.FP, authz.ClearanceWithdraw),
		"list-destructions":  {as: authz.PSG}, "get-destruction": on(authz.PSG, authz.DestructionRead),
		"certify-destruction": certify, "decide-destruction": on(authz.FP, authz.DestructionAccept),
		"import-trainings": completed, "training-coverage": on(authz.OIG, authz.TrainingRead),
		"get-undertaking": {as: authz.PDL}, "sign-undertaking": undertaking, "delegate-post": delegation,
		"suspend-person": ends(authz.DPO, authz.PersonSuspend), "lift-person": ends(authz.LEG, authz.PersonLift),
		"suspend-mission": ends(authz.LEG, authz.MissionSuspend), "lift-mission": ends(authz.DPO, authz.MissionLift),
		"nominate": on(authz.PSG, authz.PersonNominate), "list-nominations": on(authz.OIG, authz.NominationRead),
		"get-nomination": on(authz.PSG, authz.NominationRead), "decide-nomination": nomination,
		"create-mission": on(authz.LEG, authz.MissionCreate), "list-missions": {as: authz.RO}, "get-mission": on(authz.RO, authz.MissionRead),
		"change-mission-contact": on(authz.FP, authz.MissionAmend),
		"create-person":          person, "get-person": on(authz.FP, authz.PersonRead), "grant-role": role, "end-role": ends(authz.LEG, authz.GrantRole(authz.RO)),
		"enrol-key": {as: spare, self: true}, "confirm-key": on(authz.LEG, authz.KeyConfirm), "revoke-key": ends(authz.LEG, authz.KeyConfirm),
		"issue-token": on(authz.LEG, authz.TokenIssue), "revoke-token": ends(authz.LEG, authz.TokenRevoke), "who-am-i": {as: authz.PDL},
		"create-party": on(authz.FP, authz.PartyCreate), "list-parties": {as: authz.RO}, "get-party": on(authz.RO, authz.PartyRead), "vet-party": on(authz.HOM, authz.PartyVet),
		"create-purpose": on(authz.LEG, authz.TermsWrite), "list-purposes": on(authz.PDL, authz.TermsRead),
		"create-category": on(authz.LEG, authz.TermsWrite), "list-categories": on(authz.PDL, authz.TermsRead),
		"create-retention-rule": on(authz.LEG, authz.TermsWrite), "list-retention-rules": on(authz.PDL, authz.TermsRead), "review-retention-rule": review,
		"amend-purpose": terms("purposes"), "approve-purpose": decides("/purposes", authz.TermsApprove), "reject-purpose": decides("/purposes", authz.TermsApprove),
		"amend-category": terms("categories"), "approve-category": decides("/categories", authz.TermsApprove), "reject-category": decides("/categories", authz.TermsApprove),
		"amend-retention-rule": terms("retention-rules"), "approve-retention-rule": decides("/retention-rules", authz.TermsApprove), "reject-retention-rule": decides("/retention-rules", authz.TermsApprove),
		"draft-agreement": draft, "revise-agreement": draft, "get-agreement": on(authz.PSG, authz.AgreementRead),
		"get-agreement-document": on(authz.PSG, authz.AgreementRead), "review-agreement": on(authz.FP, authz.AgreementReview),
		"decide-agreement": on(authz.LEG, authz.AgreementApprove), "sign-agreement": on(authz.HOM, authz.AgreementSign),
		"activate-agreement": on(authz.LEG, authz.AgreementActivate), "suspend-agreement": ends(authz.FP, authz.AgreementSuspend),
		"lift-suspension": ends(authz.DPO, authz.AgreementLift), "terminate-agreement": ends(authz.PSG, authz.AgreementTerminate),
		"write-agreement-template": clauses, "list-agreement-templates": on(authz.PDL, authz.TermsRead), "get-agreement-template": on(authz.PDL, authz.TermsRead),
		"approve-agreement-template": on(authz.DPO, authz.AgreementTemplateApprove), "import-agreements": papers,
		"get-amendment-document": on(authz.PSG, authz.AgreementRead), "get-agreement-text": on(authz.PSG, authz.AgreementRead),
		"get-queue": {as: authz.RO}, "print-agreement": on(authz.PSG, authz.AgreementRead), "print-amendment": on(authz.PSG, authz.AgreementRead), "list-scans": on(authz.PSG, authz.AgreementRead),
		"approve-deviation": on(authz.LEG, authz.AgreementDeviate), "amend-agreement": amendment, "withdraw-amendment": ends(authz.FP, authz.AgreementAmend),
		"close-out-agreement": ends(authz.FP, authz.AgreementCloseOut), "attest-signatures": on(authz.LEG, authz.AgreementAttest),
		"send-scan": on(authz.FP, authz.AgreementScanAdd), "read-scan": on(authz.OIG, authz.AgreementScanRead),
		"get-assessment-template": {as: authz.RO}, "draft-assessment": on(authz.RO, authz.AssessmentCreate), "get-assessment": on(authz.OIG, authz.AssessmentRead),
		"revise-assessment": on(authz.FP, authz.AssessmentCreate), "add-condition": condition, "close-condition": on(authz.RO, authz.AssessmentClose),
		"end-assessment": ends(authz.LEG, authz.AssessmentEnd),
		"derogate":       on(authz.LEG, authz.AssessmentDerogate), "withdraw-derogation": ends(authz.DPO, authz.AssessmentDerogate),
		"raise-alert": ends(authz.DPO, authz.AlertRaise), "list-alerts": on(authz.RO, authz.TermsRead), "lift-alert": ends(authz.LEG, authz.AlertRaise),
		"list-assessment-templates": on(authz.RO, authz.TermsRead), "get-assessment-template-version": on(authz.OIG, authz.TermsRead),
		"draft-assessment-template": template, "approve-assessment-template": on(authz.DPO, authz.AssessmentTemplateApprove),
		"withdraw-assessment-template": ends(authz.DPO, authz.AssessmentTemplateWithdraw),
		"submit-assessment":            on(authz.RO, authz.AssessmentSubmit), "decide-assessment": on(authz.HOM, authz.AssessmentApprove),
		"record-consent": consent, "record-consents": consent, "get-consent": on(authz.FP, authz.ConsentRead), "withdraw-consent": ends(authz.RO, authz.ConsentWithdraw),
		"request-transfer": transfer, "get-transfer": on(authz.PDL, authz.TransferRead, authz.TransferReadReduced), "send-file": on(authz.RO, authz.TransferUpload),
		"get-cover": on(authz.PDL, authz.TransferRead, authz.TransferPull), "print-cover": on(authz.PDL, authz.TransferRead, authz.TransferPull),
		"commit-transfer": on(authz.RO, authz.TransferCommit), "approve-transfer": on(authz.HOM, authz.TransferApprove), "pull-file": on(authz.PDL, authz.TransferPull),
		"acknowledge-transfer": on(authz.PDL, authz.TransferAcknowledge), "recall-transfer": ends(authz.DPO, authz.TransferRecall),
		"get-rulebook": on(authz.RO, authz.RulesRead), "draft-rules": draftRules, "approve-rules": decides("/rulebook", authz.RulesApprove), "reject-rules": decides("/rulebook", authz.RulesApprove),
		"list-agreements": on(authz.RO, authz.AgreementRead), "list-assessments": on(authz.RO, authz.AssessmentRead),
		"list-people": on(authz.FP, authz.PersonRead), "list-transfers": on(authz.PDL, authz.TransferRead, authz.TransferReadReduced),
		"replay-decision":  on(authz.OIG, authz.LogRead),
		"list-log-entries": on(authz.OIG, authz.LogRead), "get-checkpoint": on(authz.OIG, authz.LogCheckpoint),
		"export-log": on(authz.OIG, authz.LogExport),
	}
}

// each walks every operation of the document, with its step.
func (w *walk) each(t *testing.T, visit func(t *testing.T, op apitest.Operation, s step)) {
	t.Helper()
	steps := w.steps()
	for _, op := range w.doc.Operations {
		t.Run(op.ID, func(t *testing.T) {
			s, ok := steps[op.ID]
			if !ok {
				t.Fatalf("nobody has said what %s %s asks of authz: give it a step", op.Method, op.Path)
			}
			visit(t, op, s)
		})
	}
}

// matrix is where each role may do each action, as authz/testdata has it.
func matrix(t *testing.T) map[authz.Action]map[authz.Role]string {
	t.Helper()
	f, err := os.Open("../../authz/testdata/matrix.csv")
	must(t, err)
	defer func() { must(t, f.Close()) }()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	must(t, err)
	m := map[authz.Action]map[authz.Role]string{}
	for _, row := range rows[1:] {
		cells := map[authz.Role]string{}
		for i, role := range rows[0][1:] {
			cells[authz.Role(role)] = row[i+1]
		}
		m[authz.Action(row[0])] = cells
	}
	for _, action := range authz.Actions() {
		if m[action] == nil {
			t.Fatalf("the matrix lacks %s", action)
		}
	}
	return m
}

// cells are where the role may do what the operation asks: "any", "m", "o", "own" or "-".
func (s step) cells(m map[authz.Action]map[authz.Role]string, role authz.Role) []string {
	var all []string
	for _, action := range s.actions {
		all = append(all, m[action][role])
	}
	return all
}

// R53: on every path the same authorisation function. The whole walk shares one world, which no refused call changes.
func TestWalk(t *testing.T) {
	w := newWalk(t)
	w.hireOthers()
	m := matrix(t)
	t.Run("R53 the document says who may", func(t *testing.T) { w.named(t, m) })
	t.Run("AUTH_INVALID without a valid token", func(t *testing.T) { w.strangers(t) })
	t.Run("AUTH_ROLE_DENIED with a wrong role", func(t *testing.T) { w.wrongRoles(t, m) })
	t.Run("of another mission or partner", func(t *testing.T) { w.outsiders(t, m) })
	t.Run("with a right role", func(t *testing.T) { w.insiders(t) })
}

// strangers: no token, nonsense, an expired and a revoked one get one answer.
func (w *walk) strangers(t *testing.T) {
	w.tokens["forged"] = "sct_" + strings.Repeat("A", 43)
	w.tokens["nonsense"] = planted
	w.tokens["spaces"] = w.tokens[authz.LEG] + " " + w.tokens[authz.LEG]
	w.each(t, func(t *testing.T, op apitest.Operation, _ step) {
		var want string
		for _, role := range []authz.Role{nobody, "nonsense", "forged", "spaces", "expired", "revoked"} {
			for _, path := range []string{w.own(op), with(op, unknown) + "?nonsense=1"} {
				got := w.call(role, op, path, object{})
				denied(t, string(role), got)
				body := plain(got)
				if want == "" {
					want = body
				}
				if got.StatusCode != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") != "Bearer" || body != want {
					t.Errorf("%q: %d %s, others get %s", role, got.StatusCode, got.body, want)
				}
			}
		}
		if got := w.do(nobody, op.Method, w.own(op), "{not json"); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("a body is read before the token: %d %s", got.StatusCode, got.body)
		}
	})
}

// wrongRoles: what the matrix does not allow is refused, and each such refusal is in the log.
func (w *walk) wrongRoles(t *testing.T, m map[authz.Action]map[authz.Role]string) {
	refused := map[string]string{} // by request id: who asked for what
	w.each(t, func(t *testing.T, op apitest.Operation, s step) {
		for _, role := range allRoles() {
			cells := s.cells(m, role)
			if slices.ContainsFunc(cells, func(c string) bool { return c != "-" }) || len(cells) == 0 && !s.self {
				continue
			}
			got := w.call(role, op, w.own(op), w.values(s))
			denied(t, string(role), got)
			switch {
			case got.StatusCode == http.StatusNotFound && (s.self || hidden(role, op)):
			case guarded(t, s, role, got):
				refused[got.Header.Get("X-Request-Id")] = string(role) + " " + op.ID
			default:
				t.Errorf("%s: %d %s", role, got.StatusCode, got.body)
			}
		}
	})
	if len(refused) < 100 {
		t.Fatalf("only %d denials", len(refused))
	}
	t.Run("R43 each is in the log", func(t *testing.T) { w.logged(t, refused) })
}

// hidden reports whether the role knows nothing of what lies there: people of a partner know its agreements, its transfers,
// itself and the terms, and nothing of the mission in which others are made.
func hidden(role authz.Role, op apitest.Operation) bool {
	place, _ := authz.PlaceOf(role)
	return place == authz.AtPartner && (len(op.Params()) == 0 || !slices.Contains([]string{"agreements", "transfers", "parties", "purposes", "categories", "retention-rules", "notices", "assessment-templates", "conflict-alerts", "log", "agreement-templates"}, op.Collection()))
}

// logged reads the log, which must have a denial for each request.
func (w *walk) logged(t *testing.T, refused map[string]string) {
	for request, entries := range w.entries() {
		if slices.ContainsFunc(entries, func(e object) bool {
			return (e["kind"] == "denial" || e["kind"] == "decision") && e["verdict"] == "refused"
		}) {
			delete(refused, request)
		}
	}
	for _, who := range refused {
		t.Errorf("nothing in the log says that %s was refused", who)
	}
}

// entries are all that the log has, by the request that they are of.
func (w *walk) entries() map[string][]object {
	w.Helper()
	w.placed()
	all := map[string][]object{}
	for after, more := -1.0, true; more; {
		page := w.call(authz.OIG, apitest.Operation{Method: http.MethodGet}, v1+"/log/entries?limit=500&after="+number(after), nil).object(w)
		for _, line := range page["items"].([]any) {
			entry := line.(object)["entry"].(object)
			all[str(entry, "request")] = append(all[str(entry, "request")], entry)
		}
		after, more = page["next_after"].(float64)
	}
	return all
}

// insiders: with a right role each operation does what it is for, or says why its state does not allow it.
func (w *walk) insiders(t *testing.T) {
	done := 0
	for _, last := range []bool{false, true} {
		w.each(t, func(t *testing.T, op apitest.Operation, s step) {
			if s.last != last {
				return
			}
			got := w.call(s.as, op, w.own(op), w.values(s))
			switch {
			case got.StatusCode < 300:
				done++
			case got.StatusCode == http.StatusConflict:
			case got.StatusCode == http.StatusNotFound && slices.Contains([]string{"get-amendment-document", "print-amendment", "read-scan"}, op.ID): // of this agreement there is none
			case got.StatusCode == http.StatusUnprocessableEntity && got.object(t)["errors"] == nil: // not the schema's
			case got.StatusCode == http.StatusForbidden && !slices.Contains(codesOf(got.object(t)), "AUTH_ROLE_DENIED"):
			default:
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		})
	}
	if done < 35 {
		t.Errorf("only %d operations were done", done)
	}
}
