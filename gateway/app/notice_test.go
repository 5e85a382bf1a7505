package app_test

import (
	"testing"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
)

// R14: what a person was told stays what they were told; who is asked later is told what is in force then.
func TestAnotherNoticeComes(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	old, err := w.Terms.Notices(w.Ctx, w.As(authz.LEG), w.Purpose.ID)
	w.Must(err)
	next, err := w.Terms.WriteNotice(w.Ctx, w.As(authz.LEG), terms.Notice{
		Purpose: w.Purpose.ID, Number: "2", Texts: old[0].Texts, EffectiveFrom: w.Clock.Now().Add(-24 * time.Hour),
	})
	w.Must(err)
	_, err = w.Terms.ApproveNotice(w.Ctx, w.As(authz.DPO), next.ID)
	w.Must(err)
	w.Clock.Add(time.Hour)
	asked(w, w.Order()) // who was asked before its approval was told the version before
	s := w.Statement()
	s.EventTime = w.Clock.Now().Add(-time.Minute)
	_, err = w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{"CASE-7"})
	w.Must(err)
	o := w.Order()
	o.Subjects = []string{"CASE-7"}
	t.Run("NOTICE_MISSING R14 consent on the version before", func(*testing.T) { asked(w, o, "NOTICE_MISSING") })
	w.Clock.Add(time.Minute)
	s.Notice, s.EventTime = "2", w.Clock.Now().Add(-time.Second)
	_, err = w.Consents.Record(w.Ctx, w.As(authz.RO), s, o.Subjects)
	w.Must(err)
	asked(w, o)
	toldAgain(w)
	w.Verify()
}
