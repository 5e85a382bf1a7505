package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
)

// asked asks for the order and wants exactly these codes.
func asked(w *apptest.World, o transfer.Order, codes ...string) transfer.Transfer {
	w.T.Helper()
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
	var r *transfer.RefusedError
	if len(codes) == 0 {
		w.Must(err)
	} else if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), codes) {
		w.T.Errorf("want refusal %v, got %v", codes, err)
	}
	return sent
}

// toldAgain wants each decision of the log to come out alike once more.
func toldAgain(w *apptest.World) {
	w.T.Helper()
	for _, line := range lines(w, authz.OIG) {
		if line.Entry.Facts == "" {
			continue
		}
		r, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), line.Seq)
		if err != nil || !r.Same || len(r.Differs) > 0 {
			w.T.Errorf("R37 entry %d: %+v, %v", line.Seq, r, err)
		}
	}
}

// A cause that no job has marked yet is part of what the decision rested on.
func TestReplayOfAnUnmarkedCause(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	_, err := w.Assessments.RaiseAlert(w.Ctx, w.As(authz.DPO), "CO", "fighting")
	w.Must(err)
	w.Refused("RBA_STALE")
	toldAgain(w)
	_, err = w.Assessments.SettleDue(w.Ctx)
	w.Must(err)
	toldAgain(w)
	w.Verify()
}

func TestWhereDataComeFromAndGo(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	o := w.Order()
	t.Run("REQ_INCOMPLETE origin", func(t *testing.T) {
		o := o
		o.Origin = gate.Origin{}
		asked(w, o, "REQ_INCOMPLETE")
		o.Origin = gate.Origin{Source: "found"}
		asked(w, o, "REQ_INCOMPLETE")
	})
	t.Run("ONWARD_ORIGINATOR", func(t *testing.T) {
		o := o
		o.Origin = gate.Origin{Source: gate.ThirdPartyData}
		asked(w, o, "ONWARD_ORIGINATOR")
		o.Origin.Clearance = "unknown"
		asked(w, o, "ONWARD_ORIGINATOR")
		given, err := w.Clearances.Record(w.Ctx, w.As(authz.FP), clearance.Clearance{
			Mission: w.Mission.ID, Originator: "Red Cross", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
			Recipients: []string{w.Partner.ID}, Evidence: strings.Repeat("0a", 32), ValidUntil: w.Clock.Now().AddDate(0, 1, 0),
		})
		w.Must(err)
		o.Origin.Clearance = given.ID
		sent := release(w, asked(w, o))
		_, err = w.Clearances.Withdraw(w.Ctx, w.As(authz.FP), given.ID, "taken back")
		w.Must(err)
		asked(w, o, "ONWARD_ORIGINATOR")
		if _, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); err == nil {
			t.Error("pulled after the originator took it back")
		}
	})
	t.Run("ONWARD_NOT_PERMITTED", func(t *testing.T) {
		o := o
		o.Onward = []string{"Clinic"}
		asked(w, o, "ONWARD_NOT_PERMITTED")
	})
	t.Run("JUR_MECHANISM_MISSING R39", func(t *testing.T) {
		o := o
		o.Origin.Country = "ES"
		asked(w, o, "JUR_MECHANISM_MISSING")
		o.Origin.Country = "Spain"
		if _, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("JUR_RESTRICTED", func(t *testing.T) {
		changeRules(w, func(r *rulebook.Rules) { r.Jurisdiction.Restricted = []string{"CO"} })
		asked(w, o, "JUR_RESTRICTED")
		changeRules(w, func(r *rulebook.Rules) { r.Jurisdiction.Restricted = nil })
		asked(w, o)
	})
	toldAgain(w)
	w.Verify()
}

// changeRules has an edition of the rulebook come into force at once.
func changeRules(w *apptest.World, change func(*rulebook.Rules)) {
	w.T.Helper()
	book, err := w.Rules.Rulebook(w.Ctx, w.As(authz.LEG))
	w.Must(err)
	r := book.At(w.Office.Time()).Rules
	change(&r)
	book, err = w.Rules.Draft(w.Ctx, w.As(authz.LEG), r, w.Clock.Now(), "as the test needs")
	w.Must(err)
	_, err = w.Rules.Approve(w.Ctx, w.As(authz.DPO), book.Version)
	w.Must(err)
}

func TestWhatTheConsentRestsOn(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	o := w.Order()
	o.Subjects = []string{"CASE-9"}
	said := func(change func(*consent.Statement)) consent.Record {
		w.Clock.Add(time.Minute)
		s := w.Statement()
		change(&s)
		all, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, o.Subjects)
		w.Must(err)
		return all[0]
	}
	sum := strings.Repeat("1b", 32)
	t.Run("NOTICE_PURPOSE R14", func(*testing.T) {
		said(func(s *consent.Statement) { s.Notice = "of another purpose" })
		asked(w, o, "NOTICE_PURPOSE")
	})
	t.Run("NOTICE_MISSING R14", func(*testing.T) {
		said(func(s *consent.Statement) { s.Language = "so" })
		asked(w, o, "NOTICE_MISSING")
	})
	t.Run("CONSENT_EVIDENCE R04", func(*testing.T) {
		r := said(func(s *consent.Statement) { s.Evidence = nil })
		asked(w, o, "CONSENT_EVIDENCE")
		_, err := w.Consents.Attach(w.Ctx, w.As(authz.RO), r.ID, consent.Proof{Kind: consent.SignedDocument, SHA256: sum}, "")
		w.Must(err)
		asked(w, o)
	})
	t.Run("CONSENT_UNCERTIFIED R06", func(*testing.T) {
		r := said(func(s *consent.Statement) { s.Form, s.Evidence = consent.Verbal, nil })
		asked(w, o, "CONSENT_UNCERTIFIED")
		_, err := w.Consents.Certify(w.Ctx, w.As(authz.FP), r.ID, sum)
		w.Must(err)
		asked(w, o)
	})
	t.Run("CAPACITY_UNASSESSED GUARDIAN_MISSING GUARDIAN_UNVERIFIED VIEWS_MISSING R07 R08", func(*testing.T) {
		r := said(func(s *consent.Statement) { s.Child, s.Capacity = true, nil })
		asked(w, o, "CAPACITY_UNASSESSED", "GUARDIAN_MISSING", "VIEWS_MISSING")
		add := func(k consent.Circumstances) {
			_, err := w.Consents.Assess(w.Ctx, w.As(authz.RO), r.ID, k)
			w.Must(err)
		}
		add(consent.Circumstances{Capacity: &consent.CapacityStated{Aspects: consent.Aspects(), Method: "interview", Result: consent.Incapable}, Assent: new(true)})
		asked(w, o, "GUARDIAN_MISSING", "VIEWS_MISSING") // R09: assent is not enough
		add(consent.Circumstances{
			ExpressedBy: consent.ByGuardian, Guardian: &consent.GuardianStated{Kind: consent.ByGuardian, Proof: sum}, Views: &consent.ViewsStated{Outcome: "agrees"},
		})
		asked(w, o, "GUARDIAN_UNVERIFIED")
		add(consent.Circumstances{Guardian: &consent.GuardianStated{Kind: consent.ByGuardian, Proof: sum, Verified: true}})
		asked(w, o)
	})
	toldAgain(w)
	w.Verify()
}

