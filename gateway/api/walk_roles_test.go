package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
)

// TestRoles is domain.md section 5 through the API: HTTP, the router, the services, the store and the policy that is shipped.
// Each action of authz/testdata/matrix.csv is asked for by each role: as held in the mission, or for the partner, in which the
// record lies, and as held in another mission or for another partner; where a cell says "own", of what the caller made and of
// what somebody else did. For a role of headquarters every mission is another's. Everybody is trained and bound, and holds
// that one role.
//
// All that is to be denied comes first, and changes nothing but what a transfer says of its last pull. Denied is
//   - 403 with AUTH_ROLE_DENIED, or PULL_DENIED alone to the partner's people who ask for what leaves, and an entry of the same request in the log that refuses this very action (R43), or
//   - 404, byte for byte what the caller is told of an id that nobody has, where the record is not of the caller's places.
//
// Then the same requests are sent by those who may: they differ from the denied ones in the token, and where an act uses up
// what it is done to, in the record. Allowed is
//   - a success, whose entry in the log, if it makes one, names the caller's role, or
//   - another answer to a request that was denied with 403 before, so that it stands behind the guard: such as that the
//     state of the record does not allow it. Never 401, 404 or 5xx, and never with a refusal by authorisation in the log.
//
// An action that no operation asks for stands in withoutOperation with its reason, and one that a service narrows in narrowed;
// any other action fails.
func TestRoles(t *testing.T) {
	w := newWalk(t)
	w.hireOthers()
	r := &rolesWalk{
		walk: w, matrix: matrix(t), mine: w.makeOwn(), guarded: map[string]bool{}, refused: map[string]expect{}, reached: map[string]expect{},
	}
	r.acts = r.plan(t)
	t.Run("denied", r.denied)
	t.Run("allowed", func(t *testing.T) { r.allowed(t, false) })
	t.Run("allowed, and ends what others act on", func(t *testing.T) { r.allowed(t, true) })
	t.Run("in the log", r.logged)
	if len(r.refused) < 500 || len(r.reached) < 200 {
		t.Errorf("only %d refused and %d reached", len(r.refused), len(r.reached))
	}
}

// makeOwn has each role to which a cell gives what it made make one, and answers with their ids by collection. People of the
// other partner make theirs.
func (w *walk) makeOwn() map[authz.Role]map[string]string {
	w.Helper()
	mine := map[authz.Role]map[string]string{}
	own := func(as, role authz.Role, mission, partner any) {
		now := w.clock.Now()
		mine[role] = map[string]string{
			"people":             w.people[as],
			"authority-requests": w.make(as, v1+"/authority-requests", object{"mission": mission, "partner": partner, "authority": "police", "country": "CO", "reference": "A-2", "asked": now}),
			"incidents":          w.make(as, v1+"/incidents", object{"mission": mission, "partner": partner, "source": "s", "event": "e", "discovered": now, "notified": now}),
		}
	}
	own(authz.RO, authz.RO, w.mission, w.make(authz.LEG, v1+"/parties", object{"name": "Silent", "kind": "ngo", "country": "CO", "mission": w.mission}))
	for _, role := range []authz.Role{authz.PSG, authz.PDL} {
		own(others(role), role, nil, w.otherPartner)
	}
	return mine
}

// caller is who sends an act, and where: of what lies in the mission, of what the caller made, or of what somebody else did.
type caller struct {
	as   authz.Role // name in the bench
	role authz.Role
	ids  map[string]string // beside those of the act
	may  bool
}

// callers of an act are each role at home, away, and where a cell says "own" on both sides of that line.
func (r *rolesWalk) callers(a act) []caller {
	var all []caller
	for _, role := range allRoles() {
		place, _ := authz.PlaceOf(role)
		cell := a.cell(r.matrix, role)
		switch {
		case cell == "own" && place == authz.AtMission: // spare has made nothing
			all = append(all, caller{spare, role, map[string]string{"people": r.people[authz.HOM]}, false}, caller{role, role, r.mine[role], true})
		case cell == "own":
			all = append(all, caller{role, role, nil, false}, caller{others(role), role, r.mine[role], true})
		default:
			all = append(all, caller{role, role, nil, cell != "-"})
		}
		if place != authz.AtHQ {
			all = append(all, caller{others(role), role, nil, cell == "any"})
		}
	}
	return all
}

type rolesWalk struct {
	*walk
	matrix map[authz.Action]map[authz.Role]string
	mine   map[authz.Role]map[string]string // by collection: what the role made
	acts   []act

	guarded map[string]bool   // by act: somebody was stopped by the guard
	refused map[string]expect // by request
	reached map[string]expect
}

// expect is what the log must say of a request, or must not.
type expect struct {
	who     string
	role    authz.Role
	actions []authz.Action
}

// ask sends the act as the caller.
func (r *rolesWalk) ask(a act, c caller) answer {
	r.Helper()
	ids := maps.Clone(r.ids)
	maps.Copy(ids, a.ids)
	maps.Copy(ids, c.ids)
	if c.may {
		maps.Copy(ids, a.fresh)
	}
	return r.call(c.as, a.op, r.at(a.op, ids)+a.query, r.values(a.step))
}

