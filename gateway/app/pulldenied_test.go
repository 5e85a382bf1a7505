package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// downloader is one more downloader of the partner, trained and bound as far as is said.
func downloader(w *apptest.World, trained, bound bool) authz.Caller {
	w.T.Helper()
	p, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), people.Person{Name: "another downloader", Partner: w.Partner.ID})
	w.Must(err)
	if trained {
		_, err := w.People.ImportTrainings(w.Ctx, w.As(authz.LEG), "", strings.NewReader(peopletest.CSV(w.Clock.Now(), p.ID)))
		w.Must(err)
	}
	if bound {
		w.Must(peopletest.Sign(w.Ctx, w.People, p.ID))
	}
	return w.Also(authz.Caller{Person: p.ID}, authz.PDL)
}

// toldNothing wants PULL_DENIED of an answer, and no word of why.
func toldNothing(t *testing.T, err error) {
	t.Helper()
	var locked *authz.LockedError
	if !errors.Is(err, transfer.ErrNotAvailable) || errors.Is(err, authz.ErrDenied) || errors.As(err, &locked) || err.Error() != transfer.ErrNotAvailable.Error() {
		t.Errorf("the partner is told %v", err)
	}
}

// logged counts the entries on a transfer by a person of a kind that name all of the codes.
func logged(w *apptest.World, kind evidence.Kind, by, id string, codes ...string) (n int) {
	w.T.Helper()
	w.Settled()
	lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.LEG), transfer.LogFilter{After: -1, AtMost: 500, Object: id})
	w.Must(err)
	for _, l := range lines {
		if l.Entry.Kind == kind && l.Entry.Actor == by && l.Entry.Action == authz.TransferPull && slices.Equal(l.Entry.Codes, codes) {
			n++
		}
	}
	return n
}

// TestWhoMayNotPull: gate.md, conditions 1 and 2 at PULL are the downloader's. The partner's people are told PULL_DENIED and no more, also
// where it is they who may not pull; the cause is on the transfer.
func TestWhoMayNotPull(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	narrow := w.As(authz.PDL)
	narrow.Scope = []authz.Action{authz.TransferReadReduced}
	for name, c := range map[string]struct {
		by    authz.Caller
		codes []string
	}{
		"R44 TRAINING_EXPIRED":                               {downloader(w, false, true), []string{"TRAINING_EXPIRED"}},
		"R23 CONFIDENTIALITY_MISSING":                        {downloader(w, true, false), []string{"CONFIDENTIALITY_MISSING"}},
		"R44 R23 TRAINING_EXPIRED CONFIDENTIALITY_MISSING":   {downloader(w, false, false), []string{"TRAINING_EXPIRED", "CONFIDENTIALITY_MISSING"}},
		"AUTH_ROLE_DENIED a signatory":                       {w.As(authz.PSG), []string{"AUTH_ROLE_DENIED", "PULL_DENIED"}},
		"AUTH_ROLE_DENIED by a token that is for other acts": {narrow, []string{"AUTH_ROLE_DENIED", "PULL_DENIED"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := w.Available([]byte("x"))
			for _, n := range []int{1, 9} { // one and the same, whether there is such a file or not
				_, err := w.Transfers.Pull(w.Ctx, c.by, x.ID, n, 0)
				toldNothing(t, err)
			}
			for _, role := range []authz.Role{authz.RO, authz.FP, authz.LEG} {
				seen, err := w.Transfers.Transfer(w.Ctx, w.As(role), x.ID)
				w.Must(err)
				if !slices.Equal(seen.Decision.Codes(), c.codes) || seen.Decision.Phase != "PULL" || seen.State != transfer.Available {
					t.Errorf("%s reads %v at %s, %s; want %v", role, seen.Decision.Codes(), seen.Decision.Phase, seen.State, c.codes)
				}
			}
			if n := logged(w, evidence.Decision, c.by.Person, x.ID, c.codes...); n != 2 {
				t.Errorf("R43 %d decisions are in the log, want 2", n)
			}
			_, err := w.Transfers.Cover(w.Ctx, c.by, x.ID, "")
			toldNothing(t, err)
			if n := logged(w, evidence.Decision, c.by.Person, x.ID, c.codes...); n != 3 {
				t.Errorf("R43 the decision on the cover sheet is not in the log")
			}
			pulls(w, x.ID)
			if got := look(w, x.ID); !got.Decision.Released() || got.State != transfer.Pulled {
				t.Errorf("after a pull by who may: %s, %v", got.State, got.Decision.Codes())
			}
		})
	}
	w.Verify()
}

