package authz_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"safeconduct/authz"
)

func policyFile(t *testing.T, text string) authz.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return authz.Config{PolicyFile: path}
}

func TestPolicyFileRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":               {"", "no line"},
		"comments only":       {"# p, RO, log.read, any\n\n", "no line"},
		"too few fields":      {"p, RO, log.read\n", "line 1"},
		"too many fields":     {"p, RO, log.read, any, deny\n", "line 1"},
		"not a policy":        {"g, RO, log.read, any\n", "line 1"},
		"unknown role":        {"# first\np, ROOT, log.read, any\n", "line 2"},
		"lower-case role":     {"p, ro, log.read, any\n", "unknown role"},
		"SYS":                 {"p, SYS, log.read, any\n", "unknown role"},
		"unknown scope":       {"p, RO, log.read, all\n", "unknown scope"},
		"empty scope":         {"p, RO, log.read,\n", "unknown scope"},
		"quoted role":         {"p, \"RO\", log.read, any\n", "unknown role"},
		"quoted action":       {"p, RO, \"log.read\", any\n", "action"},
		"wildcard action":     {"p, RO, *, any\n", "action"},
		"empty action":        {"p, RO, , any\n", "action"},
		"misspelt action":     {"p, RO, log.raed, any\n", "action"},
		"two lines by return": {"p, RO, log.read, any\rp, RO, log.read, any\n", "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := authz.NewEnforcer(policyFile(t, c.text))
			if err == nil || e != nil {
				t.Fatal("the policy was taken")
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}

func TestPolicyFileMissing(t *testing.T) {
	c := authz.Config{PolicyFile: filepath.Join(t.TempDir(), "none.csv")}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "policy_file") {
		t.Errorf("Validate: %v", err)
	}
	if _, err := authz.NewEnforcer(c); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("NewEnforcer: %v", err)
	}
	if err := (authz.Config{}).Validate(); err != nil {
		t.Errorf("the embedded policy: %v", err)
	}
	if err := policyFile(t, "p, RO, log.read, own").Validate(); err != nil {
		t.Errorf("a readable file: %v", err)
	}
}

func TestPolicyFileReplacesTheEmbeddedOne(t *testing.T) {
	e, err := authz.NewEnforcer(policyFile(t, "p, OIG, log.read, any\n"))
	if err != nil {
		t.Fatal(err)
	}
	if role, err := e.Check(holder(authz.OIG), authz.LogRead, authz.Resource{}); err != nil || role != authz.OIG {
		t.Errorf("what it allows: %q, %v", role, err)
	}
	if _, err := e.Check(holder(authz.LEG), authz.LogRead, authz.Resource{}); !errors.Is(err, authz.ErrDenied) {
		t.Errorf("what only the embedded one allows: %v", err)
	}
}

