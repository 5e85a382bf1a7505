package authz_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"safeconduct/authz"
)

const (
	me     = "person-me"
	her    = "person-her"
	here   = "mission-here"
	there  = "mission-there"
	ours   = "partner-ours"
	theirs = "partner-theirs"
	task   = "purpose-task"
)

func roles() []authz.Role {
	return []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.PSG, authz.PDL, authz.OIG, authz.SYS}
}

// holder is me with one role, held here or for our partner.
func holder(role authz.Role) authz.Caller {
	g := authz.Grant{ID: "g", Version: 1, Role: role}
	switch place, _ := authz.PlaceOf(role); place {
	case authz.AtMission:
		g.Mission = here
		g.Purposes = []string{task} // R23; task_test.go has who holds none
	case authz.AtPartner:
		g.Partner = ours
	case authz.AtHQ:
	}
	return authz.Caller{Person: me, Assurance: authz.AssuranceMFA, Grants: []authz.Grant{g}}
}

func enforcer(t testing.TB) *authz.Enforcer {
	t.Helper()
	e, err := authz.NewEnforcer(authz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// resources are every kind of place at which something can lie.
func resources() []authz.Resource {
	var all []authz.Resource
	for _, mission := range []string{"", here, there} {
		for _, partner := range []string{"", ours, theirs} {
			for _, owner := range []string{"", me, her} {
				all = append(all, authz.Resource{Kind: "thing", ID: "id", Mission: mission, Partner: partner, Owner: owner, Purposes: []string{task}})
			}
		}
	}
	return all
}

// allowedBy reads a cell of the matrix. A person of a mission has no partner
// and the other way round, so that one of the two places is the role's own.
func allowedBy(t *testing.T, cell string, role authz.Role, res authz.Resource) bool {
	t.Helper()
	place, _ := authz.PlaceOf(role)
	atHome := place == authz.AtMission && res.Mission == here || place == authz.AtPartner && res.Partner == ours
	switch cell {
	case "any":
		return true
	case "m":
		return place == authz.AtMission && res.Mission == here
	case "o":
		return place == authz.AtPartner && res.Partner == ours
	case "own":
		return atHome && res.Owner == me
	case "-":
		return false
	}
	t.Fatalf("unknown cell %q", cell)
	return false
}

func matrix(t *testing.T) map[authz.Action]map[authz.Role]string {
	t.Helper()
	heading, rows := records(t, "testdata/matrix.csv")
	m := map[authz.Action]map[authz.Role]string{}
	for _, row := range rows {
		cells := map[authz.Role]string{}
		for i, role := range heading[1:] {
			cells[authz.Role(role)] = row[i+1]
		}
		m[authz.Action(row[0])] = cells
	}
	return m
}

// declaredActions are the constants of actions.go, and the granting of every role.
func declaredActions(t *testing.T) []authz.Action {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "actions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []authz.Action
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !spec.Names[0].IsExported() {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, authz.Action(text))
		return true
	})
	for _, role := range roles() {
		all = append(all, authz.GrantRole(role))
	}
	return all
}

func TestActionsAreAll(t *testing.T) {
	declared := declaredActions(t)
	declared = slices.DeleteFunc(declared, func(a authz.Action) bool { return a == authz.GrantRole(authz.SYS) })
	all := authz.Actions()
	slices.Sort(declared)
	slices.Sort(all)
	if !slices.Equal(all, declared) {
		t.Errorf("Actions is %v, declared are %v", all, declared)
	}
}

func TestMatrix(t *testing.T) {
	e, m := enforcer(t), matrix(t)
	actions := declaredActions(t)
	if len(actions) < 40 || len(m) != len(actions) {
		t.Fatalf("the matrix has %d actions, the code %d", len(m), len(actions))
	}
	checked := 0
	for _, action := range actions {
		t.Run("R53 "+string(action), func(t *testing.T) {
			cells, ok := m[action]
			if !ok {
				t.Fatal("the action is missing from the matrix")
			}
			for _, role := range roles() {
				for _, res := range resources() {
					got, err := e.Check(holder(role), action, res)
					want := allowedBy(t, cells[role], role, res)
					checked++
					switch {
					case want && (err != nil || got != role):
						t.Errorf("%s at %+v: want allowed, got %q, %v", role, res, got, err)
					case !want && (!errors.Is(err, authz.ErrDenied) || got != ""):
						t.Errorf("%s at %+v: want denied, got %q, %v", role, res, got, err)
					}
				}
			}
		})
	}
	if want := len(actions) * len(roles()) * len(resources()); checked != want {
		t.Errorf("checked %d of %d cells", checked, want)
	}
}

func TestAuditorsWriteNothing(t *testing.T) {
	e := enforcer(t)
	reads := []authz.Action{
		authz.MissionRead, authz.PersonRead, authz.PartyRead, authz.TermsRead, authz.RulesRead, authz.AgreementRead, authz.AssessmentRead,
		authz.ConsentRead, authz.TransferRead, authz.LogRead, authz.LogCheckpoint, authz.HoldRead, authz.DPOApprovalRead, authz.DisclosureRead,
		authz.AuthorityRead, authz.IncidentRead, authz.ClearanceRead, authz.DestructionRead, authz.AgreementScanRead, authz.TrainingRead,
		authz.NominationRead, authz.LogExport,
	}
	for _, action := range declaredActions(t) {
		t.Run("separation of duties 9 "+string(action), func(t *testing.T) {
			for _, res := range resources() {
				_, err := e.Check(holder(authz.OIG), action, res)
				if allowed := err == nil; allowed != slices.Contains(reads, action) {
					t.Fatalf("at %+v: %v", res, err)
				}
			}
		})
	}
}

func TestSystemHoldsNoBusinessRole(t *testing.T) {
	e := enforcer(t)
	sys := authz.System("request")
	sys.Grants = append(sys.Grants, authz.Grant{Role: authz.SYS, Mission: here}, authz.Grant{Role: authz.SYS, Partner: ours})
	for _, action := range declaredActions(t) {
		t.Run("separation of duties 8 "+string(action), func(t *testing.T) {
			for _, res := range resources() {
				if role, err := e.Check(sys, action, res); !errors.Is(err, authz.ErrDenied) || role != "" {
					t.Fatalf("at %+v: %q, %v", res, role, err)
				}
			}
		})
	}
}

// Nobody but the recipient's own downloader ever reaches a payload.
func TestOnlyTheRecipientPulls(t *testing.T) {
	e := enforcer(t)
	for _, role := range roles() {
		_, err := e.Check(holder(role), authz.TransferPull, authz.Resource{Kind: "transfer", ID: "t", Mission: here, Partner: ours, Owner: me})
		if allowed := err == nil; allowed != (role == authz.PDL) {
			t.Errorf("%s: %v", role, err)
		}
	}
	if _, err := e.Check(holder(authz.PDL), authz.TransferPull, authz.Resource{Partner: theirs, Mission: here, Owner: me}); err == nil {
		t.Error("a downloader pulled what is another partner's")
	}
	if !strings.HasPrefix(string(authz.GrantRole(authz.RO)), "role.grant.") {
		t.Error("granting a role is not named by the role")
	}
}
