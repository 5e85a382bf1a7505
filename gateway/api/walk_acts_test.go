package api_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/api/apitest"
)

// withoutOperation says why an action cannot be asked for by a role at all.
func withoutOperation() map[authz.Action]string {
	return map[authz.Action]string{
		authz.KeyEnrol:             "done to nothing but oneself, by no role: TestWalk asks it of others, which is answered like an unknown person",
		authz.UndertakingSign:      "done to nothing but oneself, by no role: TestWalk asks it of others, which is answered like an unknown person",
		authz.GrantRole(authz.SYS): "no role of a person: the API knows no such role",
	}
}

// act is one request by which an action is asked for.
type act struct {
	action authz.Action
	op     apitest.Operation
	step   step
	ids    map[string]string // beside the mission's
	fresh  map[string]string // for those who may, beside ids: what others have not used up
	query  string
	narrow string      // why the service allows at home only what the policy allows everywhere
	only   authz.Place // of what is done by roles of one place alone, where it is not empty
}

// narrowed says why a service allows less than the policy does.
func narrowed() map[authz.Action]string {
	return map[authz.Action]string{
		authz.PersonCreate: "only people of partners are registered from any mission; a mission's own are not known to others",
		authz.TokenIssue:   "a token carries roles: who may not grant these (role.grant) hands out no token to their holder",
		authz.TokenRevoke:  "as for handing one out",
	}
}

// name is of an act in the tests.
func (a act) name() string { return string(a.action) + " by " + a.op.ID }

// cell is where the role may do it: of two actions that open one operation, either.
func (a act) cell(m map[authz.Action]map[authz.Role]string, role authz.Role) string {
	if place, _ := authz.PlaceOf(role); a.only != "" && place != a.only {
		return "-"
	}
	for _, c := range a.step.cells(m, role) {
		if place, _ := authz.PlaceOf(role); c == "any" && a.narrow != "" && place == authz.AtMission {
			return "m"
		}
		if c != "-" {
			return c
		}
	}
	return "-"
}

// under narrows an act to one action, with values of its own.
func (a act) under(action authz.Action, values object) act {
	a.action = action
	a.step.actions = []authz.Action{action}
	a.step.values = values
	return a
}

// plan has at least one act for each action of the matrix: what the steps of the walk say, and what they leave to the body.
func (r *rolesWalk) plan(t *testing.T) []act {
	t.Helper()
	var acts []act
	steps := r.steps()
	for _, op := range r.doc.Operations {
		a := act{op: op, step: steps[op.ID]}
		if special, ok := r.special(a); ok {
			acts = append(acts, special...)
			continue
		}
		for _, a.action = range a.step.actions {
			if op.Method == http.MethodGet && len(op.Params()) == 0 && scoped(r.matrix[a.action]) {
				continue // such a list leaves out what is not the caller's: TestWalk reads them all
			}
			acts = append(acts, a)
		}
	}
	why := withoutOperation()
	for action := range r.matrix {
		planned := slices.ContainsFunc(acts, func(a act) bool { return a.action == action })
		if planned == (why[action] != "") {
			t.Errorf("%s: give an operation a step that asks for it, or else the reason why none does", action)
		}
	}
	return acts
}

