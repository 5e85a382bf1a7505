package gate

import (
	"slices"
	"strings"
	"testing"
)

// Before the last approval an attempt to commit waits, whatever else may be mended,
// and not where what is sealed can never pass.
func TestWaits(t *testing.T) {
	never := strings.Fields("REQ_INCOMPLETE NATURE_UNDECLARED NATURE_MISMATCH RECIPIENT_AUTHORITY AGR_EXPIRED AGR_TERMINATED CONSENT_REFUSED CONSENT_WITHDRAWN " +
		"RET_ELAPSED PAYLOAD_HASH CRYPTO_FAILED CHANGED_DURING_UPLOAD")
	seen := map[Code]bool{}
	for _, b := range append(breakages(),
		breakage{code: ReqIncomplete, harm: func(f *Facts) { f.Manifest.Files = 0 }},
		breakage{code: NatureMismatch, harm: func(f *Facts) { f.Statistics = true }}) {
		if _, c := judged(t, b.code); c.number == "28" || c.phases&atCommit == 0 {
			continue
		}
		seen[b.code] = true
		waits := !slices.Contains(never, string(b.code))
		t.Run("APPROVAL_PENDING with "+string(b.code)+" "+b.name, func(t *testing.T) {
			f := passing(Commit)
			if f.Approval.Given = nil; !Decide(f).Waits() {
				t.Fatalf("%v does not wait", Decide(f).Codes())
			}
			b.harm(&f)
			if d := Decide(f); d.Waits() != waits || len(d.Refusals) == 0 {
				t.Errorf("%v: waits %t", d.Codes(), d.Waits())
			}
			f = passing(Commit)
			b.harm(&f)
			if d := Decide(f); d.Waits() {
				t.Errorf("%v waits, though it is approved", d.Codes())
			}
		})
	}
	for _, code := range never {
		if !seen[Code(code)] {
			t.Errorf("nothing shows %s", code)
		}
	}
	t.Run("a denial, or one's own approval, is an answer; and a pull is no commit", func(t *testing.T) {
		for _, given := range []GivenApproval{{Person: "hom1", Allowed: true}, {Person: "ro1", Granted: true, Allowed: true}} {
			f := passing(Commit)
			f.Approval.Given = []GivenApproval{given}
			if d := Decide(f); d.Waits() || d.Released() {
				t.Errorf("%v waits", d.Codes())
			}
		}
		for _, phase := range []Phase{Request, Pull} {
			f := passing(phase)
			if f.Approval.Given = nil; Decide(f).Waits() {
				t.Errorf("%s waits", phase)
			}
		}
	})
}
