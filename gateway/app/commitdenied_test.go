package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// lapsing is another officer of the mission, whose training or undertaking ends in two days, and who has the task by a grant of
// its own.
func lapsing(w *apptest.World, undertaking bool) authz.Caller {
	w.T.Helper()
	p, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), people.Person{Name: "lapsing", Mission: w.Mission.ID})
	w.Must(err)
	w.Persons[another] = p.ID
	passed := w.Clock.Now()
	if undertaking {
		changeRules(w, func(r *rulebook.Rules) { r.Undertaking.LifeDays = 2 })
	} else {
		passed = passed.AddDate(0, 0, -728) // of a course that counts for 730 days
	}
	_, err = w.People.ImportTrainings(w.Ctx, w.As(authz.LEG), "", strings.NewReader(peopletest.CSV(passed, p.ID)))
	w.Must(errors.Join(err, peopletest.Sign(w.Ctx, w.People, p.ID)))
	for _, purpose := range []string{medical(w), w.Purpose.ID} {
		grant(w, another, people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: []string{purpose}})
	}
	return w.As(another)
}

// landedBy is a transfer by the caller, every file of which has landed.
func landedBy(w *apptest.World, c authz.Caller) transfer.Transfer {
	w.T.Helper()
	x, err := w.Transfers.Request(w.Ctx, c, w.Order())
	w.Must(err)
	x, err = w.Transfers.Receive(w.Ctx, c, x.ID, 1, "", strings.NewReader("given_name\nAna\n"))
	w.Must(err)
	return x
}

// TestTheSenderIsRefusedAtCommit: conditions 1 and 2 are the gate's at COMMIT too, with every other code, and what it refuses is
// destroyed. Before it was the policy that denied it alone, and the bytes lay there.
func TestTheSenderIsRefusedAtCommit(t *testing.T) {
	for name, c := range map[string]struct {
		codes []string
		ends  func(w *apptest.World, c authz.Caller)
	}{
		"R44 TRAINING_EXPIRED": {[]string{"TRAINING_EXPIRED"}, func(w *apptest.World, _ authz.Caller) { w.Clock.Add(48 * time.Hour) }},
		"R23 CONFIDENTIALITY_MISSING": {[]string{"CONFIDENTIALITY_MISSING"}, func(w *apptest.World, _ authz.Caller) {
			w.Clock.Add(48 * time.Hour)
			for name, person := range w.Persons {
				if name != another {
					w.Must(peopletest.Sign(w.Ctx, w.People, person))
				}
			}
		}},
		"R23 AUTH_ROLE_DENIED the task": {[]string{"AUTH_ROLE_DENIED"}, func(w *apptest.World, c authz.Caller) {
			i := slices.IndexFunc(c.Grants, func(g authz.Grant) bool { return slices.Contains(g.Purposes, w.Purpose.ID) })
			_, err := w.People.EndGrant(w.Ctx, w.As(authz.FP), c.Grants[i].ID)
			w.Must(err)
		}},
		"AUTH_ROLE_DENIED the role": {[]string{"AUTH_ROLE_DENIED"}, func(w *apptest.World, c authz.Caller) {
			grant(w, another, people.Grant{Role: authz.HOM, Mission: w.Mission.ID})
			for _, g := range c.Grants {
				_, err := w.People.EndGrant(w.Ctx, w.As(authz.LEG), g.ID)
				w.Must(err)
			}
		}},
	} {
		t.Run(name+" with PARTNER_SUSPENDED, bytes and data key are destroyed", func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			changeRules(w, func(r *rulebook.Rules) { r.SecondPerson.Bands, r.SecondPerson.Sensitivities = nil, nil })
			by := lapsing(w, strings.Contains(name, "CONFIDENTIALITY_MISSING"))
			sealed := landedBy(w, by)
			c.ends(w, by)
			_, err := w.Parties.Suspend(w.Ctx, w.As(authz.LEG), w.Partner.ID, "asked")
			w.Must(err)
			_, err = w.Transfers.Commit(w.Ctx, w.As(another), sealed.ID)
			want := append(slices.Clone(c.codes), "PARTNER_SUSPENDED")
			var refused *transfer.RefusedError
			if !errors.As(err, &refused) || refused.Transfer != sealed.ID || refused.Decision.Phase != gate.Commit || !slices.Equal(refused.Decision.Codes(), want) {
				t.Fatalf("%v, want %v", err, want)
			}
			if got, err := w.Transfers.Transfer(w.Ctx, w.As(authz.FP), sealed.ID); err != nil || got.State != transfer.Refused || !slices.Equal(got.Decision.Codes(), want) {
				t.Errorf("it is %s for %v, %v", got.State, got.Decision.Codes(), err)
			}
			if n := decisions(w, sealed.ID, want); n != 1 {
				t.Errorf("%d decisions are in the log", n)
			}
			if _, err := w.Transfers.Commit(w.Ctx, w.As(another), sealed.ID); !errors.Is(err, authz.ErrDenied) {
				t.Errorf("once it is decided: %v", err)
			}
			toldAgain(w)
			w.SweepAll()
			if n := w.Hand().Text("SELECT COUNT(*) || '' FROM uploads"); len(w.Objects()) > 0 || n != "0" {
				t.Errorf("%v are left, and %s uploads with their keys", w.Objects(), n)
			}
			w.Verify()
		})
	}
}

