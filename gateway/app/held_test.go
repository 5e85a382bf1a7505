package app_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/rights"
)

// look is the transfer as its sender reads it.
func look(w *apptest.World, id string) transfer.Transfer {
	w.T.Helper()
	x, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), id)
	w.Must(err)
	return x
}

func pulls(w *apptest.World, id string) {
	w.T.Helper()
	d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), id, 1, 0)
	w.Must(err)
	w.Must(d.Send(w.Ctx, io.Discard))
}

func changes(w *apptest.World, want int) {
	w.T.Helper()
	if n, err := w.Transfers.HoldDue(w.Ctx); err != nil || n != want {
		w.T.Fatalf("the clock changed %d, %v; want %d", n, err, want)
	}
}

// TestHeldForReview: section 4, available <-> held by the focal point, Legal and the data protection officer.
func TestHeldForReview(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	order := func(id string) rights.Order { return rights.Order{Kind: rights.Review, Transfer: id, Reason: "doubt"} }
	for _, c := range []struct{ by, lifts authz.Role }{{authz.FP, authz.DPO}, {authz.LEG, authz.DPO}, {authz.DPO, authz.LEG}} {
		t.Run("LEGAL_HOLD placed by "+string(c.by)+", lifted by "+string(c.lifts), func(t *testing.T) {
			x := w.Available([]byte("x"))
			h, err := w.Holds.Place(w.Ctx, w.As(c.by), order(x.ID))
			w.Must(err)
			pullRefused(w, x.ID, "LEGAL_HOLD")
			if got := look(w, x.ID); got.State != transfer.Held || got.HeldSince == nil {
				t.Errorf("%s since %v", got.State, got.HeldSince)
			}
			if seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.PDL), x.ID); err != nil || seen.State != transfer.Available || seen.HeldSince != nil {
				t.Errorf("the partner sees %s, %v", seen.State, err)
			}
			_, err = w.Holds.Lift(w.Ctx, w.As(c.by), h.ID, "checked")
			wants(t, "separation of duties 11 lifted by who placed it", err, lifecycle.ErrIllegal)
			_, err = w.Holds.Lift(w.Ctx, w.As(c.lifts), h.ID, "checked")
			w.Must(err)
			pulls(w, x.ID)
			if got := look(w, x.ID); got.State != transfer.Pulled {
				t.Errorf("after the pull it is %s", got.State)
			}
		})
	}
	t.Run("separation of duties 11 not by a deputy of who placed it", func(t *testing.T) {
		x := w.Available([]byte("x"))
		join(w, another, "")
		stands(w, authz.FP, another, authz.FP)
		h, err := w.Holds.Place(w.Ctx, w.As(authz.FP), order(x.ID))
		w.Must(err)
		_, err = w.Holds.Lift(w.Ctx, w.As(another), h.ID, "checked")
		wants(t, "the deputy", err, lifecycle.ErrIllegal)
	})
	t.Run("R43 what headquarters holds, the mission does not lift", func(t *testing.T) {
		for _, by := range []authz.Role{authz.LEG, authz.DPO} {
			x := w.Available([]byte("x"))
			h, err := w.Holds.Place(w.Ctx, w.As(by), order(x.ID))
			w.Must(err)
			if h.PlacedAs != by {
				t.Errorf("placed as %q", h.PlacedAs)
			}
			notLifted(w, authz.FP, h.ID, "ask Legal or the data protection officer")
		}
	})
	t.Run("separation of duties 1 not by the sender, nor by who stands for them", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		x := w.Available([]byte("x"))
		grant(w, authz.RO, people.Grant{Role: authz.FP, Mission: w.Mission.ID, Purposes: w.Task(authz.FP)})
		h, err := w.Holds.Place(w.Ctx, w.As(authz.FP), order(x.ID))
		w.Must(err)
		notLifted(w, authz.RO, h.ID, "ask another person who may")
		const deputy = authz.Role("deputy of the sender")
		join(w, deputy, "")
		stands(w, authz.RO, deputy, authz.FP)
		notLifted(w, deputy, h.ID, "ask another person who may")
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.LEG), h.ID, "checked")
		w.Must(err)
	})
	t.Run("LEGAL_HOLD at COMMIT", func(t *testing.T) {
		x := sent(w)
		_, err := w.Holds.Place(w.Ctx, w.As(authz.DPO), order(x.ID))
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), x.ID, true, "")
		var refused *transfer.RefusedError
		if !errors.As(err, &refused) || len(refused.Decision.Codes()) != 1 || refused.Decision.Codes()[0] != "LEGAL_HOLD" {
			t.Error(err)
		}
	})
	t.Run("not on a person, and not by others", func(t *testing.T) {
		x := w.Available([]byte("x"))
		_, err := w.Holds.Place(w.Ctx, w.As(authz.FP), rights.Order{Kind: rights.Review, Mission: w.Mission.ID, Case: "CASE-1", Reason: "doubt"})
		wants(t, "on a person", err, people.ErrInvalid)
		for _, role := range []authz.Role{authz.RO, authz.HOM, authz.OIG} {
			_, err = w.Holds.Place(w.Ctx, w.As(role), order(x.ID))
			wants(t, "by "+string(role), err, authz.ErrDenied)
		}
	})
	w.Verify()
}