func TestDigest(t *testing.T) {
	of := func(text string) string {
		t.Helper()
		e, err := authz.NewEnforcer(policyFile(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return e.Digest()
	}
	base := of("p, RO, log.read, own\np, OIG, log.read, any\n")
	t.Run("R37 stable", func(t *testing.T) {
		if a, b := enforcer(t).Digest(), enforcer(t).Digest(); a != b || len(a) != 16 {
			t.Errorf("%q and %q", a, b)
		}
		if of("# why\n\n  p,RO,log.read,own  \r\np, OIG, log.read, any") != base {
			t.Error("comments and blanks change the policy")
		}
	})
	t.Run("R37 changes with the policy", func(t *testing.T) {
		for name, text := range map[string]string{
			"scope":  "p, RO, log.read, mission\np, OIG, log.read, any\n",
			"role":   "p, FP, log.read, own\np, OIG, log.read, any\n",
			"action": "p, RO, log.checkpoint, own\np, OIG, log.read, any\n",
			"fewer":  "p, RO, log.read, own\n",
		} {
			if of(text) == base {
				t.Errorf("another %s, the same digest", name)
			}
		}
	})
}

func TestUnknownIsDenied(t *testing.T) {
	e := enforcer(t)
	res := authz.Resource{Kind: "thing", ID: "id", Mission: here, Partner: ours, Owner: me}
	for name, c := range map[string]struct {
		caller authz.Caller
		action authz.Action
	}{
		"nobody":          {authz.Caller{}, authz.TermsRead},
		"no grants":       {authz.Caller{Person: me}, authz.TermsRead},
		"unknown role":    {authz.Caller{Person: me, Grants: []authz.Grant{{Role: "ADMIN", Mission: here, Partner: ours}}}, authz.TermsRead},
		"empty role":      {authz.Caller{Person: me, Grants: []authz.Grant{{Mission: here}}}, authz.TermsRead},
		"role with blank": {authz.Caller{Person: me, Grants: []authz.Grant{{Role: "LEG "}}}, authz.TermsRead},
		"unknown action":  {holder(authz.LEG), "agreement.shred"},
		"empty action":    {holder(authz.LEG), ""},
		"prefix":          {holder(authz.LEG), "role.grant."},
		"of no role":      {holder(authz.LEG), authz.GrantRole("")},
		"of SYS":          {holder(authz.LEG), authz.GrantRole(authz.SYS)},
		"injected":        {holder(authz.RO), "x\" || true || \""},
	} {
		t.Run("R53 "+name, func(t *testing.T) {
			if role, err := e.Check(c.caller, c.action, res); !errors.Is(err, authz.ErrDenied) || role != "" {
				t.Errorf("%q, %v", role, err)
			}
		})
	}
}

func TestTokenScopeNarrows(t *testing.T) {
	e := enforcer(t)
	c := holder(authz.LEG)
	c.Scope = []authz.Action{authz.LogRead, authz.TransferPull}
	if role, err := e.Check(c, authz.LogRead, authz.Resource{}); err != nil || role != authz.LEG {
		t.Errorf("within the scope: %q, %v", role, err)
	}
	for name, action := range map[string]authz.Action{
		"what the role has and the scope not": authz.AgreementActivate,
		"what the scope has and the role not": authz.TransferPull,
	} {
		if role, err := e.Check(c, action, authz.Resource{Partner: ours}); !errors.Is(err, authz.ErrDenied) || role != "" {
			t.Errorf("%s: %q, %v", name, role, err)
		}
	}
	if !c.Reaches(authz.LogRead) || c.Reaches(authz.AgreementActivate) || !holder(authz.RO).Reaches("anything") {
		t.Error("Reaches does not follow the scope")
	}
}

// Of several grants the one that allows answers, and none lends its place to another.
func TestGrantsDoNotMix(t *testing.T) {
	e := enforcer(t)
	c := authz.Caller{Person: me, Grants: []authz.Grant{
		{Role: authz.RO, Mission: here}, {Role: authz.HOM, Mission: there}, {Role: authz.PDL, Partner: ours},
	}}
	if role, err := e.Check(c, authz.TransferApprove, authz.Resource{Mission: there}); err != nil || role != authz.HOM {
		t.Errorf("where the role is held: %q, %v", role, err)
	}
	if _, err := e.Check(c, authz.TransferApprove, authz.Resource{Mission: here}); !errors.Is(err, authz.ErrDenied) {
		t.Errorf("where another role is held: %v", err)
	}
	if _, err := e.Check(c, authz.TransferUpload, authz.Resource{Mission: there, Owner: me}); !errors.Is(err, authz.ErrDenied) {
		t.Errorf("own, in a mission where the role is not held: %v", err)
	}
}

func TestCallerPlaces(t *testing.T) {
	c := authz.Caller{Grants: []authz.Grant{
		{Role: authz.RO, Mission: here}, {Role: authz.FP, Mission: here}, {Role: authz.RO, Mission: there}, {Role: authz.PSG, Partner: ours},
	}}
	if got := c.Missions(); len(got) != 2 || len(c.Partners()) != 1 || c.AtHQ() || !c.Holds(authz.PSG) || c.Holds(authz.LEG) {
		t.Errorf("%v %v", got, c.Partners())
	}
	if !c.In(here) || c.In("mission-elsewhere") || c.In("") || !c.Of(ours) || c.Of(theirs) || c.Of("") {
		t.Error("In and Of do not follow the grants")
	}
	legal := holder(authz.LEG)
	if !legal.In("mission-elsewhere") || !legal.AtHQ() || legal.Of(ours) {
		t.Error("headquarters is not everywhere, or is of a partner")
	}
	if sys := authz.System(""); sys.In(here) || sys.AtHQ() {
		t.Error("the system holds a place")
	}
}

func TestCheckConcurrently(t *testing.T) {
	e := enforcer(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if _, err := e.Check(holder(authz.RO), authz.TransferRequest, authz.Resource{Mission: here}); err != nil {
					t.Error(err)
				}
				if _, err := e.Check(holder(authz.RO), authz.TransferRequest, authz.Resource{Mission: there}); err == nil {
					t.Error("allowed in another mission")
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkCheck(b *testing.B) {
	e := enforcer(b)
	for name, c := range map[string]struct {
		role   authz.Role
		action authz.Action
	}{"allowed": {authz.RO, authz.TransferRequest}, "denied": {authz.PDL, authz.LogCheckpoint}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			caller, res := holder(c.role), authz.Resource{Kind: "transfer", Mission: here, Partner: ours}
			for b.Loop() {
				if _, err := e.Check(caller, c.action, res); (err == nil) != (name == "allowed") {
					b.Fatal(err)
				}
			}
		})
	}
}
