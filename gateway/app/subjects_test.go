package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/rights"
)

// holdFacts is what a decision needs of a transaction.
type holdFacts interface {
	evidence.Recorder
	rights.FactTx
}

func wants(t *testing.T, what string, err, want error) {
	t.Run(what, func(t *testing.T) {
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	})
}

func TestHolds(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	objection := rights.Order{Kind: rights.Objection, Mission: w.Mission.ID, Case: "CASE-1", Reason: "spoken"}
	legal := rights.Order{Kind: rights.Legal, Transfer: sent.ID, Reason: "litigation"}
	place := func(o rights.Order, role authz.Role) (rights.Hold, error) { return w.Holds.Place(w.Ctx, w.As(role), o) }
	open := func() (codes []string) {
		w.Must(store.For[holdFacts](w.Store).View(w.Ctx, func(tx holdFacts) error {
			all, err := tx.HoldsOf(w.Ctx, sent.ID)
			for _, h := range all {
				codes = append(codes, h.Code())
			}
			return err
		}))
		return codes
	}
	h, err := place(objection, authz.FP)
	w.Must(err)
	if h.Subject != w.Consented[0].Subject {
		t.Errorf("it is on %s", h.Subject)
	}
	l, err := place(legal, authz.LEG)
	w.Must(err)
	t.Run("SUBJECT_OBJECTION LEGAL_HOLD the facts of a transfer have both", func(t *testing.T) {
		if got := strings.Join(open(), " "); got != "SUBJECT_OBJECTION LEGAL_HOLD" {
			t.Error(got)
		}
	})
	t.Run("who may", func(t *testing.T) {
		_, err := place(legal, authz.FP)
		wants(t, "a legal hold by the focal point", err, authz.ErrDenied)
		_, err = place(objection, authz.LEG)
		wants(t, "an objection by Legal", err, authz.ErrDenied)
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.RO), h.ID, "closed")
		wants(t, "lifted by a referral officer", err, authz.ErrDenied)
		_, err = place(objection, authz.PDL)
		wants(t, "by a partner", err, evidence.ErrNotFound)
	})
	t.Run("what cannot be meant", func(t *testing.T) {
		for name, o := range map[string]rights.Order{
			"two things": {Kind: rights.Erasure, Mission: w.Mission.ID, Case: "CASE-1", Subject: h.Subject, Reason: "asked"},
			"free text":  {Kind: rights.Erasure, Mission: w.Mission.ID, Case: "CASE-1", Reason: "she asked me"},
			"a transfer": {Kind: rights.Erasure, Transfer: sent.ID, Reason: "asked"},
		} {
			_, err := place(o, authz.RO)
			wants(t, name, err, people.ErrInvalid)
		}
		_, err := place(rights.Order{Kind: rights.Erasure, Mission: w.Mission.ID, Case: "nobody", Reason: "asked"}, authz.RO)
		wants(t, "nobody", err, evidence.ErrNotFound)
	})
	t.Run("separation of duties 11 who placed it does not lift it", func(t *testing.T) {
		_, err := w.Holds.Lift(w.Ctx, w.As(authz.FP), h.ID, "closed")
		wants(t, "the focal point's own", err, lifecycle.ErrIllegal)
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.LEG), l.ID, "closed")
		wants(t, "Legal's own", err, lifecycle.ErrIllegal)
		if len(open()) != 2 {
			t.Error("one was lifted")
		}
	})
	t.Run("another lifts it, once", func(t *testing.T) {
		other, err := place(objection, authz.RO)
		w.Must(err)
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.FP), other.ID, "answered")
		w.Must(err)
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.FP), other.ID, "answered")
		wants(t, "again", err, lifecycle.ErrIllegal)
		if len(open()) != 2 {
			t.Error("it is still open")
		}
	})
	w.Verify()
}

