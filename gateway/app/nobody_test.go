package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/gate"
)

func TestDataAboutNobody(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	body := []byte("given_name\n12\n")
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	o := w.Order()
	o.Nature, o.Subjects = gate.Aggregate, nil
	o.Fields = []string{"notes"}
	o.Files = []transfer.File{{MediaType: "text/csv", SHA256: digest}}
	t.Run("NATURE_UNDECLARED", func(*testing.T) {
		o := w.Order()
		o.Nature = ""
		asked(w, o, "NATURE_UNDECLARED")
	})
	t.Run("NATURE_MISMATCH", func(t *testing.T) {
		o := o
		o.Fields = []string{"notes", "given_name"}
		sent := asked(w, o, "NATURE_MISMATCH", "ANON_NOT_DEMONSTRATED")
		if got := sent.Decision.Refusals[0].Detail; !slices.Equal(got, []string{"given_name"}) {
			t.Errorf("the column at fault: %v", got)
		}
	})
	t.Run("NATURE_MISMATCH R19 statistics about persons", func(t *testing.T) {
		statistics := w.AddPurpose(terms.Purpose{Code: "statistics", Text: "Statistics", LegalBasis: "mandate", Statistics: true})
		refused := func(nature string) []string {
			o := w.Order()
			o.Purpose, o.Nature = statistics.ID, nature
			_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
			var r *transfer.RefusedError
			if !errors.As(err, &r) {
				t.Fatalf("%v", err)
			}
			return r.Decision.Codes()
		}
		for _, nature := range []string{gate.Personal, gate.Pseudonymised} {
			if codes := refused(nature); !slices.Contains(codes, "NATURE_MISMATCH") {
				t.Errorf("%s: %v", nature, codes)
			}
		}
	})
	write := func(change func(*anonymous.DisclosureAssessment)) string {
		a := anonymous.DisclosureAssessment{
			Mission: w.Mission.ID, Datasets: []string{digest}, Countries: []string{"CO"}, Method: "counted", Cell: 9, Own: true,
			ValidUntil: w.Clock.Now().AddDate(0, 6, 0),
		}
		change(&a)
		a, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), a)
		w.Must(err)
		_, err = w.Disclosures.Sign(w.Ctx, w.As(authz.FP), a.ID)
		w.Must(err)
		return a.ID
	}
	t.Run("ANON_NOT_DEMONSTRATED R19 without people, consent and notice", func(t *testing.T) {
		asked(w, o, "ANON_NOT_DEMONSTRATED")
		first := write(func(*anonymous.DisclosureAssessment) {})
		sent := asked(w, o)
		_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", bytes.NewReader(body))
		w.Must(err)
		sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		w.Must(err)
		_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
		withdrawnWhileItWaits(w, sent.ID, first, func() { write(func(*anonymous.DisclosureAssessment) {}) })
	})
	t.Run("ANON_SMALL_CELLS ORIGINATOR_AUTH_MISSING", func(*testing.T) {
		write(func(a *anonymous.DisclosureAssessment) {
			a.Cell, a.Own, a.Originators = 4, false, []anonymous.Originator{{Name: "Ministry", Agrees: true}}
		})
		asked(w, o, "ANON_SMALL_CELLS", "ORIGINATOR_AUTH_MISSING")
	})
	t.Run("ANON_SMALL_CELLS in a country for which an alert stands", func(*testing.T) {
		o.Files = []transfer.File{{MediaType: "text/csv", SHA256: strings.Repeat("2c", 32)}}
		write(func(a *anonymous.DisclosureAssessment) { a.Datasets = []string{o.Files[0].SHA256} })
		asked(w, o)
		alert, err := w.Assessments.RaiseAlert(w.Ctx, w.As(authz.DPO), "CO", "fighting")
		w.Must(err)
		asked(w, o, "ANON_SMALL_CELLS", "RBA_STALE")
		_, err = w.Assessments.LiftAlert(w.Ctx, w.As(authz.LEG), alert.ID, "over")
		w.Must(err)
		asked(w, o, "RBA_STALE") // what it made stale stays so
	})
	toldAgain(w)
	w.Verify()
}

// withdrawnWhileItWaits: people were found in a file that the partner has not pulled to the end.
func withdrawnWhileItWaits(w *apptest.World, sent, assessment string, signAnother func()) {
	w.T.Helper()
	pulled := func() error {
		_, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent, 1, 0)
		return err
	}
	_, err := w.Disclosures.Withdraw(w.Ctx, w.As(authz.FP), assessment)
	w.Must(err)
	if err := pulled(); !errors.Is(err, transfer.ErrNotAvailable) {
		w.T.Errorf("ANON_NOT_DEMONSTRATED pulled after the assessment was withdrawn: %v", err)
	}
	held, err := w.Transfers.Transfer(w.Ctx, w.As(authz.FP), sent)
	w.Must(err)
	if held.State != transfer.Held || !slices.Equal(held.Decision.Codes(), []string{"ANON_NOT_DEMONSTRATED"}) {
		w.T.Errorf("%s, %v", held.State, held.Decision.Codes())
	}
	signAnother()
	w.Must(pulled())
}
