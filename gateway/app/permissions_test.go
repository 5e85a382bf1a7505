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

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/queue"
)

// asked asks for the order and wants exactly these codes.
func asked(w *apptest.World, o transfer.Order, codes ...string) transfer.Transfer {
	w.T.Helper()
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
	var r *transfer.RefusedError
	if len(codes) == 0 {
		w.Must(err)
	} else if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), codes) {
		w.T.Errorf("want refusal %v, got %v", codes, err)
	}
	return sent
}

// toldAgain wants each decision of the log to come out alike once more.
func toldAgain(w *apptest.World) {
	w.T.Helper()
	for _, line := range lines(w, authz.OIG) {
		if line.Entry.Facts == "" {
			continue
		}
		r, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), line.Seq)
		if err != nil || !r.Same || len(r.Differs) > 0 {
			w.T.Errorf("R37 entry %d: %+v, %v", line.Seq, r, err)
		}
	}
}

// A cause that no job has marked yet is part of what the decision rested on.
func TestReplayOfAnUnmarkedCause(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	_, err := w.Assessments.RaiseAlert(w.Ctx, w.As(authz.DPO), "CO", "fighting")
	w.Must(err)
	w.Refused("RBA_STALE")
	toldAgain(w)
	_, err = w.Assessments.SettleDue(w.Ctx)
	w.Must(err)
	toldAgain(w)
	w.Verify()
}

// sensitive is a world whose agreement and assessment also cover a category that the officer decides on.
func sensitive(t *testing.T, scope string) (*apptest.World, transfer.Order) {
	t.Helper()
	w := apptest.New(t, apptest.Options{})
	_, err := w.Terms.CreateCategory(w.Ctx, w.As(authz.LEG), terms.Category{
		Code: "gbv", Fields: []string{"incident"}, Sensitivity: terms.Severe, Sensitive: true, ApprovalScope: scope,
	})
	w.Must(err)
	_, err = w.Terms.CreateRetentionRule(w.Ctx, w.As(authz.LEG), terms.RetentionRule{
		Purpose: w.Purpose.ID, Category: "gbv", Trigger: "case closed", Days: 90, Action: "delete", Review: w.Clock.Now().AddDate(1, 0, 0),
	})
	w.Must(err)
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
			Categories: []string{"gbv"}, Most: 1,
		})
		asked(w, o, "DPO_REQUIRED") // two people
		o.Subjects = o.Subjects[:1]
		release(w, asked(w, o))
		toldAgain(w)
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

