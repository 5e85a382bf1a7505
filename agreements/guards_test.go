package agreements_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
)

// refused checks that err is a refusal whose guard or mend says the words.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	var e *lifecycle.TransitionError
	if !errors.As(err, &e) || !strings.Contains(e.Error(), says) || e.Mend == "" {
		t.Errorf("want a refusal that says %q, got %v", says, err)
	}
}

func TestAnnexIComplete(t *testing.T) {
	for name, empty := range map[string]func(*agreements.Scope){
		"missions":                  func(s *agreements.Scope) { s.Missions = nil },
		"purposes":                  func(s *agreements.Scope) { s.Purposes = nil },
		"subject_types":             func(s *agreements.Scope) { s.SubjectTypes = nil },
		"categories":                func(s *agreements.Scope) { s.Categories = nil },
		"fields":                    func(s *agreements.Scope) { s.Fields = nil },
		"recipient_countries":       func(s *agreements.Scope) { s.RecipientCountries = nil },
		"storage_countries":         func(s *agreements.Scope) { s.StorageCountries = nil },
		"onward_rule":               func(s *agreements.Scope) { s.OnwardRule = "" },
		"onward_recipients":         func(s *agreements.Scope) { s.OnwardRule = "listed" },
		"max_subjects_per_transfer": func(s *agreements.Scope) { s.MaxSubjectsPerTransfer = 0 },
		"max_subjects_per_year":     func(s *agreements.Scope) { s.MaxSubjectsPerYear = -1 },
		"retention_days.identity":   func(s *agreements.Scope) { s.RetentionDays = map[string]int{"other": 1} },
		"retention_days.health":     func(s *agreements.Scope) { s.Categories = append(slices.Clone(s.Categories), "health") },
	} {
		t.Run("Annex I without "+name, func(t *testing.T) {
			a := in(agreements.Draft)
			empty(&a.Document.Scope)
			_, err := a.SendToReview(by(drafter, authz.FP))
			refused(t, err, name)
		})
	}
}

func TestClausesAreChecked(t *testing.T) {
	if codes := agreements.MandatoryClauses(); len(codes) != 25 || codes[0] != "C01" || codes[24] != "C25" {
		t.Errorf("%v", codes)
	}
	for i, code := range agreements.MandatoryClauses() {
		a := in(agreements.Review)
		a.Document.Clauses = slices.Delete(slices.Clone(a.Document.Clauses), i, i+1)
		t.Run("R33 approval without "+code, func(t *testing.T) {
			_, err := a.Approve(by("leg", authz.LEG))
			refused(t, err, code)
			if got := a.Document.MissingClauses(); !slices.Equal(got, []string{code}) {
				t.Errorf("%v", got)
			}
		})
		t.Run("R33 activation without "+code, func(t *testing.T) {
			a.State = agreements.Signed
			_, err := a.Activate(posts(), true, by("leg", authz.LEG))
			refused(t, err, "R33")
		})
	}
}

func TestSeparationOfDuties3(t *testing.T) {
	own := by(drafter, authz.LEG)
	for name, do := range map[string]func() (agreements.Agreement, error){
		"activate": func() (agreements.Agreement, error) { return in(agreements.Signed).Activate(posts(), true, own) },
		"approve":  func() (agreements.Agreement, error) { return in(agreements.Review).Approve(own) },
		"return":   func() (agreements.Agreement, error) { return in(agreements.Review).Return(own) },
		"reject":   func() (agreements.Agreement, error) { return in(agreements.Review).Reject(own) },
	} {
		t.Run("separation of duties 3 the drafter does not "+name, func(t *testing.T) {
			_, err := do()
			refused(t, err, "draft")
		})
	}
}

