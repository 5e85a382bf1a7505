package app_test

import (
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
)

// An agreement that is about to end waits for who can renew it, from the longest notice that the rules name until its end.
func TestAgreementsAboutToEnd(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	a := w.Agreement()
	w.Enforce(a)
	end := a.Document.ValidUntil
	until := func(days int) { w.Clock.Add(end.AddDate(0, 0, -days).Sub(w.Clock.Now())) }
	shown := func(t *testing.T, days int, notice string) {
		t.Helper()
		for _, role := range []authz.Role{authz.FP, authz.LEG} {
			q, err := w.Queues.Queue(w.Ctx, w.As(role), "", 100)
			w.Must(err)
			if len(q.Items) != 1 {
				t.Errorf("%s: %+v", role, q.Items)
				continue
			}
			i := q.Items[0]
			if i.What != "renew_agreement" || i.ID != a.ID || i.Days == nil || *i.Days != days || !i.Due.Equal(end) || !slices.Equal(i.Details, []string{notice}) || i.Since.After(w.Clock.Now()) {
				t.Errorf("%s: %+v", role, i)
			}
		}
		for _, role := range []authz.Role{authz.RO, authz.HOM, authz.DPO, authz.PSG} {
			wait(t, w, role)
		}
	}
	until(91)
	wait(t, w, authz.FP)
	wait(t, w, authz.LEG)
	until(90)
	t.Run("R48 at the longest notice", func(t *testing.T) { shown(t, 89, "notice of 90 days") })
	until(60)
	t.Run("R48 at the next", func(t *testing.T) { shown(t, 59, "notice of 60 days") })
	changeRules(w, func(r *rulebook.Rules) { r.Agreement.ExpiryNotices = []int{7} })
	t.Run("R37 the notices are those of the edition in force", func(t *testing.T) { wait(t, w, authz.LEG) })
	until(1)
	t.Run("R48 on the last day", func(t *testing.T) { shown(t, 0, "notice of 7 days") })
	w.Clock.Add(24 * time.Hour)
	t.Run("not once it is over", func(t *testing.T) { wait(t, w, authz.LEG) })
}