// special are the acts of an operation of which the step does not say enough.
func (r *rolesWalk) special(a act) ([]act, bool) {
	switch a.op.ID {
	case "place-hold":
		return []act{
			a.under(authz.HoldOpen, object{"kind": "erasure", "case_reference": "CASE-1"}),
			a.under(authz.HoldPlaceLegal, object{"kind": "legal_hold", "case_reference": "CASE-1"}),
			a.under(authz.HoldPlaceReview, object{"kind": "review", "case_reference": nil, "transfer": r.ids["transfers"]}),
		}, true
	case "lift-hold":
		legal := a.under(authz.HoldLiftLegal, nil)
		legal.ids = map[string]string{"holds": r.make(authz.LEG, v1+"/holds", object{"kind": "legal_hold", "mission": r.mission, "case_reference": "CASE-" + planted, "reason": "asked"})}
		review := a.under(authz.HoldLiftReview, nil)
		review.ids = map[string]string{"holds": r.make(authz.FP, v1+"/holds", object{"kind": "review", "transfer": r.ids["transfers"], "reason": "doubt"})}
		return []act{a.under(authz.HoldClose, nil), legal, review}, true
	case "grant-role":
		return r.grants(a), true
	case "training-coverage":
		a = a.under(authz.TrainingRead, nil)
		a.query = "?mission=" + r.mission
	case "read-scan":
		a = a.under(authz.AgreementScanRead, nil)
		a.ids = map[string]string{"agreements": r.scanned}
	case "vet-party":
		a = a.under(authz.PartyVet, a.step.values)
		a.fresh = map[string]string{"parties": r.make(authz.FP, v1+"/parties", object{"name": "Fresh", "kind": "ngo", "country": "CO", "mission": r.mission})}
	case "create-person":
		ours := a.under(authz.PersonCreate, a.step.values)
		ours.narrow = narrowed()[ours.action]
		return []act{ours, a.under(authz.PersonCreate, object{"mission": nil})}, true
	case "delegate-post":
		r.hire("deputy", authz.RO, r.mission, "")
		a = a.under(authz.PostDelegate, a.step.values)
		a.ids, a.only = map[string]string{"people": r.people["deputy"]}, authz.AtMission
		values := maps.Clone(a.step.values)
		values["role"], values["mission"] = authz.LEG, nil
		hq := a.under(authz.PostDelegate, values)
		hq.ids, hq.only = map[string]string{"people": r.make(authz.LEG, v1+"/people", object{"name": "Deputy"})}, authz.AtHQ
		return []act{a, hq}, true
	case "issue-token", "revoke-token":
		a = a.under(a.step.actions[0], a.step.values)
		a.narrow = narrowed()[a.action]
	case "suspend-person", "lift-person":
		r.hire("at "+authz.Role(a.op.ID), authz.RO, r.mission, "")
		a = a.under(a.step.actions[0], a.step.values)
		a.fresh = map[string]string{"people": r.people["at "+authz.Role(a.op.ID)]}
		if a.op.ID == "lift-person" {
			r.want(http.StatusOK, authz.HOM, http.MethodPost, v1+"/people/"+a.fresh["people"]+"/suspension", object{"reason": "asked"})
		}
	case "suspend-mission", "lift-mission":
		a = a.under(a.step.actions[0], a.step.values)
		a.fresh = map[string]string{"missions": r.make(authz.LEG, v1+"/missions", object{"name": a.op.ID, "country": "NE", "contact": "focal point"})}
		if a.op.ID == "lift-mission" {
			r.want(http.StatusOK, r.hireLegal(), http.MethodPost, v1+"/missions/"+a.fresh["missions"]+"/suspension", object{"reason": "asked"})
		}
	default:
		return nil, false
	}
	return []act{a}, true
}

// grants are of each role there is.
func (r *rolesWalk) grants(a act) []act {
	r.hire("to be granted", authz.RO, r.mission, "")
	var acts []act
	for _, role := range allRoles() {
		values, person := object{"role": role, "mission": nil, "partner": nil, "purposes": nil}, authz.Role("to be granted")
		switch place, _ := authz.PlaceOf(role); place {
		case authz.AtMission:
			values["mission"] = r.mission
		case authz.AtPartner:
			values["partner"], person = r.partner, authz.PSG
		case authz.AtHQ:
		}
		if authz.Tasked(role) {
			values["purposes"] = []string{r.purpose}
		}
		one := a.under(authz.GrantRole(role), values)
		one.ids = map[string]string{"people": r.people[person]}
		acts = append(acts, one)
	}
	return acts
}

// scoped reports whether some role has the action at home only.
func scoped(cells map[authz.Role]string) bool {
	for _, c := range cells {
		if c != "any" && c != "-" {
			return true
		}
	}
	return false
}
