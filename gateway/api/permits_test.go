package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/api/apitest"
)

// named: the roles that the document names for an operation are those that the matrix allows what the operation asks of
// authz, which the rest of the walk shows to be so.
func (w *walk) named(t *testing.T, m map[authz.Action]map[authz.Role]string) {
	var doc struct {
		Paths map[string]map[string]struct {
			Roles []authz.Role `json:"x-safeconduct-roles"`
		} `json:"paths"`
	}
	must(t, json.Unmarshal(w.do(nobody, "GET", v1+"/openapi.json", nil).body, &doc))
	w.each(t, func(t *testing.T, op apitest.Operation, s step) {
		if slices.Contains([]string{"grant-role", "end-role"}, op.ID) {
			for _, role := range allRoles() {
				s.actions = append(s.actions, authz.GrantRole(role))
			}
		}
		if op.ID == "lift-hold" { // the step lifts one of its three kinds
			s.actions = append(s.actions, authz.HoldLiftLegal, authz.HoldLiftReview)
		}
		var want []authz.Role
		for _, role := range allRoles() {
			if slices.ContainsFunc(s.cells(m, role), func(cell string) bool { return cell != "-" }) {
				want = append(want, role)
			}
		}
		slices.Sort(want)
		if got := doc.Paths[op.Path][strings.ToLower(op.Method)].Roles; !slices.Equal(got, want) {
			t.Errorf("it names %v; the matrix has %v: see actionsOf", got, want)
		}
	})
}
