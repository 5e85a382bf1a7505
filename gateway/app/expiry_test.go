package app_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/approvals"
)

// TestWhatEndsSaysSo: what has a term ends by itself, at its instant and not before, and the log has one entry of it by the
// system, however often and by however many the job is done.
func TestWhatEndsSaysSo(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	agreement, err := w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), sent.Agreement)
	w.Must(err)
	assessed, err := w.Assessments.Assessment(w.Ctx, w.As(authz.LEG), sent.Assessment)
	w.Must(err)
	soon := w.Clock.Now().Add(24 * time.Hour).Truncate(time.Second)
	decided := func(in approvals.Decision, after time.Duration) approvals.DPOApproval {
		in.Granted, in.Until = true, new(soon.Add(after))
		a, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), in)
		w.Must(err)
		return a
	}
	scope := approvals.Decision{
		Mission: w.Mission.ID, Partner: w.Partner.ID, Pathway: "Clinic", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
	}
	agreed, of, on := scope, scope, scope
	agreed.Scope, agreed.Agreement, of.Scope, of.Transfer, on.Scope = approvals.ForAgreement, sent.Agreement, approvals.ForTransfer, sent.ID, approvals.ForPathway
	delegated, err := w.People.Delegate(w.Ctx, w.As(authz.HOM), people.Delegation{To: w.Persons[authz.RO], Role: authz.HOM, Mission: w.Mission.ID, Until: soon})
	w.Must(err)
	granted, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{Person: w.Persons[authz.RO], Role: authz.FP, Mission: w.Mission.ID, Until: new(soon.Add(time.Minute))})
	w.Must(err)
	h := w.Hand()
	first := func(table string) (id string, until time.Time) {
		id = h.Text("SELECT id FROM " + table + " WHERE ends > 0 ORDER BY ends, id LIMIT 1")
		micros, err := strconv.ParseInt(h.Text("SELECT CAST(ends AS TEXT) FROM "+table+" WHERE id = $1", id), 10, 64)
		w.Must(err)
		return id, time.UnixMicro(micros)
	}
	type term struct {
		name, action, id string
		until            time.Time
		job              func(context.Context) (int, error)
	}
	terms := []term{
		{"R35 a delegation of a post", "grant.expire", delegated.ID, *delegated.Until, w.People.ExpireDue},
		{"a grant of a role", "grant.expire", granted.ID, *granted.Until, w.People.ExpireDue},
		{"AGR_EXPIRED an agreement", "agreement.expire", sent.Agreement, agreement.Document.ValidUntil, w.Agreements.ExpireDue},
		{"RBA_EXPIRED an assessment", "assessment.expire", sent.Assessment, assessed.ValidUntil, w.Assessments.ExpireDue},
	}
	for after, in := range map[time.Duration]approvals.Decision{2 * time.Minute: agreed, 3 * time.Minute: of, 4 * time.Minute: on} {
		a := decided(in, after)
		terms = append(terms, term{"DPO_EXPIRED an approval of scope " + string(in.Scope), "dpo_approval.expire", a.ID, a.Until, w.Approvals.ExpireDue})
	}
	id, until := first("trainings")
	terms = append(terms, term{"R44 a training record", "training.expire", id, until, w.People.ExpireDue})
	id, until = first("undertakings")
	terms = append(terms, term{"CONFIDENTIALITY_MISSING an undertaking", "undertaking.expire", id, until, w.People.ExpireDue})
	slices.SortFunc(terms, func(a, b term) int { return a.until.Compare(b.until) })
	for _, x := range terms {
		t.Run(x.name, func(t *testing.T) {
			told := func() string {
				return h.Text("SELECT COUNT(*) || '' FROM log_entries WHERE CAST(body AS TEXT) LIKE $1 AND CAST(body AS TEXT) LIKE $2 AND CAST(body AS TEXT) LIKE $3",
					fmt.Sprintf(`%%"action":"%s"%%`, x.action), `%"role":"SYS"%`, "%"+x.id+"%")
			}
			for _, step := range []struct {
				at   time.Time
				want string
			}{{x.until.Add(-time.Second), "0"}, {x.until, "1"}, {x.until, "1"}} {
				w.Clock.Add(step.at.Sub(w.Clock.Now()))
				for range 2 {
					if _, err := x.job(w.Ctx); err != nil {
						t.Fatal(err)
					}
				}
				if got := told(); got != step.want {
					t.Fatalf("at %s the log has %s entries, want %s", step.at.Sub(x.until), got, step.want)
				}
			}
		})
	}
	w.Verify()
}
