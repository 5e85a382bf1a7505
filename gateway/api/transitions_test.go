package api_test

import (
	"net/http"
	"strings"
	"testing"

	"safeconduct/gateway/api/apitest"
)

// move is one act on what the walk's world has. It is done, or it meets a state that does not allow it.
type move struct {
	act   string
	state string // that does not allow it; empty: it is done
}

func is(state string, acts ...string) (all []move) {
	for _, act := range acts {
		all = append(all, move{act: act, state: state})
	}
	return all
}

func done(acts ...string) []move { return is("", acts...) }

// machines are walked one after another: each act that a state does not allow is tried in it.
func (w *walk) machines() []struct {
	name  string
	moves [][]move
} {
	return []struct {
		name  string
		moves [][]move
	}{
		{"transfer", [][]move{
			is("available", "acknowledge-transfer", "approve-transfer", "send-file"), done("recall-transfer"),
			is("recalled", "recall-transfer", "approve-transfer", "commit-transfer", "send-file"), // to the partner a recalled one is not there
		}},
		{"consent", [][]move{is("given", "certify-consent"), done("withdraw-consent"), is("withdrawn", "withdraw-consent", "attach-evidence", "assess-capacity", "certify-consent")}},
		{"destruction", [][]move{
			is("due", "decide-destruction"), done("certify-destruction"), is("certified", "certify-destruction"),
			done("decide-destruction"), is("accepted", "decide-destruction", "certify-destruction"),
		}},
		{"hold", [][]move{done("lift-hold"), is("lifted", "lift-hold")}},
		{"decision of the DPO", [][]move{done("revoke-sensitive"), is("revoked", "revoke-sensitive")}},
		{"disclosure assessment", [][]move{done("sign-disclosure"), is("signed", "sign-disclosure"), done("withdraw-disclosure"), is("withdrawn", "withdraw-disclosure", "sign-disclosure")}},
		{"assessment", [][]move{is("approved", "submit-assessment", "revise-assessment", "decide-assessment", "add-condition", "close-condition", "derogate", "withdraw-derogation"), done("end-assessment"), is("stale", "end-assessment")}},
		{"assessment template", [][]move{
			done("approve-assessment-template"), is("approved", "approve-assessment-template"), done("withdraw-assessment-template"),
			is("withdrawn", "withdraw-assessment-template", "approve-assessment-template"),
		}},
		{"conflict alert", [][]move{done("lift-alert"), is("lifted", "lift-alert")}},
		{"agreement template", [][]move{is("approved", "approve-agreement-template")}},
		{"rulebook", [][]move{is("no_draft", "approve-rules", "reject-rules"), done("draft-rules", "reject-rules"), is("no_draft", "reject-rules")}},
		{"purpose", [][]move{is("no_draft", "approve-purpose", "reject-purpose"), done("amend-purpose", "approve-purpose"), is("no_draft", "approve-purpose")}},
		{"category", [][]move{is("no_draft", "approve-category", "reject-category"), done("amend-category", "reject-category"), is("no_draft", "reject-category")}},
		{"retention rule", [][]move{is("no_draft", "approve-retention-rule", "reject-retention-rule"), done("amend-retention-rule", "reject-retention-rule"), is("no_draft", "approve-retention-rule")}},
		{"notice", [][]move{is("approved", "approve-notice")}},
		{"clearance", [][]move{done("withdraw-clearance"), is("withdrawn", "withdraw-clearance")}},
		{"request of an authority", [][]move{
			is("received", "decide-authority-request", "close-authority-request"), done("take-authority-request"),
			is("assessing", "close-authority-request"), done("decide-authority-request"),
			is("answered", "decide-authority-request", "take-authority-request"), done("close-authority-request"),
			is("closed", "close-authority-request", "decide-authority-request", "take-authority-request"),
		}},
		{"incident", [][]move{done("triage-incident", "close-incident"), is("closed", "triage-incident", "close-incident")}},
		{"nomination", [][]move{done("decide-nomination"), is("granted", "decide-nomination")}},
		{"delegation", [][]move{done("delegate-post"), is("held", "delegate-post")}},
		{"mission", [][]move{is("in good standing", "lift-mission"), done("suspend-mission"), is("suspended", "suspend-mission"), done("lift-mission"), is("in good standing", "lift-mission")}},
		{"person", [][]move{is("in good standing", "lift-person"), done("suspend-person"), is("suspended", "suspend-person"), done("lift-person"), is("in good standing", "lift-person")}},
		{"token", [][]move{done("revoke-token"), is("ended", "revoke-token")}},
		{"grant", [][]move{is("held", "grant-role"), done("end-role"), is("ended", "end-role")}},
		{"key", [][]move{is("confirmed", "confirm-key"), done("revoke-key"), is("revoked", "revoke-key", "confirm-key")}},
		{"agreement", [][]move{
			is("active", "revise-agreement", "review-agreement", "decide-agreement", "approve-deviation", "activate-agreement", "lift-suspension", "withdraw-amendment", "close-out-agreement"),
			done("amend-agreement"), is("active", "amend-agreement"), done("withdraw-amendment", "suspend-agreement"),
			is("suspended", "suspend-agreement", "review-agreement", "activate-agreement", "close-out-agreement"), done("terminate-agreement"),
			is("terminated", "terminate-agreement", "suspend-agreement", "lift-suspension", "amend-agreement", "activate-agreement", "review-agreement"),
			done("close-out-agreement"), is("closed_out", "close-out-agreement", "terminate-agreement", "suspend-agreement"),
		}},
		{"party", [][]move{
			is("vetted", "lift-party-suspension"), done("suspend-party"), is("suspended", "suspend-party"),
			done("lift-party-suspension", "block-party"), is("blocked", "block-party", "suspend-party", "lift-party-suspension", "vet-party"),
		}},
	}
}

// TestTransitions: an act that the state of a record does not allow is answered 409, with the state, the guard and the
// mend, changes nothing, and is in the log.
func TestTransitions(t *testing.T) {
	w := newWalk(t)
	refused := map[string]string{}
	steps, operations := w.steps(), map[string]apitest.Operation{}
	for _, op := range w.doc.Operations {
		operations[op.ID] = op
	}
	for _, machine := range w.machines() {
		t.Run("R43 "+machine.name, func(t *testing.T) {
			for _, moves := range machine.moves {
				for _, m := range moves {
					op, s := operations[m.act], steps[m.act]
					got := w.call(s.as, op, w.own(op), w.values(s))
					if m.state == "" {
						if got.StatusCode >= 300 {
							t.Fatalf("%s: %d %s", m.act, got.StatusCode, got.body)
						}
						continue
					}
					p := got.object(t)
					if got.StatusCode != http.StatusConflict || p["type"] != "urn:safeconduct:illegal-transition" || p["state"] != m.state || empty(p, "guard") || empty(p, "mend") {
						t.Errorf("%s in state %s: %d %s", m.act, m.state, got.StatusCode, got.body)
					}
					refused[got.Header.Get("X-Request-Id")] = m.act + " in state " + m.state
				}
			}
		})
	}
	if len(refused) < 80 {
		t.Errorf("only %d were tried", len(refused))
	}
	w.logged(t, refused)
}

func empty(p object, member string) bool {
	text, ok := p[member].(string)
	return !ok || strings.TrimSpace(text) == ""
}
