package agreements_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/signing"
)

// Whatever anybody tries in whatever order, an agreement becomes active only
// with two signatures that verify, under a document that nobody changed.
func TestActiveNeedsTwoVerifiedSignatures(t *testing.T) {
	w := newWorld(t)
	for name := range w.people {
		if _, ok := w.signers[name]; !ok {
			w.enrol(name, true)
		}
	}
	var names []string
	for name := range w.people {
		names = append(names, name)
	}
	slices.Sort(names)
	reached := 0
	rapid.Check(t, func(t *rapid.T) {
		a := w.draft()
		if rapid.Bool().Draw(t, "approved already") {
			a = w.approved()
		}
		w.assess(a, assessment.Approved, nil)
		id, document := a.ID, a.Digest
		for range rapid.IntRange(1, 25).Draw(t, "length") {
			as := rapid.SampledFrom(names).Draw(t, "as")
			switch act := rapid.SampledFrom([]string{
				"review", "review", "approved", "approved", "returned", "rejected", "sign", "sign", "sign", "forge", "replay",
				"activate", "activate", "suspend", "lift", "terminate",
			}).Draw(t, "act"); act {
			case "review":
				_, _ = w.SendToReview(w.ctx, w.people["FP"], id)
			case "approved", "returned", "rejected":
				_, _ = w.Decide(w.ctx, w.people["LEG"], id, act, "")
			case "sign":
				as = rapid.SampledFrom([]string{"HOM", "PSG", as}).Draw(t, "signer")
				_, _ = w.sign(as, a)
			case "forge":
				s := w.statement(as, a)
				s.Digest[0] ^= 1
				_, _ = w.Sign(w.ctx, w.people[as], id, w.signers[as].key.ID, w.jws(as, s))
			case "replay":
				text := w.jws("HOM", w.statement("HOM", a))
				_, _ = w.Sign(w.ctx, w.people[as], id, w.signers[as].key.ID, text)
			case "activate":
				_, _ = w.Activate(w.ctx, w.people["LEG"], id)
			case "suspend":
				_, _ = w.Suspend(w.ctx, w.people[as], id, "x")
			case "lift":
				_, _ = w.Lift(w.ctx, w.people[as], id, "x")
			case "terminate":
				_, _ = w.Terminate(w.ctx, w.people[as], id, "x")
			}
			now, err := w.Agreement(w.ctx, w.people["LEG"], id)
			if err != nil {
				t.Fatal(err)
			}
			if now.Digest != document {
				t.Fatal("the document changed")
			}
			for i, s := range now.Signatures {
				if slices.ContainsFunc(now.Signatures[:i], func(o agreements.Signature) bool { return o.Party == s.Party }) {
					t.Fatalf("%s signed twice", s.Party)
				}
			}
			if !slices.Contains([]agreements.State{agreements.Signed, agreements.Active, agreements.Suspended, agreements.Terminated}, now.State) {
				continue
			}
			if now.State == agreements.Active {
				reached++
			}
			if !now.SignedBy(signing.PartyIOM) || !now.SignedBy(w.partner) || len(now.Signatures) != 2 {
				t.Fatalf("%s with %d signatures", now.State, len(now.Signatures))
			}
			if iom, partner := w.verdicts(now); iom != agreements.NoFault || partner != agreements.NoFault {
				t.Fatalf("%s with signatures that do not verify: %d, %d", now.State, iom, partner)
			}
		}
	})
	if reached == 0 {
		t.Error("no sequence reached active: nothing was shown")
	}
}