func TestActivationGuards(t *testing.T) {
	for _, c := range []struct {
		name     string
		posts    agreements.Posts
		assessed bool
		at       time.Duration
		says     string
	}{
		{"R35 no controller", agreements.Posts{FocalPoint: true}, true, 0, "R35"},
		{"R35 no focal point", agreements.Posts{Controller: true}, true, 0, "R35"},
		{"R35 neither", agreements.Posts{}, true, 0, "R35"},
		{"R40 no approved assessment", posts(), false, 0, "R40"},
		{"before the effective date", posts(), true, -time.Hour - time.Microsecond, "effective date"},
		{"at valid_until", posts(), true, 24 * time.Hour, "the term is not over"},
		{"at the effective date", posts(), true, -time.Hour, ""},
		{"at the last instant", posts(), true, 24*time.Hour - time.Microsecond, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			act := by("leg", authz.LEG)
			act.At = act.At.Add(c.at)
			a, err := in(agreements.Signed).Activate(c.posts, c.assessed, act)
			if c.says != "" {
				refused(t, err, c.says)
				return
			}
			if err != nil || a.State != agreements.Active || !a.InForceAt(act.At) {
				t.Errorf("%s, %v", a.State, err)
			}
		})
	}
}

// A paper that was imported is signed already: what it lacks is that Legal attests its scan.
func TestActivateAPaperThatNobodyAttested(t *testing.T) {
	a := in(agreements.Approved)
	a.Document.Paper = &agreements.Paper{}
	_, err := a.Activate(posts(), true, by("leg", authz.LEG))
	var illegal *lifecycle.TransitionError
	if !errors.As(err, &illegal) || illegal.Mend != "have Legal attest the scan of the paper that was signed" {
		t.Errorf("%v", err)
	}
}

func TestInForce(t *testing.T) {
	for _, state := range states() {
		a := in(state)
		from, until := a.Document.EffectiveFrom, a.Document.ValidUntil
		for at, within := range map[time.Time]bool{from.Add(-1): false, from: true, until.Add(-1): true, until: false} {
			if got := a.InForceAt(at); got != (within && state == agreements.Active) {
				t.Errorf("%s at %v: %v", state, at, got)
			}
		}
	}
}

func TestSuspend(t *testing.T) {
	t.Run("not without a reason", func(t *testing.T) {
		act := by("leg", authz.LEG)
		act.Reason = " \n"
		_, err := in(agreements.Active).Suspend(72*time.Hour, act)
		refused(t, err, "reason")
	})
	t.Run("not once its term is over, which would bar its renewal", func(t *testing.T) {
		a, act := in(agreements.Active), by("x", authz.FP)
		act.At = a.Document.ValidUntil
		_, err := a.Suspend(72*time.Hour, act)
		refused(t, err, "its term goes on")
		act.At = act.At.Add(-time.Microsecond)
		if _, err := a.Suspend(72*time.Hour, act); err != nil {
			t.Error(err)
		}
	})
	for role, bounded := range map[authz.Role]bool{authz.HOM: true, authz.FP: true, authz.LEG: false, authz.DPO: false} {
		t.Run("by "+string(role), func(t *testing.T) {
			a, err := in(agreements.Active).Suspend(72*time.Hour, by("x", role))
			if err != nil || a.Suspension == nil || (a.Suspension.DecideBy != nil) != bounded {
				t.Fatalf("%+v, %v", a.Suspension, err)
			}
			if bounded && !a.Suspension.DecideBy.Equal(noon().Add(72*time.Hour)) {
				t.Errorf("decided by %v", a.Suspension.DecideBy)
			}
		})
	}
}

