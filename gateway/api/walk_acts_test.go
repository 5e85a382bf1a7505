package api_test

import (
	"cmp"
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
	query  string
}

// name is of an act in the tests.
func (a act) name() string { return string(a.action) + " by " + a.op.ID }

// cell is where the role may do it: of two actions that open one operation, either.
func (a act) cell(m map[authz.Action]map[authz.Role]string, role authz.Role) string {
	for _, c := range a.step.cells(m, role) {
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
		s := steps[op.ID]
		a := act{op: op, step: s}
		switch op.ID {
		case "place-hold":
			acts = append(acts, a.under(authz.HoldOpen, object{"kind": "erasure", "case_reference": "CASE-1"}),
				a.under(authz.HoldPlaceLegal, object{"kind": "legal_hold", "case_reference": "CASE-1"}))
			continue
		case "lift-hold":
			legal := a.under(authz.HoldLiftLegal, nil)
			legal.ids = map[string]string{"holds": r.make(authz.LEG, v1+"/holds", object{"kind": "legal_hold", "mission": r.mission, "case_reference": "CASE-" + planted, "reason": "asked"})}
			acts = append(acts, legal)
		case "grant-role":
			acts = append(acts, r.grants(a)...)
			continue
		case "training-coverage":
			a.query = "?mission=" + r.mission
		}
		for _, action := range s.actions {
			if op.Method == http.MethodGet && len(op.Params()) == 0 && a.query == "" && scoped(r.matrix[action]) {
				continue // such a list leaves out what is not the caller's: TestWalk reads them all
			}
			a.action = action
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
	// A mission that is suspended stops its people in all else.
	slices.SortStableFunc(acts, func(a, b act) int {
		return cmp.Compare(slices.Index(missionwide(), a.action), slices.Index(missionwide(), b.action))
	})
	return acts
}

func missionwide() []authz.Action { return []authz.Action{authz.MissionSuspend, authz.MissionLift} }

// grants are of each role there is.
func (r *rolesWalk) grants(a act) []act {
	var acts []act
	for _, role := range allRoles() {
		values, person := object{"role": role, "mission": nil, "partner": nil}, spare
		switch place, _ := authz.PlaceOf(role); place {
		case authz.AtMission:
			values["mission"] = r.mission
		case authz.AtPartner:
			values["partner"], person = r.partner, authz.PSG
		case authz.AtHQ:
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