// notLifted wants the lifting to be refused with the mend, and recorded.
func notLifted(w *apptest.World, by authz.Role, id, mend string) {
	w.T.Helper()
	h := w.Hand()
	denials := func() string {
		return h.Text("SELECT COUNT(*) || '' FROM log_entries WHERE kind = 'denial' AND CAST(body AS TEXT) LIKE '%" + id + "%'")
	}
	before := denials()
	_, err := w.Holds.Lift(w.Ctx, w.As(by), id, "checked")
	var illegal *lifecycle.TransitionError
	if !errors.As(err, &illegal) || !strings.Contains(illegal.Mend, mend) {
		w.T.Errorf("lifted by %s: %v", by, err)
	}
	if denials() == before {
		w.T.Errorf("that %s was refused is not recorded", by)
	}
}

// cutting writes on, and acts once, after the first bytes have left.
type cutting struct {
	n   int
	act func()
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.n++; c.n == 2 {
		c.act()
	}
	return len(p), nil
}

// TestHeldWhileItIsDelivered: held stays held, and that it was delivered is not lost.
func TestHeldWhileItIsDelivered(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	body := payload(200_000)
	delivered := func() (transfer.Transfer, rights.Hold) {
		x := w.Available(body)
		var h rights.Hold
		d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), x.ID, 1, 0)
		w.Must(err)
		w.Must(d.Send(w.Ctx, &cutting{act: func() {
			var err error
			h, err = w.Holds.Place(w.Ctx, w.As(authz.FP), rights.Order{Kind: rights.Review, Transfer: x.ID, Reason: "doubt"})
			w.Must(err)
			changes(w, 1)
		}}))
		return look(w, x.ID), h
	}
	x, h := delivered()
	if x.State != transfer.Held || x.Delivered == nil || x.HeldSince == nil {
		t.Fatalf("%s, delivered %v, held since %v", x.State, x.Delivered, x.HeldSince)
	}
	pullRefused(w, x.ID, "LEGAL_HOLD")
	t.Run("R27 the duty to destroy is there", func(t *testing.T) {
		if _, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), x.ID); err != nil {
			t.Error(err)
		}
	})
	t.Run("the partner confirms what they have, and it stays held", func(t *testing.T) {
		seen, err := w.Transfers.Acknowledge(w.Ctx, w.As(authz.PDL), x.ID, map[int]string{1: x.Files[0].Sealed.SHA256})
		if err != nil || seen.State != transfer.Acknowledged {
			t.Errorf("the partner sees %s, %v", seen.State, err)
		}
		if got := look(w, x.ID); got.State != transfer.Held || len(got.Receipts) != 1 {
			t.Errorf("%s", got.State)
		}
	})
	t.Run("freed it is what it would have been", func(t *testing.T) {
		_, err := w.Holds.Lift(w.Ctx, w.As(authz.LEG), h.ID, "checked")
		w.Must(err)
		changes(w, 1)
		if got := look(w, x.ID); got.State != transfer.Acknowledged || got.HeldSince != nil {
			t.Errorf("%s", got.State)
		}
		other, hold := delivered()
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.LEG), hold.ID, "checked")
		w.Must(err)
		pulls(w, other.ID)
		if got := look(w, other.ID); got.State != transfer.Pulled {
			t.Errorf("%s", got.State)
		}
	})
	t.Run("held too long its key goes, and it was pulled", func(t *testing.T) {
		late, _ := delivered()
		w.Clock.Add(31 * 24 * time.Hour)
		_, err := w.Transfers.Lapse(w.Ctx)
		w.Must(err)
		if got := look(w, late.ID); got.State != transfer.Pulled || got.Delivered == nil {
			t.Errorf("%s", got.State)
		}
		w.SweepAll()
		if left := w.Objects(); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
	})
	w.Verify()
}