func TestCertifierDoesNotApprove(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	s := w.Statement()
	s.Form, s.Evidence = consent.Verbal, nil
	all, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{"CASE-8"})
	w.Must(err)
	certifier := w.Another(authz.FP)
	_, err = w.Consents.Certify(w.Ctx, certifier, all[0].ID, "")
	w.Must(err)
	o := w.Order()
	o.Subjects = []string{"CASE-8"}
	sent := asked(w, o)
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("given_name\nx\n"))
	w.Must(err)
	t.Run("SoD 6 APPROVAL_SELF the certifier of a consent does not approve", func(t *testing.T) {
		both := w.Also(certifier, authz.HOM)
		_, err := w.Transfers.Approve(w.Ctx, both, sent.ID, true, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"APPROVAL_SELF"}) {
			t.Errorf("%v", err)
		}
		got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "") // it went on waiting
		if err != nil || got.State != transfer.Available {
			t.Errorf("%s, %v", got.State, err)
		}
	})
	w.Verify()
}

// Whoever takes another agreement's place ends it, at first or by an amendment: what was asked for under the older one
// neither leaves nor is pulled.
func TestSupersededAgreementEnds(t *testing.T) {
	for name, supersede := range map[string]func(w *apptest.World, old agreements.Agreement) agreements.Agreement{
		"by a new agreement": func(w *apptest.World, old agreements.Agreement) agreements.Agreement { return w.Next(old, old.ID) },
		"by an amendment": func(w *apptest.World, old agreements.Agreement) agreements.Agreement {
			return w.Amend(w.Next(old, ""), func(d *agreements.Document) { d.Supersedes = old.ID })
		},
	} {
		t.Run("AGR_TERMINATED superseded "+name, func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			waiting, asking := release(w, asked(w, w.Order())), asked(w, w.Order())
			old, err := w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), asking.Agreement)
			w.Must(err)
			next := supersede(w, old)
			_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), asking.ID, 1, "", strings.NewReader("given_name\nx\n"))
			w.Must(err)
			_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), asking.ID, true, "")
			var r *transfer.RefusedError
			if !errors.As(err, &r) || r.Decision.Phase != gate.Commit || !slices.Equal(r.Decision.Codes(), []string{"AGR_TERMINATED"}) {
				t.Errorf("COMMIT under a superseded agreement: %v", err)
			}
			pullRefused(w, waiting.ID, "AGR_TERMINATED")
			if sent := asked(w, w.Order()); sent.Agreement != next.ID {
				t.Errorf("agreement %s rules", sent.Agreement)
			}
			toldAgain(w)
			w.Verify()
		})
	}
}

func TestFieldsGoByTheirCategory(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.AddCategory(terms.Category{Code: "health", Fields: []string{"hiv_status", "notes"}, Sensitivity: terms.High})
	t.Run("AGR_CATEGORY AGR_FIELD", func(t *testing.T) {
		o := w.Order()
		o.Fields = []string{"given_name", "notes"} // of identity as well
		asked(w, o)
		o.Fields = []string{"given_name", "hiv_status"}
		sent := asked(w, o, "AGR_CATEGORY", "AGR_FIELD")
		if got := sent.Decision.Refusals[0].Detail; !slices.Equal(got, []string{"health:hiv_status"}) {
			t.Errorf("the field at fault: %v", got)
		}
	})
	toldAgain(w)
}