// decisions counts those of COMMIT on the transfer with exactly these codes.
func decisions(w *apptest.World, id string, codes []string) (n int) {
	w.T.Helper()
	for _, line := range lines(w, authz.OIG) {
		if e := line.Entry; e.Subject.ID == id && e.Kind == evidence.Decision && e.Action == authz.TransferCommit && e.Phase == "COMMIT" && slices.Equal(e.Codes, codes) {
			n++
		}
	}
	return n
}

// TestWhoIsDeniedTheCommit: what the policy denies it keeps from being released, and what only the sender may have judged nobody
// else destroys.
func TestWhoIsDeniedTheCommit(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	by := lapsing(w, false)
	waiting := landedBy(w, by)
	waits := func(t *testing.T) {
		t.Helper()
		if got, err := w.Transfers.Transfer(w.Ctx, w.As(authz.FP), waiting.ID); err != nil || got.State != transfer.AwaitingApproval || got.Version != waiting.Version {
			t.Errorf("it is %s, %v", got.State, err)
		}
	}
	w.Clock.Add(48 * time.Hour)
	t.Run("TRAINING_EXPIRED APPROVAL_PENDING it goes on waiting for its approval", func(t *testing.T) {
		_, err := w.Transfers.Commit(w.Ctx, w.As(another), waiting.ID)
		refusedFor(t, err, "TRAINING_EXPIRED", "APPROVAL_PENDING")
		if decisions(w, waiting.ID, []string{"TRAINING_EXPIRED", "APPROVAL_PENDING"}) != 1 {
			t.Error("the log does not say so")
		}
		waiting.Version++ // what stands against it is on it
		waits(t)
	})
	t.Run("AUTH_ROLE_DENIED another is denied as before", func(t *testing.T) {
		_, err := w.Transfers.Commit(w.Ctx, w.As(authz.RO), waiting.ID)
		is(t, err, authz.ErrDenied)
		untrained := w.As(authz.RO)
		untrained.Locks = []string{"TRAINING_EXPIRED"}
		var locked *authz.LockedError
		if _, err := w.Transfers.Commit(w.Ctx, untrained, waiting.ID); !errors.As(err, &locked) {
			t.Errorf("untrained: %v", err)
		}
		waits(t)
	})
	t.Run("AUTH_ROLE_DENIED nor is it judged by a token that was made for other acts", func(t *testing.T) {
		narrow := w.As(another)
		narrow.Scope = []authz.Action{authz.TransferRead}
		_, err := w.Transfers.Commit(w.Ctx, narrow, waiting.ID)
		is(t, err, authz.ErrDenied)
		waits(t)
	})
	t.Run("GATE_UNAVAILABLE nor without rules", func(t *testing.T) {
		unruled := w.As(another)
		unruled.Locks = append(unruled.Locks, authz.LockUnruled)
		_, err := w.Transfers.Commit(w.Ctx, unruled, waiting.ID)
		var locked *authz.LockedError
		if !errors.As(err, &locked) || !slices.Contains(locked.Codes, authz.LockUnruled) {
			t.Errorf("%v", err)
		}
		waits(t)
	})
	t.Run("R44 TRAINING_EXPIRED who approves is locked as before", func(t *testing.T) {
		untrained := w.As(authz.HOM)
		untrained.Locks = []string{"TRAINING_EXPIRED"}
		var locked *authz.LockedError
		if _, err := w.Transfers.Approve(w.Ctx, untrained, waiting.ID, true, ""); !errors.As(err, &locked) {
			t.Errorf("%v", err)
		}
		waits(t)
	})
	t.Run("TRAINING_EXPIRED who was locked when they came is released nothing, though nothing is wrong by now", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		changeRules(w, func(r *rulebook.Rules) { r.SecondPerson.Bands, r.SecondPerson.Sensitivities = nil, nil })
		ro := w.As(authz.RO)
		sealed := landedBy(w, ro)
		ro.Locks = []string{"TRAINING_EXPIRED"}
		_, err := w.Transfers.Commit(w.Ctx, ro, sealed.ID)
		is(t, err, authz.ErrDenied)
		if got := look(w, sealed.ID); got.State != transfer.SealedState || len(got.Decision.Codes()) > 0 {
			t.Errorf("it is %s for %v", got.State, got.Decision.Codes())
		}
		done, err := w.Transfers.Commit(w.Ctx, w.As(authz.RO), sealed.ID)
		if err != nil || done.State != transfer.Available {
			t.Errorf("%s, %v", done.State, err)
		}
		_, err = w.Transfers.Commit(w.Ctx, ro, sealed.ID)
		is(t, err, authz.ErrDenied) // nor is one who is locked told of it, once it is released
		w.Verify()
	})
	toldAgain(w)
	w.Verify()
}
