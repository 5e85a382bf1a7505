package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// What needs a second person since it was asked for waits for one; it is not refused for good.
func TestSecondPersonSinceTheRequest(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	var wanted rulebook.SecondPerson
	changeRules(w, func(r *rulebook.Rules) {
		wanted = r.SecondPerson
		r.SecondPerson.Bands, r.SecondPerson.Sensitivities = nil, nil
	})
	sealed := func() transfer.Transfer {
		sent := asked(w, w.Order())
		sent, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("given_name\nx\n"))
		w.Must(err)
		if sent.State != transfer.SealedState {
			t.Fatalf("it landed as %s", sent.State)
		}
		return sent
	}
	granted, denied := sealed(), sealed()
	changeRules(w, func(r *rulebook.Rules) { r.SecondPerson = wanted })
	for _, sent := range []transfer.Transfer{granted, denied} {
		for range 2 { // repeating it changes nothing
			_, err := w.Transfers.Commit(w.Ctx, w.As(authz.RO), sent.ID)
			var r *transfer.RefusedError
			if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"APPROVAL_PENDING"}) {
				t.Fatalf("APPROVAL_PENDING: %v", err)
			}
			if now, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID); err != nil || now.State != transfer.AwaitingApproval || !now.NeedsApproval {
				t.Fatalf("it is %s, %v", now.State, err)
			}
		}
	}
	waiting, err := w.Queues.Queue(w.Ctx, w.As(authz.HOM), "", 100)
	w.Must(err)
	var ids []string
	for _, i := range waiting.Items {
		if i.What == "approve_transfer" {
			ids = append(ids, i.ID)
		}
	}
	if !slices.Contains(ids, granted.ID) || !slices.Contains(ids, denied.ID) {
		t.Errorf("nobody is asked: %v", ids)
	}
	if got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), granted.ID, true, ""); err != nil || got.State != transfer.Available {
		t.Errorf("approved, it is %s, %v", got.State, err)
	}
	if got, _ := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), denied.ID, false, ""); got.State != transfer.Refused {
		t.Errorf("denied, it is %s", got.State)
	}
	states := map[string]bool{}
	for _, line := range lines(w, authz.OIG) {
		if line.Entry.Subject.ID == granted.ID && line.Entry.Action == authz.TransferCommit {
			states[line.Entry.Result] = true
		}
	}
	if !states[string(transfer.AwaitingApproval)] {
		t.Errorf("the log does not say that it waits: %v", states)
	}
	toldAgain(w)
	w.Verify()
}
