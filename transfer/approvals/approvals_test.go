package approvals_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"safeconduct/agreements/terms"
	"safeconduct/transfer/approvals"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func health(scope string) terms.Category {
	return terms.Category{Code: "health", Sensitive: true, ApprovalScope: scope}
}

func use(scope string) approvals.Use {
	return approvals.Use{
		Transfer: "t", Mission: "m", Partner: "x", Agreement: "a", Document: 2, Pathway: "survivors", Purpose: "p", Manifest: "s", People: 1,
		Sensitive: []terms.Category{health(scope)}, At: noon(),
	}
}

// approval covers the use of its scope.
func approval(scope approvals.Scope, edits ...func(*approvals.DPOApproval)) approvals.DPOApproval {
	a := approvals.DPOApproval{
		Scope: scope, Granted: true, Mission: "m", Partner: "x", Agreement: "a", Document: 2, Transfer: "t0", Manifest: "s",
		Pathway: "survivors", Most: 1, Times: 2,
		Purposes: []string{"p"}, Categories: []string{"health"}, From: noon().Add(-time.Hour), Until: noon().Add(time.Hour),
	}
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

func TestJudge(t *testing.T) {
	const required, expired = "DPO_REQUIRED", "DPO_EXPIRED"
	over := func(a *approvals.DPOApproval) { a.Until = noon() }
	for _, c := range []struct {
		name  string
		scope string // of the category
		all   []approvals.DPOApproval
		want  string
	}{
		{"for the agreement", "agreement", []approvals.DPOApproval{approval(approvals.ForAgreement)}, ""},
		{"for the transfer that asks for the same again", "transfer", []approvals.DPOApproval{approval(approvals.ForTransfer)}, ""},
		{"on a pathway", "transfer", []approvals.DPOApproval{approval(approvals.ForPathway)}, ""},
		{"one that is over beside one that lives", "agreement", []approvals.DPOApproval{approval(approvals.ForAgreement, over), approval(approvals.ForTransfer)}, ""},
		{"DPO_REQUIRED none", "agreement", nil, required},
		{"DPO_REQUIRED an agreement's where each transfer needs one", "transfer", []approvals.DPOApproval{approval(approvals.ForAgreement)}, required},
		{"DPO_REQUIRED spent on another", "transfer", []approvals.DPOApproval{approval(approvals.ForTransfer, func(a *approvals.DPOApproval) { a.Spent = "t1" })}, required},
		{"spent on this one", "transfer", []approvals.DPOApproval{approval(approvals.ForTransfer, func(a *approvals.DPOApproval) { a.Spent = "t" })}, ""},
		{"DPO_REQUIRED another manifest", "transfer", []approvals.DPOApproval{approval(approvals.ForTransfer, func(a *approvals.DPOApproval) { a.Manifest = "s1" })}, required},
		{"DPO_REQUIRED another manifest under the same id", "transfer", []approvals.DPOApproval{approval(approvals.ForTransfer, func(a *approvals.DPOApproval) { a.Transfer, a.Manifest = "t", "s1" })}, required},
		{"DPO_REQUIRED bound to no manifest", "transfer", []approvals.DPOApproval{approval(approvals.ForTransfer, func(a *approvals.DPOApproval) { a.Manifest = "" })}, required},
		{"DPO_REQUIRED too many on a pathway", "transfer", []approvals.DPOApproval{approval(approvals.ForPathway, func(a *approvals.DPOApproval) { a.Most = 0 })}, required},
		{"DPO_REQUIRED another pathway", "transfer", []approvals.DPOApproval{approval(approvals.ForPathway, func(a *approvals.DPOApproval) { a.Pathway = "others" })}, required},
		{"DPO_REQUIRED a pathway without a name", "transfer", []approvals.DPOApproval{approval(approvals.ForPathway, func(a *approvals.DPOApproval) { a.Pathway = "" })}, required},
		{"DPO_REQUIRED a pathway that covered as many as it does", "transfer", []approvals.DPOApproval{approval(approvals.ForPathway, func(a *approvals.DPOApproval) { a.Used = []string{"t1", "t2"} })}, required},
		{"one of those that the pathway covered", "transfer", []approvals.DPOApproval{approval(approvals.ForPathway, func(a *approvals.DPOApproval) { a.Used = []string{"t1", "t"} })}, ""},
		{"DPO_REQUIRED the agreement was amended", "agreement", []approvals.DPOApproval{approval(approvals.ForAgreement, func(a *approvals.DPOApproval) { a.Document = 1 })}, required},
		{"DPO_REQUIRED refused", "agreement", []approvals.DPOApproval{approval(approvals.ForTransfer, func(a *approvals.DPOApproval) { a.Granted = false })}, required},
		{"DPO_REQUIRED revoked, by a clock that is ahead", "agreement", []approvals.DPOApproval{approval(approvals.ForAgreement, func(a *approvals.DPOApproval) { a.Revoked = new(noon().Add(time.Hour)) })}, required},
		{"DPO_REQUIRED dated after", "agreement", []approvals.DPOApproval{approval(approvals.ForAgreement, func(a *approvals.DPOApproval) { a.From = noon().Add(1) })}, required},
		{"DPO_EXPIRED at the very end", "agreement", []approvals.DPOApproval{approval(approvals.ForAgreement, over)}, expired},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			switch r, e := approvals.Judge(c.all, use(c.scope)); {
			case len(r) > 0:
				got = required
			case len(e) > 0:
				got = expired
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Breaking any one thing that an approval says leaves the category uncovered, whatever else is on record about others.
func TestNothingElseCovers(t *testing.T) {
	breaks := []func(*approvals.DPOApproval){
		func(a *approvals.DPOApproval) { a.Granted = false },
		func(a *approvals.DPOApproval) { a.Mission = "m1" },
		func(a *approvals.DPOApproval) { a.Partner = "x1" },
		func(a *approvals.DPOApproval) { a.Purposes = []string{"p1"} },
		func(a *approvals.DPOApproval) { a.Categories = []string{"identity"} },
		func(a *approvals.DPOApproval) { a.Until = noon() },
		func(a *approvals.DPOApproval) { a.From = noon().Add(time.Second) },
		func(a *approvals.DPOApproval) { a.Revoked = new(noon()) },
		func(a *approvals.DPOApproval) { a.Scope = "" },
		func(a *approvals.DPOApproval) { a.Agreement, a.Transfer, a.Manifest, a.Most = "a1", "t1", "s1", 0 },
	}
	rapid.Check(t, func(t *rapid.T) {
		scopes := rapid.SampledFrom([]approvals.Scope{approvals.ForAgreement, approvals.ForTransfer, approvals.ForPathway})
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) approvals.DPOApproval {
			return approval(scopes.Draw(t, "scope"), rapid.SampledFrom(breaks).Draw(t, "broken"))
		}), 0, 6).Draw(t, "all")
		u := use(rapid.SampledFrom([]string{"agreement", "transfer"}).Draw(t, "category"))
		required, expired := approvals.Judge(all, u)
		if len(required)+len(expired) != 1 {
			t.Errorf("covered: %v %v", required, expired)
		}
		slices.Reverse(all)
		if r, e := approvals.Judge(all, u); !slices.Equal(r, required) || !slices.Equal(e, expired) {
			t.Error("the order matters")
		}
	})
}

func TestSpend(t *testing.T) {
	once := approval(approvals.ForTransfer, func(a *approvals.DPOApproval) { a.Version = 1 })
	changed := approvals.Spend([]approvals.DPOApproval{approval(approvals.ForPathway, func(a *approvals.DPOApproval) { a.Most = 0 }), once}, use("transfer"), "ro")
	if len(changed) != 1 || changed[0].Spent != "t" || changed[0].Version != 2 {
		t.Fatalf("%+v", changed)
	}
	again := use("transfer")
	again.Transfer = "t2"
	if required, _ := approvals.Judge(changed, again); len(required) != 1 {
		t.Error("it covers another transfer as well")
	}
	if more := approvals.Spend(changed, use("transfer"), "ro"); len(more) != 0 {
		t.Errorf("spent twice: %+v", more)
	}
}
