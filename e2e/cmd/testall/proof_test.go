package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nothing is the evidence of a run that has only begun, under the real lists.
func nothing(t *testing.T) *evidence {
	t.Helper()
	table, err := os.Open(filepath.Join("../../..", gateTable))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = table.Close() }() // only read
	v, err := newEvidence(table)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// stream is what go test -json prints, from lines such as "pass p T/R35_vacancy"; of a package, "pass p".
func stream(t *testing.T, events ...string) string {
	t.Helper()
	var b strings.Builder
	for _, line := range events {
		f := append(strings.Fields(line), "")
		e, err := json.Marshal(event{Action: f[0], Package: "safeconduct/" + f[1], Test: f[2]})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(e, '\n'))
	}
	return b.String()
}

// after is the evidence when the events have been heard.
func after(t *testing.T, events ...string) *evidence {
	t.Helper()
	v := nothing(t)
	count(strings.NewReader(stream(t, events...)), new(bytes.Buffer), v.take)
	return v
}

func TestEvidence(t *testing.T) {
	const here = "a/b.TestT"
	for _, tc := range []struct {
		name, id string
		events   []string
		want     []string
	}{
		{"passed", "R35", []string{"pass a/b TestT/R35_a_vacancy", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"failed", "R35", []string{"fail a/b TestT/R35_a_vacancy", "fail a/b TestT", "fail a/b"}, nil},
		{"failed, in a package said to pass", "R35", []string{"fail a/b TestT/R35", "pass a/b TestT", "pass a/b"}, nil},
		{"another subtest failed", "R35", []string{"pass a/b TestT/R35", "fail a/b TestT/R36", "fail a/b TestT", "pass a/b"}, nil},
		{"another test failed", "R35", []string{"pass a/b TestT/R35", "pass a/b TestT", "fail a/b TestU", "fail a/b"}, nil},
		{"skipped", "R35", []string{"skip a/b TestT/R35", "pass a/b TestT", "pass a/b"}, nil},
		{"skipped below", "R35", []string{"skip a/b TestT/R35/x", "pass a/b TestT/R35", "pass a/b TestT", "pass a/b"}, nil},
		{"test unfinished", "R35", []string{"run a/b TestT/R35", "pass a/b TestT/R35", "pass a/b"}, nil},
		{"package unfinished", "R35", []string{"pass a/b TestT/R35", "pass a/b TestT"}, nil},
		{"only begun", "R35", []string{"run a/b TestT/R35", "output a/b TestT/R35", "pass a/b TestT", "pass a/b"}, nil},
		{"nested", "R35", []string{"pass a/b TestT/here/R35_x", "pass a/b TestT/here", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"above what has no id", "R35", []string{"pass a/b TestT/R35_x/one", "pass a/b TestT/R35_x", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"in the middle", "R35", []string{"pass a/b TestT/vacant,_R35", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"of a test at the top", "R35", []string{"pass a/b TestR35", "pass a/b R35", "pass a/b"}, nil},
		{"with a suffix", "AGR_CLAUSE_MISSING", []string{"pass a/b TestT/AGR_CLAUSE_MISSING:C20#01", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"with words behind", "AGR_EXPIRED", []string{"pass a/b TestT/AGR_EXPIRED_at_the_instant", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"with another before", "AGR_EXPIRED", []string{"pass a/b TestT/R46_AGR_EXPIRED", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"of more words", "separation_of_duties_1", []string{"pass a/b TestT/separation_of_duties_1_not_by_the_sender", "pass a/b TestT", "pass a/b"}, []string{here}},
		{"of more words, another", "separation_of_duties_1", []string{"pass a/b TestT/separation_of_duties_11", "pass a/b TestT", "pass a/b"}, nil},
		{"within a longer number", "R35", []string{"pass a/b TestT/R351", "pass a/b TestT/XR35", "pass a/b TestT/R35th", "pass a/b TestT", "pass a/b"}, nil},
		{"within a longer word", "AGR_EXPIRED", []string{"pass a/b TestT/AGR_EXPIREDLY", "pass a/b TestT/XAGR_EXPIRED", "pass a/b TestT/AGR-EXPIRED", "pass a/b TestT", "pass a/b"}, nil},
		{"sorted, each once", "R35", []string{
			"pass b TestZ/R35_1", "pass a/b TestT/R35_1", "pass b TestZ/R35_2", "pass b TestZ", "pass b TestA/R35", "pass b TestA", "pass b",
			"pass a/b TestT/R35_2", "pass a/b TestT", "pass a/b",
		}, []string{here, "b.TestA", "b.TestZ"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := after(t, tc.events...).of(tc.id); !slices.Equal(got, tc.want) {
				t.Errorf("%s is shown by %v, want %v", tc.id, got, tc.want)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	v := nothing(t)
	var all []claim
	for i, want := range []int{58, 11, 93} {
		if got := v.sections[i]; len(got.claims) != want || slices.ContainsFunc(got.claims, func(c claim) bool { return len(c.cells) != len(got.heading) }) {
			t.Errorf("%s has %d lines, want %d", got.title, len(got.claims), want)
		}
		all = append(all, v.sections[i].claims...)
	}
	if len(v.proven) != len(all) {
		t.Errorf("%d ids, of which %d differ", len(all), len(v.proven))
	}
	for _, c := range all {
		// Each is found as it is, and none lies in another, where it would be taken for shown.
		if got := v.ids(c.id + "_and_more"); !slices.Equal(got, []string{c.id}) {
			t.Errorf("in %s: %v", c.id, got)
		}
		if slices.Contains(c.cells, "") || strings.Contains(strings.Join(c.cells, ""), "|") {
			t.Errorf("%+v", c)
		}
	}
}

func TestClaimsAreWhole(t *testing.T) {
	for name, table := range map[string]string{
		"empty": "", "heading only": "a,b,c,d,e\n", "a column missing": "a,b,c,d,e\n1,w,AUTH_INVALID,N\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := newEvidence(strings.NewReader(table)); err == nil {
				t.Error("taken")
			}
		})
	}
}

func TestProof(t *testing.T) {
	var events []string
	for _, name := range []string{"A", "B", "C", "D", "E", "F", "G"} {
		events = append(events, "pass p Test"+name+"/R35", "pass p Test"+name)
	}
	events = append(events, "pass p TestA/AGR_EXPIRED", "pass p")
	text := string(after(t, events...).proof())
	for _, want := range []string{
		"| R35 | Each mission names a controller and a focal point with deputies; a vacancy blocks agreement activation | must | `p.TestA`, `p.TestB`, `p.TestC`, `p.TestD`, `p.TestE` and 2 more |\n",
		"| R01 | Consent cannot be saved without notice version, language, \"could ask questions\" and \"understood\" | must | none yet |\n",
		"| AGR_EXPIRED | Activated, in force | 10 | `p.TestA` |\n",
		"| EXC_STRUCTURAL |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q", want)
		}
	}
	// How often a test repeats what it shows changes nothing, nor does the order.
	more := append([]string{"pass q TestZ/other", "pass q TestZ", "pass q"}, "pass p TestA/R35#01", "pass p TestA/seed#7")
	if again := string(after(t, append(more, events...)...).proof()); again != text {
		t.Errorf("not stable:\n%s", again)
	}
}

func TestProve(t *testing.T) {
	v, root := nothing(t), t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(committedProof)), 0o755); err != nil {
		t.Fatal(err)
	}
	commit := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, committedProof), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if v.prove(root, &out) || !strings.Contains(out.String(), "make proof") {
		t.Errorf("none is committed: %s", out.String())
	}
	text, err := os.ReadFile(filepath.Join(root, writtenProof))
	if err != nil || !bytes.Equal(text, v.proof()) {
		t.Errorf("none is there to be taken over: %v", err)
	}
	commit(text)
	if out.Reset(); !v.prove(root, &out) || out.Len() > 0 {
		t.Errorf("the same: %s", out.String())
	}
	commit(bytes.Replace(text, []byte("none yet"), []byte("`p.TestGone`"), 1))
	if out.Reset(); v.prove(root, &out) || !strings.Contains(out.String(), "- | R01 ") || !strings.Contains(out.String(), "+ | R01 ") {
		t.Errorf("another: %s", out.String())
	}
}
