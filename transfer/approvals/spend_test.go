package approvals_test

import (
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/transfer/approvals"
)

// What is not needed for a release stays for the next.
func TestSpendOnlyWhatIsNeeded(t *testing.T) {
	of := func(id string, categories []string, edits ...func(*approvals.DPOApproval)) approvals.DPOApproval {
		return approval(approvals.ForTransfer, append(edits, func(a *approvals.DPOApproval) { a.ID, a.Categories = id, categories })...)
	}
	pathway := func(categories []string, edits ...func(*approvals.DPOApproval)) approvals.DPOApproval {
		return approval(approvals.ForPathway, append(edits, func(a *approvals.DPOApproval) { a.ID, a.Categories = "p1", categories })...)
	}
	later := func(a *approvals.DPOApproval) { a.Until = a.Until.Add(time.Hour) }
	both, health, gbv := []string{"health", "gbv"}, []string{"health"}, []string{"gbv"}
	for _, c := range []struct {
		name string
		all  []approvals.DPOApproval
		want []string
	}{
		{"one covers both", []approvals.DPOApproval{of("d1", both)}, []string{"d1"}},
		{"one of two for the same, the first to end", []approvals.DPOApproval{of("d1", both, later), of("d2", both)}, []string{"d2"}},
		{"one for each", []approvals.DPOApproval{of("d1", health), of("d2", gbv)}, []string{"d1", "d2"}},
		{"the pathway, and none beside it", []approvals.DPOApproval{of("d1", health), pathway(both)}, []string{"p1"}},
		{"that which the pathway leaves", []approvals.DPOApproval{of("d1", health), of("d2", gbv), pathway(health)}, []string{"d2", "p1"}},
		{"none beside a pathway that it was released on", []approvals.DPOApproval{of("d1", health), pathway(both, func(a *approvals.DPOApproval) { a.Used = []string{"t0", "t"} })}, nil},
		{"a pathway that covered as many as it does covers no more", []approvals.DPOApproval{of("d1", both), pathway(both, func(a *approvals.DPOApproval) { a.Used = []string{"t0", "t1"} })}, []string{"d1"}},
		{"none beside one that is spent on this already", []approvals.DPOApproval{of("d1", both), of("d2", both, func(a *approvals.DPOApproval) { a.Spent = "t" })}, nil},
		{"a pathway that is over covers nothing", []approvals.DPOApproval{of("d1", both), pathway(both, func(a *approvals.DPOApproval) { a.Until = noon() })}, []string{"d1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := use("transfer")
			u.Sensitive = append(u.Sensitive, terms.Category{Code: "gbv", Sensitive: true, ApprovalScope: "transfer"})
			for range 2 {
				var got []string
				for _, a := range approvals.Spend(c.all, u, "ro") {
					got = append(got, a.ID)
				}
				if slices.Sort(got); !slices.Equal(got, c.want) {
					t.Errorf("%v, want %v", got, c.want)
				}
				slices.Reverse(c.all)
			}
		})
	}
}
