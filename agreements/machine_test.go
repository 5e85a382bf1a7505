package agreements_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
)

const (
	drafter = "focal-point"
	partner = "partner-1"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func by(person string, role authz.Role) agreements.Act {
	return agreements.Act{Event: "test", Person: person, Role: role, At: noon(), Reason: "because"}
}

func document() agreements.Document {
	d := agreements.Document{
		Template:  &agreements.TemplateRef{Name: "standard", Version: 3},
		Agreement: "a1", Version: 1, Type: agreements.DataSharing, Title: "Shelter", Mission: "m1", Partner: partner, Language: "en",
		Scope: agreements.Scope{
			Missions: []string{"m1"}, Purposes: []string{"p1"}, SubjectTypes: []string{"beneficiary"}, Categories: []string{"identity"},
			Fields: []string{"given_name"}, RecipientCountries: []string{"CO"}, StorageCountries: []string{"CO"}, OnwardRule: "none",
			MaxSubjectsPerTransfer: 10, MaxSubjectsPerYear: 100, RetentionDays: map[string]int{"identity": 90},
		},
		EffectiveFrom: noon().Add(-time.Hour), ValidUntil: noon().Add(24 * time.Hour),
	}
	for _, code := range agreements.MandatoryClauses() {
		d.Clauses = append(d.Clauses, agreements.Clause{Code: code})
	}
	return d
}

// in is an agreement in the state, as it gets there; a part-signed one is
// signed by IOM.
func in(state agreements.State) agreements.Agreement {
	a := agreements.Agreement{ID: "a1", Version: 7, State: state, Document: document(), Drafter: drafter}
	iom := agreements.Signature{Party: signing.PartyIOM, Signatory: "hom"}
	switch state {
	case agreements.PartSigned:
		a.Signatures = []agreements.Signature{iom}
	case agreements.Signed, agreements.Active, agreements.Suspended, agreements.Expired, agreements.Terminated, agreements.ClosedOut:
		a.Signatures = []agreements.Signature{iom, {Party: partner, Signatory: "psg"}}
	case agreements.Draft, agreements.Review, agreements.Rejected, agreements.Approved:
	}
	if state == agreements.Suspended {
		a.Suspension = &agreements.Suspension{Act: by("dpo-2", authz.DPO)}
	}
	return a
}

func states() []agreements.State {
	return []agreements.State{
		agreements.Draft, agreements.Review, agreements.Rejected, agreements.Approved, agreements.PartSigned,
		agreements.Signed, agreements.Active, agreements.Suspended, agreements.Expired, agreements.Terminated, agreements.ClosedOut,
	}
}

// event is one line of the table of domain.md section 4, whose guards hold.
type event struct {
	name string
	do   func(agreements.Agreement) (agreements.Agreement, error)
	to   map[agreements.State]agreements.State
	// guards that refuse where the state alone would not
	guard map[agreements.State]string
}

func posts() agreements.Posts { return agreements.Posts{Controller: true, FocalPoint: true} }

func events() []event {
	type moves = map[agreements.State]agreements.State
	const (
		draft, review, rejected, approved     = agreements.Draft, agreements.Review, agreements.Rejected, agreements.Approved
		partSigned, signed, active, suspended = agreements.PartSigned, agreements.Signed, agreements.Active, agreements.Suspended
		expired, terminated, closed           = agreements.Expired, agreements.Terminated, agreements.ClosedOut
	)
	sign := func(party string) func(agreements.Agreement) (agreements.Agreement, error) {
		return func(a agreements.Agreement) (agreements.Agreement, error) {
			return a.AddSignature(agreements.Signature{Party: party, SignedAt: noon()}, by("signatory", authz.HOM))
		}
	}
	amended := document()
	amended.Version = 2
	return append(papers(), []event{
		{"amend by FP", func(a agreements.Agreement) (agreements.Agreement, error) {
			return a.Amend(amended, signing.Digest{1}, by("fp", authz.FP))
		}, moves{active: active, expired: expired}, nil},
		{"withdraw an amendment by FP", func(a agreements.Agreement) (agreements.Agreement, error) {
			a.Amendment = &agreements.Amendment{State: signed, Document: amended}
			return a.WithdrawAmendment(by("fp", authz.FP))
		}, moves{active: active, suspended: suspended, expired: expired}, nil},
		{"tell that nobody decided, by SYS", func(a agreements.Agreement) (agreements.Agreement, error) {
			a.Suspension = &agreements.Suspension{Act: by("fp", authz.FP), DecideBy: new(noon())}
			return a.MarkOverdue(by("SYS", authz.SYS))
		}, moves{suspended: suspended}, nil},
		{"close out by FP", func(a agreements.Agreement) (agreements.Agreement, error) { return a.CloseOut(0, by("fp", authz.FP)) }, moves{expired: closed, terminated: closed}, nil},
		{"review by FP", func(a agreements.Agreement) (agreements.Agreement, error) {
			return a.SendToReview(by(drafter, authz.FP))
		}, moves{draft: review}, nil},
		{"return by LEG", func(a agreements.Agreement) (agreements.Agreement, error) { return a.Return(by("leg", authz.LEG)) }, moves{review: draft}, nil},
		{"reject by LEG", func(a agreements.Agreement) (agreements.Agreement, error) { return a.Reject(by("leg", authz.LEG)) }, moves{review: rejected}, nil},
		{"approve by LEG", func(a agreements.Agreement) (agreements.Agreement, error) { return a.Approve(by("leg", authz.LEG)) }, moves{review: approved}, nil},
		{"sign for IOM", sign(signing.PartyIOM), moves{approved: partSigned}, map[agreements.State]string{partSigned: "each party signs once"}},
		{"sign for the partner", sign(partner), moves{approved: partSigned, partSigned: signed}, nil},
		{"activate by LEG", func(a agreements.Agreement) (agreements.Agreement, error) {
			return a.Activate(posts(), true, by("leg", authz.LEG))
		}, moves{signed: active}, nil},
		{"suspend by FP", func(a agreements.Agreement) (agreements.Agreement, error) {
			return a.Suspend(72*time.Hour, by("fp", authz.FP))
		}, moves{active: suspended}, nil},
		{"suspend by DPO", func(a agreements.Agreement) (agreements.Agreement, error) {
			return a.Suspend(72*time.Hour, by("dpo", authz.DPO))
		}, moves{active: suspended}, nil},
		{"lift by LEG, the first of two", func(a agreements.Agreement) (agreements.Agreement, error) { return a.Lift(by("leg", authz.LEG)) }, moves{suspended: suspended}, nil},
		{"lift by DPO, the second of two", func(a agreements.Agreement) (agreements.Agreement, error) {
			a.Lifts = []agreements.Act{by("leg", authz.LEG)}
			return a.Lift(by("dpo", authz.DPO))
		}, moves{suspended: active}, nil},
		{"terminate by HOM, the first of two", func(a agreements.Agreement) (agreements.Agreement, error) { return a.Terminate(by("hom", authz.HOM)) }, moves{active: active, suspended: suspended}, nil},
		{"terminate by LEG, the second of two", func(a agreements.Agreement) (agreements.Agreement, error) {
			a.Endings = []agreements.Act{by("hom", authz.HOM)}
			return a.Terminate(by("leg", authz.LEG))
		}, moves{active: terminated, suspended: terminated}, nil},
		{"notice by PSG", func(a agreements.Agreement) (agreements.Agreement, error) { return a.Terminate(by("psg", authz.PSG)) }, moves{active: terminated, suspended: terminated}, nil},
		{"expire by SYS", func(a agreements.Agreement) (agreements.Agreement, error) {
			act := by("SYS", authz.SYS)
			act.At = a.Document.ValidUntil
			return a.Expire(act)
		}, moves{active: expired, suspended: expired}, nil},
	}...)
}

// papers are the events of clauses that deviate and of paper that was signed.
func papers() []event {
	type moves = map[agreements.State]agreements.State
	attest := func(party string) func(agreements.Agreement) (agreements.Agreement, error) {
		return func(a agreements.Agreement) (agreements.Agreement, error) {
			of := agreements.Attestation{Scan: "s1", SHA256: strings.Repeat("0a", 32), Authority: "letter"}
			return a.Attest(of, "fp", []agreements.PaperSignatory{{Party: party, Name: "A", Title: "Head", SignedAt: noon()}}, by("leg", authz.LEG))
		}
	}
	return []event{
		{"approve a deviation by LEG", func(a agreements.Agreement) (agreements.Agreement, error) {
			a.Document.Clauses[11].Deviation = "Our own."
			return a.ApproveDeviation("C12", by("leg", authz.LEG))
		}, moves{agreements.Review: agreements.Review}, nil},
		{
			"attest IOM's signature by LEG", attest(signing.PartyIOM),
			moves{agreements.Approved: agreements.PartSigned},
			map[agreements.State]string{agreements.PartSigned: "each party signs once"},
		},
		{"attest the partner's signature by LEG", attest(partner), moves{agreements.Approved: agreements.PartSigned, agreements.PartSigned: agreements.Signed}, nil},
	}
}

func TestEveryStateAndEvent(t *testing.T) {
	pairs := 0
	for _, e := range events() {
		for _, from := range states() {
			pairs++
			to, allowed := e.to[from]
			name := e.name + " in " + string(from) + " is refused"
			if allowed {
				name = e.name + ": " + string(from) + " -> " + string(to)
			}
			t.Run(name, func(t *testing.T) {
				before := in(from)
				after, err := e.do(before)
				if before.State != from || before.Version != 7 || len(before.History) != 0 {
					t.Errorf("the agreement that it was called on changed: %+v", before)
				}
				if allowed {
					if err != nil || after.State != to || after.Version != 8 || len(after.History) != 1 {
						t.Errorf("%s, version %d, %v", after.State, after.Version, err)
					}
					return
				}
				var refused *lifecycle.TransitionError
				if !errors.As(err, &refused) || !errors.Is(err, lifecycle.ErrIllegal) {
					t.Fatalf("%s, %v", after.State, err)
				}
				guard := e.guard[from]
				if guard == "" {
					guard = "the state is "
				}
				if refused.State != string(from) || refused.Entity != agreements.KindAgreement || refused.Mend == "" || !strings.HasPrefix(refused.Guard, guard) {
					t.Errorf("%+v", refused)
				}
				if after.State != from || after.Version != 7 {
					t.Errorf("a refused event left %s, version %d", after.State, after.Version)
				}
			})
		}
	}
	if pairs != 22*11 {
		t.Errorf("%d pairs", pairs)
	}
}

// Every state is left as the table says and no other way; the ends are ends.
func TestEndsAreEnds(t *testing.T) {
	for _, end := range []agreements.State{agreements.Rejected, agreements.ClosedOut} {
		for _, e := range events() {
			if _, leaves := e.to[end]; leaves {
				t.Errorf("%s leaves %s", e.name, end)
			}
		}
	}
	var reached []agreements.State
	for _, e := range events() {
		for _, to := range e.to {
			reached = append(reached, to)
		}
	}
	for _, s := range states() {
		if !slices.Contains(reached, s) {
			t.Errorf("nothing leads to %s", s)
		}
	}
}