func TestLiftByTwo(t *testing.T) {
	lift := func(a agreements.Agreement, acts ...agreements.Act) (agreements.Agreement, error) {
		var err error
		for _, act := range acts {
			if a, err = a.Lift(act); err != nil {
				return a, err
			}
		}
		return a, nil
	}
	leg, dpo := by("leg", authz.LEG), by("dpo", authz.DPO)
	silent := leg
	silent.Reason = ""
	for _, c := range []struct {
		name string
		acts []agreements.Act
		want agreements.State
		says string
	}{
		{"Legal then the DPO", []agreements.Act{leg, dpo}, agreements.Active, ""},
		{"the DPO then Legal", []agreements.Act{dpo, leg}, agreements.Active, ""},
		{"Legal alone", []agreements.Act{leg}, agreements.Suspended, ""},
		{"Legal twice", []agreements.Act{leg, leg}, agreements.Suspended, "other of the two"},
		{"two of Legal", []agreements.Act{leg, by("leg-2", authz.LEG)}, agreements.Suspended, "other of the two"},
		{"one person in both posts", []agreements.Act{leg, by("leg", authz.DPO)}, agreements.Suspended, "other of the two"},
		{"the head of mission", []agreements.Act{by("hom", authz.HOM)}, agreements.Suspended, "Legal and the DPO"},
		{"the head of mission second", []agreements.Act{leg, by("hom", authz.HOM)}, agreements.Suspended, "Legal and the DPO"},
		{"separation of duties 11 who suspended", []agreements.Act{by("dpo-2", authz.DPO)}, agreements.Suspended, "separation of duties 11"},
		{"separation of duties 11 who suspended, second", []agreements.Act{leg, by("dpo-2", authz.DPO)}, agreements.Suspended, "separation of duties 11"},
		{"separation of duties 11 who suspended, in the other post", []agreements.Act{by("dpo-2", authz.LEG)}, agreements.Suspended, "separation of duties 11"},
		{"not saying how the cause was closed", []agreements.Act{silent}, agreements.Suspended, "cause"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := lift(in(agreements.Suspended), c.acts...)
			if c.says != "" {
				refused(t, err, c.says)
			} else if err != nil {
				t.Fatal(err)
			}
			if a.State != c.want {
				t.Errorf("it is %s", a.State)
			}
			if a.State == agreements.Active && (a.Suspension != nil || a.Lifts != nil || len(a.History) != 2) {
				t.Errorf("what is left of it: %+v", a)
			}
		})
	}
	t.Run("an act on one suspension does not lift the next", func(t *testing.T) {
		a, err := lift(in(agreements.Suspended), leg, dpo)
		if err != nil {
			t.Fatal(err)
		}
		if a, err = a.Suspend(72*time.Hour, by("hom", authz.HOM)); err != nil {
			t.Fatal(err)
		}
		if a, err = a.Lift(dpo); err != nil || a.State != agreements.Suspended {
			t.Errorf("%s, %v", a.State, err)
		}
	})
}

func TestTerminate(t *testing.T) {
	hom, leg, psg := by("hom", authz.HOM), by("leg", authz.LEG), by("psg", authz.PSG)
	silent := psg
	silent.Reason = ""
	for _, c := range []struct {
		name string
		acts []agreements.Act
		ends bool
		says string
	}{
		{"the head of mission and Legal", []agreements.Act{hom, leg}, true, ""},
		{"Legal and the head of mission", []agreements.Act{leg, hom}, true, ""},
		{"the partner's notice alone", []agreements.Act{psg}, true, ""},
		{"the partner's notice after one act", []agreements.Act{hom, psg}, true, ""},
		{"the head of mission alone", []agreements.Act{hom}, false, ""},
		{"two of Legal", []agreements.Act{leg, by("leg-2", authz.LEG)}, false, "other of the two"},
		{"one person in both posts", []agreements.Act{hom, by("hom", authz.LEG)}, false, "other of the two"},
		{"the DPO", []agreements.Act{by("dpo", authz.DPO)}, false, "head of mission and Legal"},
		{"a focal point", []agreements.Act{by("fp", authz.FP)}, false, "head of mission and Legal"},
		{"without a reason", []agreements.Act{silent}, false, "reason"},
	} {
		for _, from := range []agreements.State{agreements.Active, agreements.Suspended} {
			t.Run(c.name+" of "+string(from), func(t *testing.T) {
				a := in(from)
				var err error
				for _, act := range c.acts {
					if a, err = a.Terminate(act); err != nil {
						break
					}
				}
				if c.says != "" {
					refused(t, err, c.says)
				} else if err != nil {
					t.Fatal(err)
				}
				if (a.State == agreements.Terminated) != c.ends {
					t.Errorf("it is %s", a.State)
				}
			})
		}
	}
}