func TestWhereDataComeFromAndGo(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	o := w.Order()
	t.Run("REQ_INCOMPLETE origin", func(t *testing.T) {
		o := o
		o.Origin = gate.Origin{}
		asked(w, o, "REQ_INCOMPLETE")
		o.Origin = gate.Origin{Source: "found"}
		asked(w, o, "REQ_INCOMPLETE")
	})
	t.Run("ONWARD_ORIGINATOR", func(t *testing.T) {
		o := o
		o.Origin = gate.Origin{Source: gate.ThirdPartyData}
		asked(w, o, "ONWARD_ORIGINATOR")
		o.Origin.Clearance = "unknown"
		asked(w, o, "ONWARD_ORIGINATOR")
		given, err := w.Clearances.Record(w.Ctx, w.As(authz.FP), clearance.Clearance{
			Mission: w.Mission.ID, Originator: "Red Cross", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
			Recipients: []string{w.Partner.ID}, Evidence: strings.Repeat("0a", 32), ValidUntil: w.Clock.Now().AddDate(0, 1, 0),
		})
		w.Must(err)
		o.Origin.Clearance = given.ID
		sent := release(w, asked(w, o))
		_, err = w.Clearances.Withdraw(w.Ctx, w.As(authz.FP), given.ID, "taken back")
		w.Must(err)
		asked(w, o, "ONWARD_ORIGINATOR")
		if _, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); err == nil {
			t.Error("pulled after the originator took it back")
		}
	})
	t.Run("ONWARD_NOT_PERMITTED", func(t *testing.T) {
		o := o
		o.Onward = []string{"Clinic"}
		asked(w, o, "ONWARD_NOT_PERMITTED")
	})
	t.Run("JUR_MECHANISM_MISSING R39", func(t *testing.T) {
		o := o
		o.Origin.Country = "ES"
		asked(w, o, "JUR_MECHANISM_MISSING")
		o.Origin.Country = "Spain"
		if _, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("JUR_RESTRICTED", func(t *testing.T) {
		changeRules(w, func(r *rulebook.Rules) { r.Jurisdiction.Restricted = []string{"CO"} })
		asked(w, o, "JUR_RESTRICTED")
		changeRules(w, func(r *rulebook.Rules) { r.Jurisdiction.Restricted = nil })
		asked(w, o)
	})
	toldAgain(w)
	w.Verify()
}

// changeRules has an edition of the rulebook come into force at once.
func changeRules(w *apptest.World, change func(*rulebook.Rules)) {
	w.T.Helper()
	book, err := w.Rules.Rulebook(w.Ctx, w.As(authz.LEG))
	w.Must(err)
	r := book.At(w.Office.Time()).Rules
	change(&r)
	_, err = w.Rules.Draft(w.Ctx, w.As(authz.LEG), r, w.Clock.Now(), "as the test needs")
	w.Must(err)
	_, err = w.Rules.Approve(w.Ctx, w.As(authz.DPO))
	w.Must(err)
}

func TestWhatTheConsentRestsOn(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	o := w.Order()
	o.Subjects = []string{"CASE-9"}
	said := func(change func(*consent.Statement)) consent.Record {
		w.Clock.Add(time.Minute)
		s := w.Statement()
		change(&s)
		all, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, o.Subjects)
		w.Must(err)
		return all[0]
	}
	sum := strings.Repeat("1b", 32)
	t.Run("NOTICE_PURPOSE R14", func(*testing.T) {
		said(func(s *consent.Statement) { s.Notice = "of another purpose" })
		asked(w, o, "NOTICE_PURPOSE")
	})
	t.Run("NOTICE_MISSING R14", func(*testing.T) {
		said(func(s *consent.Statement) { s.Language = "so" })
		asked(w, o, "NOTICE_MISSING")
	})
	t.Run("CONSENT_EVIDENCE R04", func(*testing.T) {
		r := said(func(s *consent.Statement) { s.Evidence = nil })
		asked(w, o, "CONSENT_EVIDENCE")
		_, err := w.Consents.Attach(w.Ctx, w.As(authz.RO), r.ID, consent.Proof{Kind: consent.SignedDocument, SHA256: sum}, "")
		w.Must(err)
		asked(w, o)
	})
	t.Run("CONSENT_UNCERTIFIED R06", func(*testing.T) {
		r := said(func(s *consent.Statement) { s.Form, s.Evidence = consent.Verbal, nil })
		asked(w, o, "CONSENT_UNCERTIFIED")
		_, err := w.Consents.Certify(w.Ctx, w.As(authz.FP), r.ID, sum)
		w.Must(err)
		asked(w, o)
	})
	t.Run("CAPACITY_UNASSESSED GUARDIAN_MISSING GUARDIAN_UNVERIFIED VIEWS_MISSING R07 R08", func(*testing.T) {
		r := said(func(s *consent.Statement) { s.Child, s.Capacity = true, nil })
		asked(w, o, "CAPACITY_UNASSESSED", "GUARDIAN_MISSING", "VIEWS_MISSING")
		add := func(k consent.Circumstances) {
			_, err := w.Consents.Assess(w.Ctx, w.As(authz.RO), r.ID, k)
			w.Must(err)
		}
		add(consent.Circumstances{Capacity: &consent.CapacityStated{Aspects: consent.Aspects(), Method: "interview", Result: consent.Incapable}, Assent: new(true)})
		asked(w, o, "GUARDIAN_MISSING", "VIEWS_MISSING") // R09: assent is not enough
		add(consent.Circumstances{
			ExpressedBy: consent.ByGuardian, Guardian: &consent.GuardianStated{Kind: consent.ByGuardian, Proof: sum}, Views: &consent.ViewsStated{Outcome: "agrees"},
		})
		asked(w, o, "GUARDIAN_UNVERIFIED")
		add(consent.Circumstances{Guardian: &consent.GuardianStated{Kind: consent.ByGuardian, Proof: sum, Verified: true}})
		asked(w, o)
	})
	toldAgain(w)
	w.Verify()
}