// TestWhatIsDeniedIsNeverReleased: the policy denies before the gate is asked, and what has changed for the caller since does not undo that.
func TestWhatIsDeniedIsNeverReleased(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	x := w.Available([]byte("x"))
	was := look(w, x.ID)
	trained := w.As(authz.PDL)
	trained.Locks = []string{"TRAINING_EXPIRED"} // until just now
	hired := w.As(authz.PDL)
	hired.Grants = slices.Clone(w.As(authz.PSG).Grants) // and a downloader since just now
	for code, by := range map[string]authz.Caller{"TRAINING_EXPIRED": trained, "AUTH_ROLE_DENIED": hired} {
		t.Run("R53 "+code, func(t *testing.T) {
			before := logged(w, evidence.Denial, by.Person, x.ID, code)
			_, err := w.Transfers.Pull(w.Ctx, by, x.ID, 1, 0)
			toldNothing(t, err)
			_, err = w.Transfers.Cover(w.Ctx, by, x.ID, "")
			toldNothing(t, err)
			if n := logged(w, evidence.Denial, by.Person, x.ID, code); n != before+2 {
				t.Errorf("R43 %d denials are in the log, want 2", n-before)
			}
			if n := logged(w, evidence.Release, by.Person, x.ID); n != 0 {
				t.Errorf("%d releases", n)
			}
			if got := look(w, x.ID); got.Version != was.Version || !got.Decision.Released() {
				t.Errorf("it changed to %d: %v", got.Version, got.Decision.Codes())
			}
		})
	}
	t.Run("who asks again pulls", func(*testing.T) { pulls(w, x.ID) })
	w.Verify()
}

// TestWhoIsNotOfThePartner: the gate judges the partner's people alone; to others a pull is denied, or there is nothing.
func TestWhoIsNotOfThePartner(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	x := w.Available([]byte("x"))
	was := look(w, x.ID)
	elsewhere := w.As(authz.PDL)
	elsewhere.Grants, elsewhere.Locks = []authz.Grant{{Role: authz.PDL, Partner: "elsewhere"}}, []string{"TRAINING_EXPIRED"}
	t.Run("R53 TRAINING_EXPIRED of another partner: there is nothing", func(t *testing.T) {
		_, err := w.Transfers.Pull(w.Ctx, elsewhere, x.ID, 1, 0)
		if !errors.Is(err, evidence.ErrNotFound) || err.Error() != evidence.ErrNotFound.Error() {
			t.Errorf("%v", err)
		}
	})
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.OIG} {
		t.Run("R53 AUTH_ROLE_DENIED nobody but the recipient pulls: "+string(role), func(t *testing.T) {
			by := w.As(role)
			_, err := w.Transfers.Pull(w.Ctx, by, x.ID, 1, 0)
			is(t, err, authz.ErrDenied)
			if n := logged(w, evidence.Denial, by.Person, x.ID, "AUTH_ROLE_DENIED"); n != 1 {
				t.Errorf("R43 %d denials are in the log", n)
			}
		})
	}
	if got := look(w, x.ID); got.Version != was.Version {
		t.Errorf("it changed: %v", got.Decision.Codes())
	}
	w.Verify()
}

// TestALockedDownloaderHoldsNothing: what is held stays held for its cause, whoever tries to pull.
func TestALockedDownloaderHoldsNothing(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	x := w.Available([]byte("x"))
	_, err := w.Agreements.Suspend(w.Ctx, w.As(authz.LEG), x.Agreement, "a rumour")
	w.Must(err)
	changes(w, 1)
	_, err = w.Transfers.Pull(w.Ctx, downloader(w, false, true), x.ID, 1, 0)
	toldNothing(t, err)
	t.Run("TRAINING_EXPIRED AGR_SUSPENDED all is told to those who may see it", func(t *testing.T) {
		if got := look(w, x.ID); got.State != transfer.Held || !slices.Equal(got.Decision.Codes(), []string{"TRAINING_EXPIRED", "AGR_SUSPENDED"}) {
			t.Errorf("%s %v", got.State, got.Decision.Codes())
		}
	})
	w.Verify()
}

// Whom the policy denies a pull is denied it in the log, too, where the gate's answer comes to nothing.
func TestADenialIsRecordedWithoutTheGate(t *testing.T) {
	for name, ask := range map[string]func(w *apptest.World, c authz.Caller, id string) error{
		"a pull": func(w *apptest.World, c authz.Caller, id string) error {
			return failure(w.Transfers.Pull(w.Ctx, c, id, 1, 0))
		},
		"its cover sheet": func(w *apptest.World, c authz.Caller, id string) error {
			return failure(w.Transfers.Cover(w.Ctx, c, id, "en"))
		},
	} {
		t.Run("R43 "+name, func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			sent := w.Available(payload(1))
			psg := w.As(authz.PSG)
			w.Hand().Alter(agreements.KindAgreement, sent.Agreement, func(said map[string]any) { said["actor"] = "somebody" })
			if err := ask(w, psg, sent.ID); !errors.Is(err, transfer.ErrNotAvailable) {
				t.Errorf("told %v", err)
			}
			if n := logged(w, evidence.Denial, psg.Person, sent.ID, "AUTH_ROLE_DENIED"); n != 1 {
				t.Errorf("%d denials are in the log", n)
			}
		})
	}
}
