package app_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/anonymous"
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
	granted, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{Person: w.Persons[authz.RO], Role: authz.FP, Mission: w.Mission.ID, Purposes: w.Task(authz.FP), Until: new(soon.Add(time.Minute))})
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
		{"a delegation of a post", "grant.expire", delegated.ID, *delegated.Until, w.People.ExpireDue},
		{"a grant of a role", "grant.expire", granted.ID, *granted.Until, w.People.ExpireDue},
		{"an agreement", "agreement.expire", sent.Agreement, agreement.Document.ValidUntil, w.Agreements.ExpireDue},
		{"an assessment", "assessment.expire", sent.Assessment, assessed.ValidUntil, w.Assessments.ExpireDue},
	}
	for after, in := range map[time.Duration]approvals.Decision{2 * time.Minute: agreed, 3 * time.Minute: of, 4 * time.Minute: on} {
		a := decided(in, after)
		terms = append(terms, term{"an approval of scope " + string(in.Scope), "dpo_approval.expire", a.ID, a.Until, w.Approvals.ExpireDue})
	}
	id, until := first("trainings")
	terms = append(terms, term{"a training record", "training.expire", id, until, w.People.ExpireDue})
	id, until = first("undertakings")
	terms = append(terms, term{"an undertaking", "undertaking.expire", id, until, w.People.ExpireDue})
	dataset := strings.Repeat("0a", 32)
	cleared, err := w.Clearances.Record(w.Ctx, w.As(authz.FP), clearance.Clearance{
		Mission: w.Mission.ID, Originator: "Agency", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
		Recipients: []string{w.Partner.ID}, Evidence: dataset, ValidUntil: soon.Add(5 * time.Minute),
	})
	w.Must(err)
	shown, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), anonymous.DisclosureAssessment{
		Mission: w.Mission.ID, Datasets: []string{dataset}, Countries: []string{"CO"}, Method: "counted", Cell: 9, Own: true, ValidUntil: soon.Add(6 * time.Minute),
	})
	w.Must(err)
	_, err = w.Disclosures.Sign(w.Ctx, w.As(authz.FP), shown.ID)
	w.Must(err)
	token, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.RO], 7*24*time.Hour, nil)
	w.Must(err)
	partner, err := w.Parties.Party(w.Ctx, w.As(authz.LEG), w.Partner.ID)
	w.Must(err)
	terms = append(terms,
		term{"a clearance", "clearance.expire", cleared.ID, cleared.ValidUntil, w.Clearances.ExpireDue},
		term{"a disclosure assessment", "disclosure.expire", shown.ID, shown.ValidUntil, w.Disclosures.ExpireDue},
		term{"a token", "token.expire", token.ID, token.Expires, w.Identity.ExpireDue},
		term{"the vetting of a partner", "party.expire", partner.ID, partner.DueDiligence.ValidUntil, w.Parties.ExpireDue},
	)
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

// TestWhatEndsIsOver: what the log says of is over in its record too, and what was ended before is not told again.
func TestWhatEndsIsOver(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	fp, leg := w.As(authz.FP), w.As(authz.LEG)
	all := func() (n int) {
		for _, job := range []func(context.Context) (int, error){w.Clearances.ExpireDue, w.Disclosures.ExpireDue, w.Identity.ExpireDue} {
			m, err := job(w.Ctx)
			w.Must(err)
			n += m
		}
		return n
	}
	until := w.Clock.Now().Add(time.Hour)
	clear := func() clearance.Clearance {
		c, err := w.Clearances.Record(w.Ctx, fp, clearance.Clearance{
			Mission: w.Mission.ID, Originator: "Agency", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
			Recipients: []string{w.Partner.ID}, Evidence: strings.Repeat("0a", 32), ValidUntil: until,
		})
		w.Must(err)
		return c
	}
	show := func() anonymous.DisclosureAssessment {
		a, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), anonymous.DisclosureAssessment{
			Mission: w.Mission.ID, Datasets: []string{strings.Repeat("0b", 32)}, Countries: []string{"CO"}, Method: "counted", Cell: 9, Own: true, ValidUntil: until,
		})
		w.Must(err)
		return a
	}
	issue := func() (identity.Token, identity.Secret) {
		k, secret, err := w.Identity.Issue(w.Ctx, leg, w.Persons[authz.RO], time.Hour, nil)
		w.Must(err)
		return k, secret
	}
	cleared, taken, shown, draft := clear(), clear(), show(), show()
	token, secret := issue()
	revoked, _ := issue()
	_, err := w.Clearances.Withdraw(w.Ctx, fp, taken.ID, "by mistake")
	w.Must(err)
	_, err = w.Disclosures.Sign(w.Ctx, fp, shown.ID)
	w.Must(err)
	_, err = w.Identity.Revoke(w.Ctx, leg, revoked.ID)
	w.Must(err)
	w.Clock.Add(until.Sub(w.Clock.Now()) - time.Minute)
	if n := all(); n != 0 {
		t.Fatalf("%d are over before their time", n)
	}
	w.Clock.Add(2 * time.Minute)
	if n := all(); n != 3 { // neither what was taken back or revoked, nor what was never signed
		t.Errorf("%d are over", n)
	}
	t.Run("ONWARD_ORIGINATOR", func(t *testing.T) {
		c, err := w.Clearances.Clearance(w.Ctx, fp, cleared.ID)
		if err != nil || c.State != clearance.Expired || c.History[len(c.History)-1].Role != authz.SYS {
			t.Errorf("%+v, %v", c, err)
		}
		_, err = w.Clearances.Withdraw(w.Ctx, fp, cleared.ID, "late")
		is(t, err, lifecycle.ErrIllegal)
	})
	t.Run("ANON_NOT_DEMONSTRATED", func(t *testing.T) {
		for id, want := range map[string]string{shown.ID: "expired", draft.ID: "draft"} {
			if a, err := w.Disclosures.Assessment(w.Ctx, fp, id); err != nil || a.State() != want {
				t.Errorf("%s, want %s, %v", a.State(), want, err)
			}
		}
	})
	t.Run("AUTH_INVALID", func(t *testing.T) {
		_, err := w.Identity.Authenticate(w.Ctx, secret)
		is(t, err, identity.ErrUnknown)
		_, err = w.Identity.Revoke(w.Ctx, leg, token.ID)
		is(t, err, lifecycle.ErrIllegal)
	})
	w.Verify()
}