func TestSensitiveDecisions(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	decide := func(in approvals.Decision, role authz.Role) (approvals.DPOApproval, error) {
		return w.Approvals.Decide(w.Ctx, w.As(role), in)
	}
	standing := approvals.Decision{
		Scope: approvals.ForPathway, Granted: true, Pathway: "Clinic", Mission: w.Mission.ID, Partner: w.Partner.ID,
		Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
	}
	of, err := decide(approvals.Decision{Scope: approvals.ForTransfer, Granted: true, Transfer: sent.ID}, authz.DPO)
	w.Must(err)
	if of.Manifest != sent.Asked().Digest() || of.Manifest == "" || of.Until.Sub(of.From) != 365*24*time.Hour || of.Categories[0] != "identity" {
		t.Errorf("%+v", of)
	}
	on, err := decide(standing, authz.DPO)
	w.Must(err)
	if on.Most != 1 || on.Until.Sub(on.From) != 180*24*time.Hour {
		t.Errorf("%+v", on)
	}
	_, err = decide(standing, authz.LEG)
	wants(t, "by Legal", err, authz.ErrDenied)
	long := standing
	long.Until = new(w.Clock.Now().AddDate(0, 0, 181))
	_, err = decide(long, authz.DPO)
	wants(t, "for too long", err, people.ErrInvalid)
	_, err = decide(approvals.Decision{Scope: approvals.ForTransfer, Transfer: sent.ID}, authz.DPO)
	wants(t, "a refusal without a reason", err, people.ErrInvalid)
	no := approvals.Decision{Scope: approvals.ForTransfer, Transfer: sent.ID, Reason: "too much", Until: new(w.Clock.Now().Add(time.Hour))}
	_, err = decide(no, authz.DPO)
	if wants(t, "a refusal that would end", err, people.ErrInvalid); err == nil || !strings.HasSuffix(err.Error(), "leave until out") {
		t.Errorf("it is not told how to mend it: %v", err)
	}
	no.Until = nil
	_, err = decide(no, authz.DPO)
	w.Must(err)
	t.Run("never on one's own request", func(t *testing.T) {
		both := w.As(authz.RO)
		both.Grants = append(both.Grants, authz.Grant{ID: "g", Version: 1, Role: authz.DPO})
		_, err := w.Approvals.Decide(w.Ctx, both, approvals.Decision{Scope: approvals.ForTransfer, Granted: true, Transfer: sent.ID})
		wants(t, "the sender", err, authz.ErrDenied)
	})
	_, err = w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), on.ID, "the clinic closed")
	w.Must(err)
	_, err = w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), on.ID, "again")
	wants(t, "revoked twice", err, lifecycle.ErrIllegal)
	w.Verify()
}

func TestConsentIsAddedTo(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	written, sum := w.Consented[0], strings.Repeat("1b", 32)
	r, err := w.Consents.Attach(w.Ctx, w.As(authz.RO), written.ID, consent.Proof{Kind: consent.SignedDocument, SHA256: sum}, "")
	w.Must(err)
	if r.Evidence.SHA256 != sum || r.Evidence.By != w.Persons[authz.RO] || r.Version != 2 {
		t.Errorf("%+v", r.Evidence)
	}
	_, err = w.Consents.Attach(w.Ctx, w.As(authz.RO), written.ID, consent.Proof{Kind: "fingerprint", SHA256: sum}, "")
	wants(t, "R12 a fingerprint", err, people.ErrInvalid)
	_, err = w.Consents.Certify(w.Ctx, w.As(authz.FP), written.ID, "")
	wants(t, "what is written is not certified", err, lifecycle.ErrIllegal)
	_, err = w.Consents.Certify(w.Ctx, w.As(authz.HOM), written.ID, "")
	wants(t, "separation of duties 6 by who approves", err, authz.ErrDenied)
	_, err = w.Consents.Certify(w.Ctx, w.As(authz.PSG), written.ID, "")
	wants(t, "R06 by a partner", err, evidence.ErrNotFound)
	r, err = w.Consents.Assess(w.Ctx, w.As(authz.RO), written.ID, consent.Circumstances{
		ExpressedBy: consent.ByGuardian, Guardian: &consent.GuardianStated{Kind: consent.ByGuardian, Proof: sum, Verified: true},
		Views: &consent.ViewsStated{Outcome: "agrees"}, Assent: new(true),
	})
	w.Must(err)
	if gaps := consent.JudgeCapacity(&r, true); len(gaps) != 0 || r.Guardian.VerifiedBy != w.Persons[authz.RO] {
		t.Errorf("%v %+v", gaps, r.Guardian)
	}
	_, err = w.Consents.Withdraw(w.Ctx, w.As(authz.RO), written.ID, "")
	w.Must(err)
	_, err = w.Consents.Assess(w.Ctx, w.As(authz.RO), written.ID, consent.Circumstances{Assent: new(true)})
	wants(t, "what was taken back", err, lifecycle.ErrIllegal)
	w.Verify()
}

func TestDisclosureIsSignedByAnother(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	draft := anonymous.DisclosureAssessment{
		Mission: w.Mission.ID, Datasets: []string{strings.Repeat("0a", 32)}, Countries: []string{"CO"}, Method: "counted", Cell: 9, Own: true,
		ValidUntil: w.Clock.Now().AddDate(0, 6, 0),
	}
	own, err := w.Disclosures.Write(w.Ctx, w.As(authz.FP), draft)
	w.Must(err)
	_, err = w.Disclosures.Sign(w.Ctx, w.As(authz.FP), own.ID)
	wants(t, "by its author", err, lifecycle.ErrIllegal)
	other, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), draft)
	w.Must(err)
	_, err = w.Disclosures.Sign(w.Ctx, w.As(authz.RO), other.ID)
	wants(t, "by a referral officer", err, authz.ErrDenied)
	signed, err := w.Disclosures.Sign(w.Ctx, w.As(authz.FP), other.ID)
	w.Must(err)
	if signed.State() != "signed" {
		t.Error(signed.State())
	}
	draft.ValidUntil = w.Clock.Now().AddDate(2, 0, 0)
	_, err = w.Disclosures.Write(w.Ctx, w.As(authz.RO), draft)
	wants(t, "for two years", err, people.ErrInvalid)
	w.Verify()
}