// TestTheWindowStandsStill: what is left of the window when a hold begins is there when it ends.
func TestTheWindowStandsStill(t *testing.T) {
	const day = 24 * time.Hour
	w := apptest.Ready(t, apptest.Options{})
	_, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], 60*day, nil)
	w.Must(err)
	x, other := w.Available([]byte("x")), w.Available([]byte("y"))
	w.Clock.Add(10 * day)
	_, err = w.Agreements.Suspend(w.Ctx, w.As(authz.LEG), x.Agreement, "a rumour")
	w.Must(err)
	t.Run("AGR_SUSPENDED holds by the clock, nobody pulling", func(t *testing.T) {
		changes(w, 2)
		changes(w, 0)
		if got := look(w, x.ID); got.State != transfer.Held || got.Decision.Codes()[0] != "AGR_SUSPENDED" || w.Clock.Now().Sub(*got.HeldSince) > time.Hour {
			t.Errorf("%s %v since %v", got.State, got.Decision.Codes(), got.HeldSince)
		}
	})
	t.Run("past the window it waits", func(t *testing.T) {
		w.Clock.Add(20 * day)
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 0 {
			t.Errorf("%d lapsed, %v", n, err)
		}
		w.SweepAll()
		pullRefused(w, x.ID, "AGR_SUSPENDED")
	})
	t.Run("AGR_SUSPENDED lifted: what was left is given back", func(t *testing.T) {
		h, err := w.Holds.Place(w.Ctx, w.As(authz.DPO), rights.Order{Kind: rights.Review, Transfer: other.ID, Reason: "doubt"})
		w.Must(err)
		for _, role := range []authz.Role{authz.DPO, secondLegal} {
			if role == secondLegal {
				join(w, secondLegal, authz.LEG)
			}
			_, err = w.Agreements.Lift(w.Ctx, w.As(role), x.Agreement, "closed")
			w.Must(err)
		}
		changes(w, 1)
		got := look(w, x.ID)
		if left := got.WindowEnds.Sub(w.Clock.Now()); got.State != transfer.Available || left < 4*day-time.Hour || left > 4*day+time.Hour {
			t.Errorf("%s, %s are left", got.State, left)
		}
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.LEG), h.ID, "checked")
		w.Must(err)
		pulls(w, x.ID)
	})
	t.Run("PULL_WINDOW held for its days", func(t *testing.T) {
		pulls(w, other.ID) // freed at the pull
		late := w.Available([]byte("z"))
		_, err := w.Holds.Place(w.Ctx, w.As(authz.FP), rights.Order{Kind: rights.Review, Transfer: late.ID, Reason: "doubt"})
		w.Must(err)
		changes(w, 1)
		w.Clock.Add(30 * day)
		_, _, err = w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], day, nil)
		w.Must(err)
		pullRefused(w, late.ID, "LEGAL_HOLD", "PULL_WINDOW")
		if _, err := w.Transfers.Lapse(w.Ctx); err != nil || look(w, late.ID).State != transfer.Unclaimed {
			t.Errorf("%s, %v", look(w, late.ID).State, err)
		}
	})
	w.Verify()
}

