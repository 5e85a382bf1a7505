package app_test

import (
	"errors"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

func TestRefusalsNameTheContactThatTheMissionHas(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	o := w.Order()
	o.Subjects = []string{"CASE-9"}
	_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
	var refused *transfer.RefusedError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	_, err = w.People.ChangeContact(w.Ctx, w.As(authz.FP), w.Mission.ID, "the post at the desk")
	w.Must(err)
	t.Run("R56 it names the post that there is now", func(t *testing.T) {
		if to, err := w.Transfers.Contacts(w.Ctx, refused.Transfer, ""); err != nil || to.Mission != "the post at the desk" || to.Legal == "" {
			t.Errorf("%+v, %v", to, err)
		}
	})
	t.Run("R56 of what is no transfer, that of the caller's mission; headquarters has none", func(t *testing.T) {
		for mission, want := range map[string]string{w.Mission.ID: "the post at the desk", "": ""} {
			if to, err := w.Transfers.Contacts(w.Ctx, "", mission); err != nil || to.Mission != want || to.Legal == "" {
				t.Errorf("%+v, %v", to, err)
			}
		}
	})
	t.Run("R37 and what was decided before is told again from what was read then", func(*testing.T) { toldAgain(w) })
	w.Verify()
}