func TestCertifierDoesNotApprove(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	s := w.Statement()
	s.Form, s.Evidence = consent.Verbal, nil
	all, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{"CASE-8"})
	w.Must(err)
	certifier := w.Another(authz.FP)
	_, err = w.Consents.Certify(w.Ctx, certifier, all[0].ID, "")
	w.Must(err)
	o := w.Order()
	o.Subjects = []string{"CASE-8"}
	sent := asked(w, o)
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("given_name\nx\n"))
	w.Must(err)
	t.Run("SoD 6 APPROVAL_SELF the certifier of a consent does not approve", func(t *testing.T) {
		both := w.Also(certifier, authz.HOM)
		_, err := w.Transfers.Approve(w.Ctx, both, sent.ID, true, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"APPROVAL_SELF"}) {
			t.Errorf("%v", err)
		}
		got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "") // it went on waiting
		if err != nil || got.State != transfer.Available {
			t.Errorf("%s, %v", got.State, err)
		}
	})
	w.Verify()
}

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
	write := func(change func(*anonymous.DisclosureAssessment)) {
		a := anonymous.DisclosureAssessment{
			Mission: w.Mission.ID, Datasets: []string{digest}, Countries: []string{"CO"}, Method: "counted", Cell: 9, Own: true,
			ValidUntil: w.Clock.Now().AddDate(0, 6, 0),
		}
		change(&a)
		a, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), a)
		w.Must(err)
		_, err = w.Disclosures.Sign(w.Ctx, w.As(authz.FP), a.ID)
		w.Must(err)
	}
	t.Run("ANON_NOT_DEMONSTRATED R19 without people, consent and notice", func(t *testing.T) {
		asked(w, o, "ANON_NOT_DEMONSTRATED")
		write(func(*anonymous.DisclosureAssessment) {})
		sent := asked(w, o)
		_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", bytes.NewReader(body))
		w.Must(err)
		sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		w.Must(err)
		_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
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

// Whoever takes another agreement's place ends it: what was asked for under the older one neither leaves nor is pulled.
func TestSupersededAgreementEnds(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	waiting := release(w, asked(w, w.Order()))
	asking := asked(w, w.Order())
	old, err := w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), asking.Agreement)
	w.Must(err)
	doc := old.Document
	doc.Supersedes, doc.Agreement, doc.Template = old.ID, "", nil
	next, err := w.Agreements.Create(w.Ctx, w.As(authz.FP), doc)
	w.Must(err)
	w.Enforce(next)
	t.Run("AGR_TERMINATED superseded", func(t *testing.T) {
		_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), asking.ID, 1, "", strings.NewReader("given_name\nx\n"))
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), asking.ID, true, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Contains(r.Decision.Codes(), "AGR_TERMINATED") {
			t.Errorf("released under a superseded agreement: %v", err)
		}
		if _, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), waiting.ID, 1, 0); err == nil {
			t.Error("pulled under a superseded agreement")
		}
	})
	if sent := asked(w, w.Order()); sent.Agreement != next.ID {
		t.Errorf("agreement %s rules", sent.Agreement)
	}
	toldAgain(w)
	w.Verify()
}

func TestFieldsGoByTheirCategory(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	_, err := w.Terms.CreateCategory(w.Ctx, w.As(authz.LEG), terms.Category{Code: "health", Fields: []string{"hiv_status", "notes"}, Sensitivity: terms.Severe})
	w.Must(err)
	t.Run("AGR_CATEGORY AGR_FIELD", func(t *testing.T) {
		o := w.Order()
		o.Fields = []string{"given_name", "notes"} // of identity as well
		asked(w, o)
		o.Fields = []string{"given_name", "hiv_status"}
		sent := asked(w, o, "AGR_CATEGORY", "AGR_FIELD")
		if got := sent.Decision.Refusals[0].Detail; !slices.Equal(got, []string{"health:hiv_status"}) {
			t.Errorf("the field at fault: %v", got)
		}
	})
	toldAgain(w)
}
