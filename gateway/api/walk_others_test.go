package api_test

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/api/apitest"
)

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// outsiders: another mission's and another partner's records answer, byte for byte, as those that do not exist (gate.md).
func (w *walk) outsiders(t *testing.T, m map[authz.Action]map[authz.Role]string) {
	compared := 0
	w.each(t, func(t *testing.T, op apitest.Operation, s step) {
		for _, role := range localRoles() {
			if public(role, op) || len(op.Params()) == 0 {
				continue
			}
			for _, values := range []object{w.values(s), w.home(s)} {
				compared += w.compare(t, m, role, op, s, values)
			}
			if slices.Contains(op.Params(), "seq") {
				continue // a number, which is no id
			}
			for _, bad := range []string{"%00", "%20", "..%2fx", strings.Repeat("a", 200)} {
				if got := w.call(others(role), op, with(op, bad), w.values(s)); got.StatusCode != http.StatusNotFound {
					t.Errorf("%s: the id %.9s answers %d %s", role, bad, got.StatusCode, got.body)
				}
			}
		}
	})
	if compared < 100 {
		t.Errorf("only %d were compared", compared)
	}
	t.Run("ids in bodies", w.bodies)
	t.Run("lists", w.lists)
}

// lists name nothing of others, but for the terms and the register of partners, which are everybody's.
func (w *walk) lists(t *testing.T) {
	shared := []string{"parties", "purposes", "categories", "retention-rules", "notices", "assessment-templates", "conflict-alerts", "agreement-templates", "tokens"} // of tokens, one's own
	w.each(t, func(t *testing.T, op apitest.Operation, s step) {
		if op.Method != http.MethodGet || len(op.Params()) > 0 || slices.Contains(shared, op.Collection()) {
			return
		}
		for _, role := range localRoles() {
			for _, query := range []string{"", "?mission=" + w.mission, "?partner=" + w.partner, "?actor=" + w.people[authz.HOM], "?object=" + w.ids["transfers"]} {
				got := w.call(others(role), op, w.own(op)+query, w.values(s))
				if op.ID == "list-people" { // every name is planted, one's colleagues' too: theirs are known by their mission and ids
					got.body = bytes.ReplaceAll(got.body, []byte(planted), nil)
				}
				for _, secret := range []string{planted, w.mission, w.people[authz.HOM]} {
					if got.StatusCode >= 500 || got.StatusCode < 400 && strings.Contains(string(got.body), secret) {
						t.Errorf("%s: %d %s", role, got.StatusCode, got.body)
					}
				}
			}
		}
	})
}

// compare asks for what is the mission's and its partner's, and for what nobody has.
func (w *walk) compare(t *testing.T, m map[authz.Action]map[authz.Role]string, role authz.Role, op apitest.Operation, s step, values object) int {
	t.Helper()
	none := w.call(others(role), op, with(op, unknown), values)
	for _, ids := range []map[string]string{w.ids, w.partners} {
		theirs := w.call(others(role), op, w.at(op, ids), values)
		denied(t, string(role), theirs)
		if theirs.StatusCode != none.StatusCode || plain(theirs) != plain(none) {
			t.Errorf("%s\ntheirs:  %d %s\nunknown: %d %s", role, theirs.StatusCode, theirs.body, none.StatusCode, none.body)
		}
		if may := slices.ContainsFunc(s.cells(m, role), func(c string) bool { return c != "-" }); may && theirs.StatusCode != http.StatusNotFound {
			t.Errorf("%s, who may do it at home: %d %s", role, theirs.StatusCode, theirs.body)
		}
	}
	return 2
}

// public reports whether the role reads such records wherever they lie, so that there is nothing to hide: the register of
// partners is open to all who send, and the questionnaire to all who read the terms (domain.md section 5).
func public(role authz.Role, op apitest.Operation) bool {
	place, _ := authz.PlaceOf(role)
	return op.Collection() == "parties" && place == authz.AtMission || op.Collection() == "assessment-templates" || op.Collection() == "agreement-templates"
}

// bodies: an id in a body is no better a way to find out.
func (w *walk) bodies(t *testing.T) {
	compared := 0
	w.each(t, func(t *testing.T, op apitest.Operation, s step) {
		for _, role := range append(localRoles(), "of the partner") {
			values, as := w.values(s), others(role)
			if role == "of the partner" {
				values["person"], as = w.people[authz.PSG], others(authz.HOM)
			}
			if !op.HasBody() || len(op.Params()) > 0 {
				continue
			}
			theirs := w.call(as, op, w.own(op), values)
			denied(t, string(role), theirs)
			for _, name := range []string{"mission", "partner", "person", "agreement"} {
				if _, ok := values[name].(string); ok {
					values[name] = unknown
				}
			}
			none := w.call(as, op, w.own(op), values)
			if theirs.StatusCode != none.StatusCode || plain(theirs) != plain(none) {
				t.Errorf("%s\ntheirs:  %d %s\nunknown: %d %s", role, theirs.StatusCode, theirs.body, none.StatusCode, none.body)
			}
			compared++
		}
	})
	if compared < 10 {
		t.Errorf("only %d were compared", compared)
	}
}