// nothing asks as the caller for what nobody has.
func (r *rolesWalk) nothing(a act, c caller) answer {
	r.Helper()
	values := r.values(a.step)
	for _, name := range []string{"mission", "partner", "person", "agreement"} {
		if _, ok := values[name].(string); ok {
			values[name] = unknown
		}
	}
	return r.call(c.as, a.op, with(a.op, unknown)+strings.ReplaceAll(a.query, r.mission, unknown), values)
}

// R53: what the matrix does not allow is denied.
func (r *rolesWalk) denied(t *testing.T) {
	for _, a := range r.acts {
		t.Run("R53 "+a.name(), func(t *testing.T) {
			for _, c := range r.callers(a) {
				if c.may {
					continue
				}
				got := r.ask(a, c)
				denied(t, string(c.as), got)
				switch {
				case guarded(t, a.step, c.role, got):
					r.guarded[a.name()] = true
					r.refused[got.Header.Get("X-Request-Id")] = expect{string(c.as) + ": " + a.name(), c.role, a.step.actions}
				case got.StatusCode == http.StatusNotFound:
					if none := r.nothing(a, c); plain(got) != plain(none) {
						t.Errorf("%s\ntheirs:  %s\nunknown: %d %s", c.as, got.body, none.StatusCode, none.body)
					}
				default:
					t.Errorf("%s: %d %s", c.as, got.StatusCode, got.body)
				}
			}
		})
	}
}

// allowed: who may comes past the guard.
func (r *rolesWalk) allowed(t *testing.T, last bool) {
	for _, a := range r.acts {
		if a.step.last != last {
			continue
		}
		t.Run("R53 "+a.name(), func(t *testing.T) {
			for _, c := range r.callers(a) {
				if !c.may {
					continue
				}
				got := r.ask(a, c)
				r.reached[got.Header.Get("X-Request-Id")] = expect{string(c.as) + ": " + a.name(), c.role, a.step.actions}
				switch {
				case got.StatusCode < 300:
					r.shape(t, a, c, got)
				case !r.guarded[a.name()]:
					t.Errorf("%s: %d, and nobody was stopped by a guard before that: %s", c.as, got.StatusCode, got.body)
				case got.StatusCode == http.StatusForbidden && !slices.Contains(codesOf(got.object(t)), "AUTH_ROLE_DENIED"):
				case got.StatusCode == http.StatusConflict || got.StatusCode == http.StatusUnprocessableEntity:
				case got.StatusCode == http.StatusNotFound && c.role == authz.PSG && slices.Contains([]string{"get-amendment-document", "print-amendment"}, a.op.ID):
					// in draft, it is not the partner's yet
				default:
					t.Errorf("%s: %d %s", c.as, got.StatusCode, got.body)
				}
			}
		})
	}
}

// guarded reports whether the answer is that of the one authorisation function.
func guarded(t *testing.T, s step, role authz.Role, got answer) bool {
	t.Helper()
	if got.StatusCode != http.StatusForbidden {
		return false
	}
	codes := codesOf(got.object(t))
	return slices.Contains(codes, "AUTH_ROLE_DENIED") || toldOfPull(s, role) && slices.Equal(codes, []string{"PULL_DENIED"})
}

// toldOfPull holds where the partner's people ask for what leaves: to them any refusal is PULL_DENIED (gate.md), and why is in the log.
func toldOfPull(s step, role authz.Role) bool {
	place, _ := authz.PlaceOf(role)
	return place == authz.AtPartner && slices.Contains(s.actions, authz.TransferPull)
}

// shape tells the two readings of a transfer apart: people of the partner see no more than what is theirs to pull.
func (r *rolesWalk) shape(t *testing.T, a act, c caller, got answer) {
	t.Helper()
	if a.op.ID != "get-transfer" {
		return
	}
	_, whole := got.object(t)["decision"]
	if want := r.matrix[authz.TransferRead][c.role] != "-"; whole != want {
		t.Errorf("%s reads the whole transfer: %t, want %t", c.as, whole, want)
	}
}

// logged: each refusal is in the log under its action, and nothing there refuses those who may (R43).
func (r *rolesWalk) logged(t *testing.T) {
	entries := r.entries()
	t.Run("R43 refusals", func(t *testing.T) {
		for request, x := range r.refused {
			if !slices.ContainsFunc(entries[request], func(e object) bool {
				return e["verdict"] == "refused" && slices.Contains(x.actions, authz.Action(str(e, "action"))) && slices.Contains(listOf(e, "codes"), "AUTH_ROLE_DENIED")
			}) {
				t.Errorf("%s: the log has %v", x.who, entries[request])
			}
		}
	})
	t.Run("R53 and no others", func(t *testing.T) {
		for request, x := range r.reached {
			for _, e := range entries[request] {
				if slices.Contains(listOf(e, "codes"), "AUTH_ROLE_DENIED") || e["kind"] == "change" && str(e, "role") != string(x.role) {
					t.Errorf("%s: the log has %v", x.who, e)
				}
			}
		}
	})
}

func listOf(e object, name string) []string {
	var all []string
	list, _ := e[name].([]any)
	for _, v := range list {
		all = append(all, v.(string))
	}
	return all
}
