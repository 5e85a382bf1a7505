package assessment_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
)

var now = time.Date(2026, 8, 31, 10, 0, 0, 0, time.UTC)

func digestOf(t testing.TB, v any) signing.Digest {
	t.Helper()
	d, err := signing.DigestOf(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func content(in assessment.Answers) assessment.Content {
	return assessment.Content{
		Agreement: "agr-1", AgreementVersion: 1, Purposes: []string{"REFERRAL"},
		Categories: []string{"IDENTITY", "CONTACT", "IDENTITY"}, Countries: []string{"KE"}, Answers: in,
		PeopleConsulted: []string{"community focal point"},
	}
}

func draft(t testing.TB, in assessment.Answers) assessment.Assessment {
	t.Helper()
	return must(t)(assessment.New(template(t), "rba-1", "mis-1", "ro-1", content(in), now))
}

func must(t testing.TB) func(assessment.Assessment, error) assessment.Assessment {
	return func(a assessment.Assessment, err error) assessment.Assessment {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func submitted(t testing.TB, in assessment.Answers) assessment.Assessment {
	t.Helper()
	return must(t)(draft(t, in).Submit(template(t), "ro-1", authz.RO, now))
}

func approved(t testing.TB, in assessment.Answers) assessment.Assessment {
	t.Helper()
	a := submitted(t, in)
	for _, role := range a.PendingApprovals() {
		a = must(t)(a.Approve("person-"+string(role), role, "", now))
	}
	return a
}

func TestApprovalByBand(t *testing.T) {
	t.Parallel()
	moderate := answers([]int{4, 1, 1, 1}, all(8, 1), all(4, 1), all(4, 3))
	for name, tc := range map[string]struct {
		answers assessment.Answers
		band    assessment.Band
		roles   []authz.Role
		until   time.Time
	}{
		"R47 LOW":      {low(), assessment.Low, []authz.Role{authz.FP, authz.HOM}, time.Date(2027, 8, 31, 10, 0, 0, 0, time.UTC)},
		"R40 MODERATE": {moderate, assessment.Moderate, []authz.Role{authz.FP, authz.HOM, authz.LEG}, time.Date(2027, 8, 31, 10, 0, 0, 0, time.UTC)},
		"R40 HIGH V1": {
			v1(), assessment.High,
			[]authz.Role{authz.FP, authz.HOM, authz.LEG, authz.DPO},
			time.Date(2027, 2, 28, 10, 0, 0, 0, time.UTC), // no 31 February
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := submitted(t, tc.answers)
			if a.Result.Band != tc.band || !slices.Equal(a.PendingApprovals(), tc.roles) {
				t.Fatalf("%s waits for %v", a.Result.Band, a.PendingApprovals())
			}
			for i, role := range slices.Backward(tc.roles) { // any order will do
				if a.State != assessment.Submitted || a.LiveAt(now) {
					t.Fatalf("%s with %d approvals missing", a.State, i+1)
				}
				a = must(t)(a.Approve("person-"+string(role), role, "read", now))
			}
			if a.State != assessment.Approved || !a.ApprovedAt.Equal(now) || !a.ValidUntil.Equal(tc.until) || len(a.PendingApprovals()) != 0 {
				t.Fatalf("%s until %s, waits for %v", a.State, a.ValidUntil, a.PendingApprovals())
			}
			if !a.LiveAt(now) || a.LiveAt(now.Add(-1)) || !a.LiveAt(tc.until.Add(-1)) || a.LiveAt(tc.until) {
				t.Error("valid_until is exclusive, approval inclusive")
			}
			if !a.Consistent(template(t)) {
				t.Error("result is not that of its answers")
			}
		})
	}
}

// refusedBy wants a transition error whose guard holds the text, from the state.
func refusedBy(t *testing.T, err error, state assessment.State, guard string) {
	t.Helper()
	var e *lifecycle.TransitionError
	if !errors.As(err, &e) || !errors.Is(err, lifecycle.ErrIllegal) {
		t.Fatalf("error = %v; want a transition error", err)
	}
	if e.State != string(state) || !strings.Contains(e.Guard, guard) || e.Mend == "" || e.Entity != "assessment" {
		t.Fatalf("error = %+v; want state %s, guard %q, a mend", e, state, guard)
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	type A = assessment.Assessment
	tmpl := template(t)
	other := tmpl
	other.Version = 2
	sub := submitted(t, v1())
	one := must(t)(sub.Approve("fp-1", authz.FP, "", now))
	partial := low()
	delete(partial, "L3")
	edited := must(t)(draft(t, v1()).Revise(tmpl, "fp-2", content(v1()), now))
	edited = must(t)(edited.Submit(tmpl, "ro-1", authz.RO, now))
	stopped := v1()
	stopped["K5"] = assessment.Answer{Value: new(1)}
	yes := approved(t, low())
	for name, tc := range map[string]struct {
		do    func() (A, error)
		state assessment.State
		guard string
	}{
		"R40 all questions answered":                       {func() (A, error) { return draft(t, partial).Submit(tmpl, "ro-1", authz.RO, now) }, assessment.Draft, "all questions answered"},
		"R40 submitted by RO or FP":                        {func() (A, error) { return draft(t, v1()).Submit(tmpl, "leg-1", authz.LEG, now) }, assessment.Draft, "referral officer"},
		"R37 submitted on its own template":                {func() (A, error) { return draft(t, v1()).Submit(other, "ro-1", authz.RO, now) }, assessment.Draft, "template"},
		"R40 separation of duties 2 author never approves": {func() (A, error) { return sub.Approve("ro-1", authz.FP, "", now) }, assessment.Submitted, "separation of duties 2"},
		"R40 separation of duties 2 editor never approves": {func() (A, error) { return edited.Approve("fp-2", authz.FP, "", now) }, assessment.Submitted, "separation of duties 2"},
		"R40 nobody never approves":                        {func() (A, error) { return sub.Approve("", authz.FP, "", now) }, assessment.Submitted, "separation"},
		"R40 separation of duties 2 author never rejects":  {func() (A, error) { return sub.Reject("ro-1", authz.FP, "x", now) }, assessment.Submitted, "separation"},
		"R40 each role once":                               {func() (A, error) { return one.Approve("fp-2", authz.FP, "", now) }, assessment.Submitted, "each role once"},
		"R40 each role by another person":                  {func() (A, error) { return one.Approve("fp-1", authz.HOM, "", now) }, assessment.Submitted, "another person"},
		"R40 role that the band does not need":             {func() (A, error) { return submitted(t, low()).Approve("leg-1", authz.LEG, "", now) }, assessment.Submitted, "FP, HOM"},
		"R40 auditor writes nothing":                       {func() (A, error) { return sub.Approve("oig-1", authz.OIG, "", now) }, assessment.Submitted, "approved by"},
		"R40 SEVERE is never approved V3":                  {func() (A, error) { return submitted(t, v3()).Approve("dpo-1", authz.DPO, "", now) }, assessment.Submitted, "band_refused"},
		"R40 benefit too low V2":                           {func() (A, error) { return submitted(t, v2()).Approve("fp-1", authz.FP, "", now) }, assessment.Submitted, "benefit_too_low 2 of 3"},
		"R40 stop answer":                                  {func() (A, error) { return submitted(t, stopped).Approve("fp-1", authz.FP, "", now) }, assessment.Submitted, "stop_answer K5"},
		"approve a draft":                                  {func() (A, error) { return draft(t, v1()).Approve("fp-1", authz.FP, "", now) }, assessment.Draft, "only from submitted"},
		"approve twice over":                               {func() (A, error) { return yes.Approve("fp-9", authz.FP, "", now) }, assessment.Approved, "only from submitted"},
		"return without a reason":                          {func() (A, error) { return sub.Return("fp-1", authz.FP, " ", now) }, assessment.Submitted, "reason"},
		"return by a referral officer":                     {func() (A, error) { return sub.Return("ro-2", authz.RO, "x", now) }, assessment.Submitted, "FP, HOM, LEG, DPO"},
		"submit what is submitted":                         {func() (A, error) { return sub.Submit(tmpl, "ro-1", authz.RO, now) }, assessment.Submitted, "only from draft or returned"},
		"revise what is approved":                          {func() (A, error) { return yes.Revise(tmpl, "ro-1", content(low()), now) }, assessment.Approved, "only from"},
		"revise by nobody":                                 {func() (A, error) { return draft(t, low()).Revise(tmpl, "", content(low()), now) }, assessment.Draft, "nobody"},
		"stale before approval":                            {func() (A, error) { return sub.MarkStale(assessment.NewCountry, "cause-1", now) }, assessment.Submitted, "only from approved"},
		"stale for no known reason":                        {func() (A, error) { return yes.MarkStale("bad_weather", "cause-1", now) }, assessment.Approved, "trigger"},
		"end without a reason":                             {func() (A, error) { return yes.End("leg-1", " ", now) }, assessment.Approved, "reason given"},
		"end by nobody":                                    {func() (A, error) { return yes.End("", "it leaks", now) }, assessment.Approved, "reason given"},
		"expire too early":                                 {func() (A, error) { return yes.Expire(yes.ValidUntil.Add(-1)) }, assessment.Approved, "valid_until"},
		"expire a draft":                                   {func() (A, error) { return draft(t, low()).Expire(now.AddDate(9, 0, 0)) }, assessment.Draft, "only from approved"},
		"supersede by itself":                              {func() (A, error) { return yes.Supersede(yes.ID, now) }, assessment.Approved, "another assessment"},
		"supersede a draft":                                {func() (A, error) { return sub.Supersede("rba-2", now) }, assessment.Submitted, "only from approved"},
		"condition without owner": {func() (A, error) {
			return sub.AddCondition(assessment.Condition{Text: "train", Due: now.AddDate(0, 1, 0)}, now)
		}, assessment.Submitted, "owner"},
		"condition after approval": {func() (A, error) {
			return yes.AddCondition(assessment.Condition{Text: "train", Owner: "ro-1", Due: now.AddDate(0, 1, 0)}, now)
		}, assessment.Approved, "only from"},
		"close no condition": {func() (A, error) { return yes.CloseCondition(1, assessment.Closer{Person: "ro-1"}, "done", now) }, assessment.Approved, "number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.do()
			refusedBy(t, err, tc.state, tc.guard)
			if !reflect.DeepEqual(got, A{}) {
				t.Error("a refused transition answered an assessment")
			}
		})
	}
}

func TestEveryStateAndEvent(t *testing.T) {
	t.Parallel()
	type A = assessment.Assessment
	tmpl := template(t)
	sub, yes := submitted(t, low()), approved(t, low())
	states := map[assessment.State]A{
		assessment.Draft:      draft(t, low()),
		assessment.Submitted:  sub,
		assessment.Returned:   must(t)(sub.Return("fp-1", authz.FP, "thin", now)),
		assessment.Rejected:   must(t)(sub.Reject("leg-1", authz.LEG, "no", now)),
		assessment.Approved:   yes,
		assessment.Stale:      must(t)(yes.MarkStale(assessment.PartnerIncident, "cause-1", now)),
		assessment.Expired:    must(t)(yes.Expire(yes.ValidUntil)),
		assessment.Superseded: must(t)(yes.Supersede("rba-2", now)),
	}
	events := map[string]func(A) (A, error){
		"revise":    func(a A) (A, error) { return a.Revise(tmpl, "ro-1", content(low()), now) },
		"submit":    func(a A) (A, error) { return a.Submit(tmpl, "ro-1", authz.RO, now) },
		"approve":   func(a A) (A, error) { return a.Approve("hom-1", authz.HOM, "", now) },
		"return":    func(a A) (A, error) { return a.Return("hom-1", authz.HOM, "x", now) },
		"reject":    func(a A) (A, error) { return a.Reject("hom-1", authz.HOM, "x", now) },
		"stale":     func(a A) (A, error) { return a.MarkStale(assessment.ConflictAlert, "cause-1", now) },
		"end":       func(a A) (A, error) { return a.End("leg-1", "it leaks", now) },
		"expire":    func(a A) (A, error) { return a.Expire(now.AddDate(2, 0, 0)) },
		"supersede": func(a A) (A, error) { return a.Supersede("rba-3", now) },
		"condition": func(a A) (A, error) {
			return a.AddCondition(assessment.Condition{Text: "train", Owner: "fp-1", Due: now.AddDate(0, 1, 0)}, now)
		},
		"derogate": func(a A) (A, error) { return a.Derogate(derogation(), given("leg-1", authz.LEG), now) },
	}
	allowed := map[assessment.State]map[string]assessment.State{
		assessment.Draft:     {"revise": assessment.Draft, "submit": assessment.Submitted, "condition": assessment.Draft},
		assessment.Returned:  {"revise": assessment.Draft, "submit": assessment.Submitted, "condition": assessment.Returned},
		assessment.Submitted: {"condition": assessment.Submitted, "approve": assessment.Submitted, "return": assessment.Returned, "reject": assessment.Rejected},
		assessment.Approved:  {"stale": assessment.Stale, "end": assessment.Stale, "expire": assessment.Expired, "supersede": assessment.Superseded},
	}
	for state, a := range states {
		if a.State != state {
			t.Fatalf("%s is %s", state, a.State)
		}
		for event, do := range events {
			t.Run(string(state)+" "+event, func(t *testing.T) {
				t.Parallel()
				before, err := json.Marshal(a)
				if err != nil {
					t.Fatal(err)
				}
				got, err := do(a)
				if want, ok := allowed[state][event]; ok {
					if err != nil || got.State != want {
						t.Fatalf("%s, %v; want %s", got.State, err, want)
					}
				} else {
					guard := "only from"
					if state == assessment.Submitted && event == "derogate" { // of what can be approved, there is none
						guard = "band alone"
					}
					refusedBy(t, err, state, guard)
				}
				if after, err := json.Marshal(a); err != nil || string(after) != string(before) {
					t.Error("the method changed its receiver")
				}
				if state != assessment.Approved && a.LiveAt(now) {
					t.Error("live without approval")
				}
			})
		}
	}
}

func TestReturnedDecisionsNoLongerCount(t *testing.T) {
	t.Parallel()
	tmpl := template(t)
	for name, again := range map[string]func(assessment.Assessment) (assessment.Assessment, error){
		"R40 unrevised": func(a assessment.Assessment) (assessment.Assessment, error) { return a, nil },
		"R40 revised": func(a assessment.Assessment) (assessment.Assessment, error) {
			return a.Revise(tmpl, "ro-1", content(low()), now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := must(t)(submitted(t, low()).Approve("fp-1", authz.FP, "", now))
			a = must(t)(again(must(t)(a.Return("hom-1", authz.HOM, "thin", now))))
			a = must(t)(a.Submit(tmpl, "ro-1", authz.RO, now))
			if a.Version != 2 || len(a.Approvals) != 2 || !slices.Equal(a.PendingApprovals(), []authz.Role{authz.FP, authz.HOM}) {
				t.Fatalf("version %d, %d decisions, waits for %v", a.Version, len(a.Approvals), a.PendingApprovals())
			}
			a = must(t)(a.Approve("fp-1", authz.FP, "", now))
			if a = must(t)(a.Approve("hom-1", authz.HOM, "", now)); a.State != assessment.Approved {
				t.Fatalf("state %s", a.State)
			}
		})
	}
}
