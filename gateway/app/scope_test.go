package app_test

import (
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/consent"
)

// drafted is an agreement that allows the world's order, but for what change makes of its scope.
func drafted(w *apptest.World, change func(*agreements.Scope)) agreements.Agreement {
	w.T.Helper()
	doc := w.Agreement().Document
	doc.Template, doc.Agreement = nil, ""
	change(&doc.Scope)
	a, err := w.Agreements.Create(w.Ctx, w.As(authz.FP), doc)
	w.Must(err)
	return a
}

// What the agreement does not allow is refused on the facts as they are gathered.
func TestWhatTheAgreementDoesNotAllow(t *testing.T) {
	t.Run("JUR_NOT_COVERED the recipient's country", func(t *testing.T) {
		w := apptest.New(t, apptest.Options{})
		w.Enforce(drafted(w, func(s *agreements.Scope) { s.RecipientCountries = []string{"EC"} }))
		w.Consent("CASE-1", "CASE-2")
		asked(w, w.Order(), "JUR_NOT_COVERED")
		toldAgain(w)
		w.Verify()
	})
	t.Run("ONWARD_UNLISTED another than the agreement lists", func(t *testing.T) {
		w := apptest.New(t, apptest.Options{})
		w.Enforce(drafted(w, func(s *agreements.Scope) { s.OnwardRule, s.OnwardRecipients = "listed", []string{"Clinic"} }))
		w.Consent("CASE-1", "CASE-2")
		o := w.Order()
		o.Onward = []string{"Clinic", "Hospital"}
		sent := asked(w, o, "ONWARD_UNLISTED")
		if got := sent.Decision.Refusals[0].Detail; len(got) != 1 || got[0] != "Hospital" {
			t.Errorf("the one at fault: %v", got)
		}
		o.Onward = []string{"Clinic"}
		asked(w, o)
		toldAgain(w)
		w.Verify()
	})
}

// An assessment counts when all have approved it whom its band asks for.
func TestAssessedAndNotApproved(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	w.Consent("CASE-1", "CASE-2")
	a, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), w.Agreement().ID)
	w.Must(err)
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	a = w.Sign(w.Sign(a, authz.HOM), authz.PSG)
	t.Run("RBA_NOT_APPROVED until the last has approved", func(t *testing.T) {
		x := w.Submitted(a)
		for left := x.PendingApprovals(); len(left) > 0; left = x.PendingApprovals() {
			w.Refused("AGR_NOT_ACTIVE", "RBA_NOT_APPROVED")
			x, err = w.Assessments.Decide(w.Ctx, w.As(left[0]), x.ID, assessment.DecisionApproved, "")
			w.Must(err)
		}
		w.Refused("AGR_NOT_ACTIVE")
		_, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
		w.Must(err)
		asked(w, w.Order())
	})
	toldAgain(w)
	w.Verify()
}

// Who refuses is not sent, whatever they said before; nor is anybody with them.
func TestConsentThatIsRefused(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	t.Run("CONSENT_REFUSED R02 after it was given", func(t *testing.T) {
		asked(w, w.Order())
		w.Clock.Add(time.Minute)
		s := w.Statement()
		s.Decision = consent.Refused
		_, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{"CASE-2"})
		w.Must(err)
		sent := asked(w, w.Order(), "CONSENT_REFUSED")
		if got := sent.Decision.Refusals[0].Rows; len(got) != 1 || got[0] != 2 {
			t.Errorf("rows %v", got)
		}
		o := w.Order()
		o.Subjects = []string{"CASE-1"}
		asked(w, o)
	})
	toldAgain(w)
	w.Verify()
}
