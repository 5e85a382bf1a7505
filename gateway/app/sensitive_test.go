package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/queue"
)

// sensitive is a world whose agreement and assessment also cover a category that the officer decides on.
func sensitive(t *testing.T, scope string) (*apptest.World, transfer.Order) {
	t.Helper()
	w := apptest.New(t, apptest.Options{})
	w.AddCategory(terms.Category{
		Code: "gbv", Fields: []string{"incident"}, Sensitivity: terms.Severe, Sensitive: true, ApprovalScope: scope,
	})
	w.AddRetention("gbv")
	w.Categories = []string{"identity", "gbv"}
	w.Agreed()
	w.Consented = w.Consent("CASE-1", "CASE-2")
	o := w.Order()
	o.Categories = w.Categories
	return w, o
}

func TestDPOApprovesSensitiveCategories(t *testing.T) {
	decide := func(w *apptest.World, d approvals.Decision) approvals.DPOApproval {
		d.Granted = true
		a, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), d)
		w.Must(err)
		return a
	}
	t.Run("DPO_REQUIRED one transfer, and no other", func(t *testing.T) {
		w, o := sensitive(t, "transfer")
		refused := asked(w, o, "DPO_REQUIRED")
		a := decide(w, approvals.Decision{Scope: approvals.ForTransfer, Transfer: refused.ID})
		second := asked(w, o)
		sent := release(w, asked(w, o))
		if read, err := w.Approvals.Approval(w.Ctx, w.As(authz.DPO), a.ID); err != nil || read.Spent != sent.ID {
			t.Errorf("%+v, %v", read, err)
		}
		asked(w, o, "DPO_REQUIRED") // it is spent
		_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), second.ID, 1, "", strings.NewReader("given_name\nx\n"))
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), second.ID, true, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"DPO_REQUIRED"}) {
			t.Errorf("a second release under one approval: %v", err)
		}
		_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
		_, err = w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), a.ID, "reconsidered")
		w.Must(err)
		if _, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); err == nil {
			t.Error("pulled after the approval was revoked")
		}
		toldAgain(w)
		w.Verify()
	})
	t.Run("DPO_REQUIRED one transfer, and none that sends more, elsewhere or for something else", func(t *testing.T) {
		w, o := sensitive(t, "transfer")
		refused := asked(w, o, "DPO_REQUIRED")
		decide(w, approvals.Decision{Scope: approvals.ForTransfer, Transfer: refused.ID})
		for name, change := range map[string]func(*transfer.Order){
			"another field":     func(o *transfer.Order) { o.Fields = []string{"given_name", "notes"} },
			"another category":  func(o *transfer.Order) { o.Categories = []string{"gbv"} },
			"another class":     func(o *transfer.Order) { o.RecipientClass = "other" },
			"fewer people":      func(o *transfer.Order) { o.Subjects = o.Subjects[:1] },
			"another nature":    func(o *transfer.Order) { o.Nature = gate.Pseudonymised },
			"another origin":    func(o *transfer.Order) { o.Origin.Country = "CO" },
			"another recipient": func(o *transfer.Order) { o.Onward = []string{"Clinic"} },
			"another file":      func(o *transfer.Order) { o.Files = append(slices.Clone(o.Files), o.Files[0]) },
		} {
			o := o
			change(&o)
			_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
			var r *transfer.RefusedError
			if !errors.As(err, &r) || !slices.Contains(r.Decision.Codes(), "DPO_REQUIRED") {
				t.Errorf("%s: %v", name, err)
			}
		}
		release(w, asked(w, o))
		toldAgain(w)
	})
	t.Run("DPO_REQUIRED of data about nobody, the same files", func(t *testing.T) {
		w, o := sensitive(t, "transfer")
		body := []byte("incident\n12\n")
		files := make([]transfer.File, 2)
		for i, b := range [][]byte{body, []byte("incident\n3\n")} {
			sum := sha256.Sum256(b)
			files[i] = transfer.File{MediaType: "text/csv", SHA256: hex.EncodeToString(sum[:])}
			a, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), anonymous.DisclosureAssessment{
				Mission: w.Mission.ID, Datasets: []string{files[i].SHA256}, Countries: []string{"CO"}, Method: "counted", Cell: 50, Own: true,
				ValidUntil: w.Clock.Now().AddDate(0, 6, 0),
			})
			w.Must(err)
			_, err = w.Disclosures.Sign(w.Ctx, w.As(authz.FP), a.ID)
			w.Must(err)
		}
		o.Nature, o.Subjects, o.Fields, o.Files = gate.Aggregate, nil, []string{"notes"}, files[:1]
		refused := asked(w, o, "DPO_REQUIRED")
		queue, err := w.Approvals.Queue(w.Ctx, w.As(authz.DPO), evidence.Page{})
		w.Must(err)
		if got := queue.Items[0].Asked; !slices.Equal(got.Contents, []string{files[0].SHA256}) || !slices.Equal(got.Fields, o.Fields) || got.Nature != o.Nature || got.Files != 1 || got.Origin.Source != o.Origin.Source {
			t.Errorf("the officer is shown %+v", got)
		}
		decide(w, approvals.Decision{Scope: approvals.ForTransfer, Transfer: refused.ID})
		other := o
		other.Files = files[1:]
		asked(w, other, "DPO_REQUIRED")
		sent := asked(w, o)
		_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", bytes.NewReader(body))
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		w.Must(err)
	})
	t.Run("DPO_REQUIRED DPO_EXPIRED what is held comes back to the officer", func(t *testing.T) {
		w, o := sensitive(t, "transfer")
		decide(w, approvals.Decision{Scope: approvals.ForTransfer, Transfer: asked(w, o, "DPO_REQUIRED").ID})
		sent := release(w, asked(w, o))
		waiting := func() (ids []string) {
			queue, err := w.Approvals.Queue(w.Ctx, w.As(authz.DPO), evidence.Page{})
			w.Must(err)
			for _, x := range queue.Items {
				ids = append(ids, x.Transfer)
			}
			return ids
		}
		held := func() {
			t.Helper()
			if _, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); err == nil {
				t.Error("pulled without the officer")
			}
		}
		again := func(until *time.Time) approvals.DPOApproval {
			t.Helper()
			if got := waiting(); !slices.Equal(got, []string{sent.ID}) {
				t.Errorf("it does not wait: %v", got)
			}
			own, err := w.Queues.Queue(w.Ctx, w.As(authz.DPO), "", 100)
			w.Must(err)
			if !slices.ContainsFunc(own.Items, func(i queue.Item) bool { return i.What == "decide_sensitive" && i.Link == "/transfers/"+sent.ID }) {
				t.Errorf("it is not in the queue of the post: %+v", own.Items)
			}
			a := decide(w, approvals.Decision{Scope: approvals.ForTransfer, Transfer: sent.ID, Until: until})
			if got := waiting(); len(got) > 0 {
				t.Errorf("it still waits: %v", got)
			}
			_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
			w.Must(err)
			return a
		}
		given, err := w.Approvals.Approvals(w.Ctx, w.As(authz.DPO), "", evidence.Page{})
		w.Must(err)
		_, err = w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), given.Items[0].ID, "reconsidered")
		w.Must(err)
		held()
		again(new(w.Clock.Now().Add(time.Hour)))
		w.Clock.Add(2 * time.Hour)
		held()
		a := again(nil)
		_, err = w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), a.ID, "reconsidered")
		w.Must(err)
		held()
		again(nil)
		asked(w, o, "DPO_REQUIRED") // that is for what was held, and for no other
		toldAgain(w)
	})
	t.Run("DPO_EXPIRED an agreement", func(t *testing.T) {
		w, o := sensitive(t, "agreement")
		refused := asked(w, o, "DPO_REQUIRED")
		until := w.Clock.Now().AddDate(0, 0, 2)
		decide(w, approvals.Decision{
			Scope: approvals.ForAgreement, Agreement: refused.Agreement, Purposes: []string{w.Purpose.ID}, Categories: []string{"gbv"}, Until: &until,
		})
		release(w, asked(w, o))
		release(w, asked(w, o)) // it holds for many
		w.Clock.Add(72 * time.Hour)
		asked(w, o, "DPO_EXPIRED")
		toldAgain(w)
	})
	t.Run("DPO_REQUIRED a pathway", func(t *testing.T) {
		w, o := sensitive(t, "transfer")
		decide(w, approvals.Decision{
			Scope: approvals.ForPathway, Pathway: "Clinic", Mission: w.Mission.ID, Partner: w.Partner.ID, Purposes: []string{w.Purpose.ID},
			Categories: []string{"gbv"}, Most: 1, Times: 2,
		})
		o.Pathway = "Clinic"
		asked(w, o, "DPO_REQUIRED") // two people
		o.Subjects = o.Subjects[:1]
		for _, other := range []string{"", "clinic", "Shelter"} {
			o := o
			o.Pathway = other
			asked(w, o, "DPO_REQUIRED")
		}
		sent, late := release(w, asked(w, o)), asked(w, o)
		release(w, asked(w, o))
		asked(w, o, "DPO_REQUIRED") // two transfers
		_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), late.ID, 1, "", strings.NewReader("given_name\nx\n"))
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), late.ID, true, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"DPO_REQUIRED"}) {
			t.Errorf("a third release on the pathway: %v", err)
		}
		_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
		toldAgain(w)
		w.Verify()
	})
	t.Run("DPO_REQUIRED both ends of a pathway exist", func(t *testing.T) {
		w, _ := sensitive(t, "transfer")
		d := approvals.Decision{
			Scope: approvals.ForPathway, Granted: true, Pathway: "Clinic", Mission: w.Mission.ID, Partner: w.Partner.ID, Purposes: []string{w.Purpose.ID}, Categories: []string{"gbv"},
		}
		for name, change := range map[string]func(*approvals.Decision){
			"mission": func(d *approvals.Decision) { d.Mission = w.Partner.ID }, "partner": func(d *approvals.Decision) { d.Partner = w.Mission.ID },
			"times": func(d *approvals.Decision) { d.Times = 1001 },
		} {
			d := d
			change(&d)
			if _, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), d); !errors.Is(err, people.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// release uploads, approves and releases.
func release(w *apptest.World, sent transfer.Transfer) transfer.Transfer {
	w.T.Helper()
	_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("given_name\nx\n"))
	w.Must(err)
	sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
	w.Must(err)
	return sent
}
