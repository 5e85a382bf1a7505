package authz_test

import (
	"reflect"
	"testing"

	"safeconduct/authz"
)

func TestReach(t *testing.T) {
	e, err := authz.NewEnforcer(authz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(role authz.Role, mission, partner string) authz.Grant {
		return authz.Grant{Role: role, Mission: mission, Partner: partner}
	}
	for name, c := range map[string]struct {
		caller authz.Caller
		action authz.Action
		want   authz.Reach
	}{
		"R53 headquarters reach everything": {authz.Caller{Grants: []authz.Grant{at(authz.DPO, "", "")}}, authz.AgreementRead, authz.Reach{All: true}},
		"R53 headquarters, but for this":    {authz.Caller{Grants: []authz.Grant{at(authz.DPO, "", "")}}, authz.PersonRead, authz.Reach{}},
		"R53 a mission":                     {authz.Caller{Grants: []authz.Grant{at(authz.RO, "m-1", "")}}, authz.AgreementRead, authz.Reach{Missions: []string{"m-1"}}},
		"R53 what one made in one, all in another": {
			authz.Caller{Grants: []authz.Grant{at(authz.RO, "m-1", ""), at(authz.FP, "m-2", "")}},
			authz.TransferRead,
			authz.Reach{Missions: []string{"m-2"}, OwnIn: []string{"m-1"}},
		},
		"R53 a partner's signatory":      {authz.Caller{Grants: []authz.Grant{at(authz.PSG, "", "x")}}, authz.AgreementRead, authz.Reach{Partners: []string{"x"}}},
		"R53 a partner's downloader":     {authz.Caller{Grants: []authz.Grant{at(authz.PDL, "", "x")}}, authz.AgreementRead, authz.Reach{}},
		"R53 both":                       {authz.Caller{Grants: []authz.Grant{at(authz.PSG, "", "x"), at(authz.FP, "m-1", "")}}, authz.AgreementRead, authz.Reach{Missions: []string{"m-1"}, Partners: []string{"x"}}},
		"R53 a token for something else": {authz.Caller{Grants: []authz.Grant{at(authz.LEG, "", "")}, Scope: []authz.Action{authz.PartyRead}}, authz.AgreementRead, authz.Reach{}},
		"R44 locked roles":               {authz.Caller{Grants: []authz.Grant{at(authz.LEG, "", "")}, Locks: []string{"TRAINING_EXPIRED"}}, authz.AgreementRead, authz.Reach{}},
		"R53 the clock has no role":      {authz.System("r"), authz.AgreementRead, authz.Reach{Person: "SYS"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want.Person == "" {
				c.caller.Person, c.want.Person = "p-1", "p-1"
			}
			got := e.Reach(c.caller, c.action, "kind")
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if nowhere := !c.want.All && len(c.want.Missions)+len(c.want.Partners)+len(c.want.OwnIn) == 0; got.Nowhere() != nowhere {
				t.Errorf("nowhere: %t", got.Nowhere())
			}
		})
	}
}
