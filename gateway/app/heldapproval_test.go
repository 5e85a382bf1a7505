package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/rights"
)

// toApprove reports whether the queue of who asks has the approval of the transfer.
func toApprove(w *apptest.World, role authz.Role, id string) bool {
	w.T.Helper()
	waiting, err := w.Queues.Queue(w.Ctx, w.As(role), "", 100)
	w.Must(err)
	for _, i := range waiting.Items {
		if i.What == "approve_transfer" && i.ID == id {
			return true
		}
	}
	return false
}

// TestHeldForWantOfAnApproval: what was released without a second person, and needs one since, is held for it, and the head of
// mission, who is named as the one to ask, can mend it.
func TestHeldForWantOfAnApproval(t *testing.T) {
	const day = 24 * time.Hour
	w := apptest.Ready(t, apptest.Options{})
	var wanted rulebook.SecondPerson
	changeRules(w, func(r *rulebook.Rules) {
		wanted = r.SecondPerson
		r.SecondPerson.Bands, r.SecondPerson.Sensitivities = nil, nil
	})
	released := func() transfer.Transfer {
		x, err := w.Transfers.Commit(w.Ctx, w.As(authz.RO), landedBy(w, w.As(authz.RO)).ID)
		w.Must(err)
		if x.State != transfer.Available || x.NeedsApproval {
			t.Fatalf("it is %s, and needs an approval: %v", x.State, x.NeedsApproval)
		}
		return x
	}
	granted, denied, more, untouched := released(), released(), released(), released()
	changeRules(w, func(r *rulebook.Rules) { r.SecondPerson = wanted })
	for _, x := range []transfer.Transfer{granted, denied, more} {
		pullRefused(w, x.ID, "APPROVAL_PENDING")
	}
	t.Run("APPROVAL_PENDING at PULL holds it, and the head of mission is asked", func(t *testing.T) {
		if got := look(w, granted.ID); got.State != transfer.Held || !got.NeedsApproval {
			t.Errorf("it is %s, and needs an approval: %v", got.State, got.NeedsApproval)
		}
		if !toApprove(w, authz.HOM, granted.ID) || toApprove(w, authz.HOM, untouched.ID) {
			t.Error("the queue does not have what is held for it, or has what is not")
		}
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), untouched.ID, true, "")
		is(t, err, lifecycle.ErrIllegal)
	})
	t.Run("AUTH_ROLE_DENIED by a focal point, or one whose role ended meanwhile", func(t *testing.T) {
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.FP), granted.ID, true, "")
		is(t, err, authz.ErrDenied)
		late := w.As(authz.FP)
		late.Grants = []authz.Grant{{Role: authz.HOM, Mission: w.Mission.ID}}
		_, err = w.Transfers.Approve(w.Ctx, late, granted.ID, true, "")
		is(t, err, authz.ErrDenied)
	})
	t.Run("R36 APPROVAL_PENDING approved it goes on, with what was left of its window", func(t *testing.T) {
		w.Clock.Add(2 * day)
		got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), granted.ID, true, "")
		if err != nil || got.State != transfer.Available || got.HeldSince != nil || len(got.Approvals) != 1 || got.Approvals[0].Person != w.Persons[authz.HOM] {
			t.Fatalf("it is %s with %+v, %v", got.State, got.Approvals, err)
		}
		if given := got.WindowEnds.Sub(*granted.WindowEnds); given < 2*day || given > 2*day+time.Hour {
			t.Errorf("of its window %s are given back", given)
		}
		if toApprove(w, authz.HOM, granted.ID) {
			t.Error("it is asked for still")
		}
		pulls(w, granted.ID)
	})
	t.Run("APPROVAL_DENIED denied it stays held, and nobody is asked again", func(t *testing.T) {
		got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), denied.ID, false, "")
		refusedFor(t, err, "APPROVAL_DENIED")
		if got.State != transfer.Held || toApprove(w, authz.HOM, denied.ID) {
			t.Errorf("it is %s, or asked for still", got.State)
		}
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), denied.ID, true, "")
		is(t, err, lifecycle.ErrIllegal)
		pullRefused(w, denied.ID, "APPROVAL_DENIED")
	})
	t.Run("LEGAL_HOLD approved it stays held for what else is wrong, and goes on without", func(t *testing.T) {
		h, err := w.Holds.Place(w.Ctx, w.As(authz.DPO), rights.Order{Kind: rights.Review, Transfer: more.ID, Reason: "doubt"})
		w.Must(err)
		got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), more.ID, true, "")
		refusedFor(t, err, "LEGAL_HOLD")
		if got.State != transfer.Held || len(got.Approvals) != 1 || toApprove(w, authz.HOM, more.ID) {
			t.Errorf("it is %s with %d approvals", got.State, len(got.Approvals))
		}
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.LEG), h.ID, "checked")
		w.Must(err)
		changes(w, 2) // the one that nobody pulled is held, too
		if got := look(w, more.ID); got.State != transfer.Available {
			t.Errorf("it is %s for %v", got.State, got.Decision.Codes())
		}
	})
	t.Run("R43 who approved is in the log, and each decision is told again", func(t *testing.T) {
		results := []string{}
		for _, line := range lines(w, authz.OIG) {
			if e := line.Entry; e.Action == authz.TransferApprove && e.Actor == w.Persons[authz.HOM] && e.Result != "" {
				results = append(results, e.Result)
			}
		}
		if !slices.Equal(results, []string{"granted", "denied", "granted"}) {
			t.Errorf("%v", results)
		}
		toldAgain(w)
	})
	w.Verify()
}

// TestWhoDoesNotFreeIt: the separation of duties holds of what is held for an approval, too.
func TestWhoDoesNotFreeIt(t *testing.T) {
	for name, sides := range map[string]func(w *apptest.World) []authz.Role{
		"separation of duties 1 the sender, as the deputy of the head": func(w *apptest.World) []authz.Role {
			stands(w, authz.HOM, authz.RO, authz.HOM)
			return []authz.Role{authz.RO, authz.HOM}
		},
		"separation of duties 6 who certified": func(w *apptest.World) []authz.Role {
			grant(w, authz.FP, people.Grant{Role: authz.HOM, Mission: w.Mission.ID})
			return []authz.Role{authz.FP}
		},
	} {
		t.Run("APPROVAL_SELF "+name, func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			certified(w, "CASE-3")
			var wanted rulebook.SecondPerson
			changeRules(w, func(r *rulebook.Rules) {
				wanted = r.SecondPerson
				r.SecondPerson.Bands, r.SecondPerson.Sensitivities = nil, nil
			})
			x, err := w.Transfers.Commit(w.Ctx, w.As(authz.RO), sent(w, "CASE-1", "CASE-3").ID)
			w.Must(err)
			changeRules(w, func(r *rulebook.Rules) { r.SecondPerson = wanted })
			pullRefused(w, x.ID, "APPROVAL_PENDING")
			w.Clock.Add(time.Hour)
			not := sides(w)
			_, err = w.Transfers.Approve(w.Ctx, w.As(not[0]), x.ID, true, "")
			var refused *transfer.RefusedError
			if !errors.As(err, &refused) || refused.Decision.Phase != gate.Pull {
				t.Errorf("%v", err)
			}
			approves(t, w, x, not...)
			pulls(w, x.ID)
			toldAgain(w)
			w.Verify()
		})
	}
}
