package authz_test

import (
	"errors"
	"testing"

	"safeconduct/authz"
)

// at is me with the role here, once for each list of tasks.
func at(role authz.Role, tasks ...[]string) authz.Caller {
	c := authz.Caller{Person: me}
	for _, purposes := range tasks {
		c.Grants = append(c.Grants, authz.Grant{Role: role, Mission: here, Purposes: purposes})
	}
	return c
}

func TestTheTask(t *testing.T) {
	e := enforcer(t)
	a, b, both, none := []string{"a"}, []string{"b"}, []string{"a", "b"}, []string(nil)
	for name, c := range map[string]struct {
		by     authz.Caller
		action authz.Action
		serves []string
		want   error
	}{
		"R23 what is recorded serves its task":             {at(authz.RO, a), authz.ConsentRecord, a, nil},
		"R23 what is recorded serves no other":             {at(authz.RO, a), authz.ConsentRecord, both, authz.ErrNoTask},
		"R23 two grants of the role are two tasks":         {at(authz.RO, a, b), authz.ConsentRecord, both, nil},
		"R23 one of the purposes lets read":                {at(authz.FP, b), authz.ConsentRead, both, nil},
		"R23 none of them does not":                        {at(authz.FP, b), authz.ConsentRead, a, authz.ErrNoTask},
		"R23 of no purpose nobody reads":                   {at(authz.FP, b), authz.ConsentRead, none, authz.ErrNoTask},
		"R23 a grant without a task reads nothing":         {at(authz.RO, none), authz.ConsentRead, a, authz.ErrNoTask},
		"R23 nor attaches":                                 {at(authz.RO, none), authz.ConsentAttach, a, authz.ErrNoTask},
		"R23 nor certifies":                                {at(authz.FP, none), authz.ConsentCertify, a, authz.ErrNoTask},
		"R23 nor assesses":                                 {at(authz.RO, none), authz.ConsentAssess, a, authz.ErrNoTask},
		"R23 nor asks for a transfer":                      {at(authz.RO, none), authz.TransferRequest, a, authz.ErrNoTask},
		"R23 nor sends a byte":                             {at(authz.RO, b), authz.TransferUpload, a, authz.ErrNoTask},
		"R23 nor commits":                                  {at(authz.RO, b), authz.TransferCommit, a, authz.ErrNoTask},
		"R23 a withdrawal takes no task":                   {at(authz.RO, none), authz.ConsentWithdraw, a, nil},
		"R23 a hold takes no task":                         {at(authz.FP, none), authz.HoldOpen, a, nil},
		"R23 the head of mission approves without":         {at(authz.HOM, none), authz.TransferApprove, a, nil},
		"R23 headquarters read by reason, not by task":     {holder(authz.OIG), authz.ConsentRead, a, nil},
		"R23 the task of the one role is not the other's":  {authz.Caller{Person: me, Grants: append(at(authz.RO, none).Grants, at(authz.FP, a).Grants...)}, authz.ConsentAttach, a, authz.ErrNoTask},
		"R23 a role that is not held is not wanting tasks": {at(authz.HOM, none), authz.ConsentRead, a, authz.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			res := authz.Resource{Kind: "thing", ID: "id", Mission: here, Owner: me, Purposes: c.serves}
			role, err := e.Check(c.by, c.action, res)
			if !errors.Is(err, c.want) || (err == nil) != (role != "") {
				t.Errorf("%q, %v", role, err)
			}
			if errors.Is(err, authz.ErrNoTask) != errors.Is(c.want, authz.ErrNoTask) || err != nil && !errors.Is(err, authz.ErrDenied) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("R23 a task in another mission is none here", func(t *testing.T) {
		c := at(authz.RO, none)
		c.Grants = append(c.Grants, authz.Grant{Role: authz.RO, Mission: there, Purposes: a})
		if _, err := e.Check(c, authz.ConsentRead, authz.Resource{Mission: here, Purposes: a}); !errors.Is(err, authz.ErrNoTask) {
			t.Error(err)
		}
	})
}
