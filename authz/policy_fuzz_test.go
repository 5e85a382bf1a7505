package authz

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// policySeeds are policies as people may write them.
func policySeeds() []string {
	return []string{
		policyText,
		"",
		"# nothing\n",
		"p, RO, log.read, any",
		"p,RO,log.read,any\r\np,FP,log.read,mission\r\n",
		"p, RO, log.read, any, deny",
		"p, \"RO\", log.read, any",
		"p, RO, \"log.read\", any",
		"p, RO, log.read\"x, any",
		"p, RO, log.read # all, any",
		"p, RO, log\x00.read, own",
		"p, SYS, log.read, any",
		"\ufeffp, RO, log.read, any",
		"p, RO, *, any",
		"p2, RO, log.read, any",
	}
}

func TestPolicySeeds(t *testing.T) {
	if n := len(policySeeds()); n != 15 {
		t.Fatalf("%d seeds", n)
	}
}

// FuzzPolicyLines: a text is refused, or is read as written: every line is one
// role, action and scope, casbin loads it, and it allows nothing to others.
func FuzzPolicyLines(f *testing.F) {
	for _, s := range policySeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := policyLines(text)
		if err != nil {
			return
		}
		again, err := policyLines(strings.Join(lines, "\n"))
		if err != nil || !slices.Equal(again, lines) {
			t.Fatalf("read again: %v, %v", again, err)
		}
		e, err := newEnforcer(text)
		if err != nil {
			t.Fatalf("casbin refuses what was read: %v", err)
		}
		for _, line := range lines {
			part := strings.Split(line, ", ")
			g := Grant{Role: Role(part[1]), Mission: "m", Partner: "p", Purposes: []string{"t"}}
			res := Resource{Mission: "m", Partner: "p", Owner: "x", Purposes: []string{"t"}}
			if _, err := e.Check(Caller{Person: "x", Grants: []Grant{g}}, Action(part[2]), res); err != nil {
				t.Fatalf("%q does not allow what it says: %v", line, err)
			}
		}
		for _, c := range []Caller{{}, System(""), {Person: "x", Grants: []Grant{{Role: "nobody"}}}} {
			if _, err := e.Check(c, LogRead, Resource{}); !errors.Is(err, ErrDenied) {
				t.Fatalf("%+v: %v", c, err)
			}
		}
	})
}