// TestARefusalIsOver: the cause that is told ends when a pull, or the clock, finds that it has.
func TestARefusalIsOver(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	refused := func() transfer.Transfer {
		x := w.Available([]byte("x"))
		_, err := w.People.SuspendPerson(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], "an incident")
		w.Must(err)
		pullRefused(w, x.ID, "AUTH_ROLE_DENIED", "RECIPIENT_NO_USER", "PULL_DENIED")
		_, err = w.People.LiftPerson(w.Ctx, w.As(authz.DPO), w.Persons[authz.PDL], "closed")
		w.Must(err)
		return x
	}
	for name, asks := range map[string]func(id string){
		"RECIPIENT_NO_USER a pull finds it": func(id string) { pulls(w, id) },
		"RECIPIENT_NO_USER the clock does":  func(string) { changes(w, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			x := refused()
			asks(x.ID)
			if got := look(w, x.ID).Decision; !got.Released() || got.Phase != "PULL" {
				t.Errorf("it is still refused for %v", got.Codes())
			}
		})
	}
	t.Run("RECIPIENT_NO_USER the clock finds that a downloader's grant ended", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		x := w.Available([]byte("x"))
		_, err := w.People.EndGrant(w.Ctx, w.As(authz.LEG), w.As(authz.PDL).Grants[0].ID)
		w.Must(err)
		changes(w, 0)
		if got := look(w, x.ID).Decision; !slices.Contains(got.Codes(), "RECIPIENT_NO_USER") {
			t.Errorf("it is refused for %v", got.Codes())
		}
	})
	t.Run("AUTH_INVALID what was wrong with who asked is told until a pull passes", func(t *testing.T) {
		x := w.Available([]byte("x"))
		stranger := w.As(authz.PDL)
		stranger.Assurance = "password"
		if _, err := w.Transfers.Pull(w.Ctx, stranger, x.ID, 1, 0); err == nil {
			t.Fatal("pulled")
		}
		changes(w, 0)
		if got := look(w, x.ID).Decision.Codes(); !slices.Equal(got, []string{"AUTH_INVALID"}) {
			t.Errorf("it is told %v", got)
		}
		pulls(w, x.ID)
		if got := look(w, x.ID).Decision.Codes(); len(got) > 0 {
			t.Errorf("it is still told %v", got)
		}
	})
	w.Verify()
}

// TestWhoTriedMeanwhileHoldsNothing: the clock frees what was held for its agreement, whoever tried to pull it meanwhile.
func TestWhoTriedMeanwhileHoldsNothing(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	x := w.Available([]byte("x"))
	_, err := w.Agreements.Suspend(w.Ctx, w.As(authz.LEG), x.Agreement, "a rumour")
	w.Must(err)
	changes(w, 1)
	stranger := w.As(authz.PDL)
	stranger.Assurance = "password"
	if _, err := w.Transfers.Pull(w.Ctx, stranger, x.ID, 1, 0); err == nil {
		t.Fatal("pulled")
	}
	if got := look(w, x.ID).Decision.Codes(); !slices.Equal(got, []string{"AUTH_INVALID", "AGR_SUSPENDED"}) {
		t.Errorf("it is held for %v", got)
	}
	join(w, secondLegal, authz.LEG)
	for _, role := range []authz.Role{authz.DPO, secondLegal} {
		_, err = w.Agreements.Lift(w.Ctx, w.As(role), x.Agreement, "closed")
		w.Must(err)
	}
	t.Run("AUTH_INVALID of who tried holds nothing", func(t *testing.T) {
		changes(w, 1)
		if got := look(w, x.ID); got.State != transfer.Available {
			t.Errorf("%s %v", got.State, got.Decision.Codes())
		}
	})
	w.Verify()
}
