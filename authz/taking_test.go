package authz_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
)

// taking is what testdata/takes.csv says that an act of each action does.
func taking(t *testing.T) map[authz.Action]string {
	t.Helper()
	_, rows := records(t, "testdata/takes.csv")
	does := map[authz.Action]string{}
	for _, row := range rows {
		does[authz.Action(row[0])] = row[1]
	}
	return does
}

// Every action is classed by hand: a new one gives until somebody has said that it takes.
func TestTaking(t *testing.T) {
	does := taking(t)
	if len(does) != len(authz.Actions()) {
		t.Errorf("takes.csv classes %d actions, the code has %d", len(does), len(authz.Actions()))
	}
	results := []string{authz.Ended, authz.Raised, authz.Refused, authz.Rejected, authz.Revoked}
	for _, action := range authz.Actions() {
		t.Run("R37 "+string(action), func(t *testing.T) {
			class, ok := does[action]
			if !ok {
				t.Fatal("takes.csv does not class it")
			}
			for _, result := range append([]string{"", "granted", "approved", "given", "lifted", "active", "Ended"}, results...) {
				want := class == "takes" || slices.Contains(results, result) && slices.Contains(strings.Fields(class), result)
				if action.Takes(result) != want {
					t.Errorf("result %q takes: %v", result, !want)
				}
			}
			if action.MayTake() != (class != "gives") {
				t.Errorf("it may take: %v", action.MayTake())
			}
		})
	}
	t.Run("R53 an action that nobody named gives", func(t *testing.T) {
		for _, action := range []authz.Action{"", "role.grant", "agreement.expire", "authority.check"} {
			if action.MayTake() {
				t.Errorf("%q takes", action)
			}
		}
	})
}

// While the rules cannot be believed everybody is locked, but for what may take away.
func TestLockedForWantOfRules(t *testing.T) {
	e, m := enforcer(t), matrix(t)
	for action, class := range taking(t) {
		for _, role := range roles() {
			c := holder(role)
			c.Locks = []string{authz.LockUnruled}
			allowed := false
			for _, res := range resources() {
				_, err := e.Check(c, action, res)
				allowed = allowed || err == nil
				var locked *authz.LockedError
				if class == "gives" && (!errors.As(err, &locked) || !slices.Equal(locked.Codes, c.Locks)) {
					t.Fatalf("R53 %s does %s: %v", role, action, err)
				}
			}
			if want := class != "gives" && m[action][role] != "-"; allowed != want {
				t.Errorf("%s may do %s: %v", role, action, allowed)
			}
			if action == authz.TransferRequest {
				continue // for want of training it is the gate's to refuse
			}
			c.Locks = append(c.Locks, "TRAINING_EXPIRED")
			if _, err := e.Check(c, action, authz.Resource{Mission: here, Partner: ours, Owner: me}); err == nil {
				t.Errorf("R44 %s does %s untrained", role, action)
			}
		}
	}
}

// What unlocks, and what gives up one's own, asks for no training; for rules that can be believed it asks as any other.
func TestOwnActsForWantOfRules(t *testing.T) {
	e := enforcer(t)
	for action, want := range map[authz.Action]bool{authz.UndertakingSign: false, authz.TokenRevoke: true, authz.PostDelegate: true, authz.TokenIssue: false} {
		c := holder(authz.RO)
		c.Locks = []string{"TRAINING_EXPIRED", "CONFIDENTIALITY_MISSING"}
		if err := e.CheckOwn(c, action); (err == nil) != (action != authz.TokenIssue) {
			t.Errorf("R44 %s untrained: %v", action, err)
		}
		c.Locks = append(c.Locks, authz.LockUnruled)
		if action == authz.TokenIssue {
			continue
		}
		var locked *authz.LockedError
		if err := e.CheckOwn(c, action); (err == nil) != want || !want && (!errors.As(err, &locked) || !slices.Equal(locked.Codes, []string{authz.LockUnruled})) {
			t.Errorf("R53 %s without rules: %v", action, err)
		}
	}
}
