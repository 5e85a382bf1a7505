package main

import (
	"bytes"
	_ "embed" // what is to be shown is data
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Where the proof of completeness is kept, where a run writes its own, and the
// gate's table: below the root of the module, where make runs.
const (
	committedProof = "deploy/docs/proof.md"
	writtenProof   = "bin/proof.md"
	writtenEvents  = "bin/tests.json"
	gateTable      = "transfer/gate/testdata/conditions.csv"
)

//go:embed requirements.csv
var requirements string

// duties are the rules of separation of duties: a subtest that shows the first
// is called "separation of duties 1 ...".
//
//go:embed duties.csv
var duties string

// named is how many tests a line of the proof names; it counts the others.
const named = 5

// claim is what a test can show, by the id that its subtests carry.
type claim struct {
	id    string
	cells []string // of its line, before the tests
}

// section is a table of the proof.
type section struct {
	title   string
	heading []string
	claims  []claim
}

// sections are the requirements, the rules of separation of duties and the
// refusal codes of the gate, in the order of their lists.
func sections(table io.Reader) ([]section, error) {
	requirement := section{title: "Requirements", heading: []string{"Id", "Requirement", "Priority"}}
	rows, err := lines(strings.NewReader(requirements), 3)
	if err != nil {
		return nil, fmt.Errorf("reading the requirements: %w", err)
	}
	for _, row := range rows {
		requirement.claims = append(requirement.claims, claim{row[0], row})
	}
	duty := section{title: "Separation of duties", heading: []string{"Rule", "What it separates"}}
	if rows, err = lines(strings.NewReader(duties), 2); err != nil {
		return nil, fmt.Errorf("reading the rules of separation of duties: %w", err)
	}
	for _, row := range rows {
		duty.claims = append(duty.claims, claim{"separation_of_duties_" + row[0], row})
	}
	code := section{title: "Refusal codes", heading: []string{"Code", "Condition", "No."}}
	if rows, err = lines(table, 5); err != nil {
		return nil, fmt.Errorf("reading the gate's table: %w", err)
	}
	for _, row := range rows {
		for id := range strings.FieldsSeq(row[2]) {
			code.claims = append(code.claims, claim{id, []string{id, row[1], row[0]}})
		}
	}
	return []section{requirement, duty, code}, nil
}

// lines are those of a CSV with columns and a heading, of which there must be
// some.
func lines(r io.Reader, columns int) ([][]string, error) {
	c := csv.NewReader(r)
	c.Comment, c.FieldsPerRecord = '#', columns
	rows, err := c.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, errors.New("there is nothing in it")
	}
	return rows[1:], nil
}

// evidence collects from the events of go test -json which tests show what.
//
// A test shows an id where the name of a subtest that passed carries it as a
// word. It counts only once the test at the top and its package have passed as
// well, and nothing in that test failed or was skipped: what is unfinished
// shows nothing. Ids are read off the last part of a name alone, since a
// subtest above speaks for itself when it passes.
type evidence struct {
	sections []section
	open     map[string]map[string]*result // by package, then by the test at the top
	proven   map[string]map[string]bool    // by id: the tests
}

// result is of one test at the top, with what is below it.
type result struct {
	ids    []string // in the names of subtests that passed
	broken bool
	passed bool
}

// newEvidence is empty. It knows the ids that can be shown, the refusal codes
// from the gate's table.
func newEvidence(table io.Reader) (*evidence, error) {
	all, err := sections(table)
	if err != nil {
		return nil, err
	}
	v := &evidence{sections: all, open: map[string]map[string]*result{}, proven: map[string]map[string]bool{}}
	for _, s := range all {
		for _, c := range s.claims {
			v.proven[c.id] = map[string]bool{}
		}
	}
	return v, nil
}

// take hears one event.
func (v *evidence) take(e event) {
	if e.Test == "" {
		v.close(e)
		return
	}
	if v.open[e.Package] == nil {
		v.open[e.Package] = map[string]*result{}
	}
	top, below, nested := strings.Cut(e.Test, "/")
	r := v.open[e.Package][top]
	if r == nil {
		r = &result{}
		v.open[e.Package][top] = r
	}
	switch e.Action {
	case "fail", "skip":
		r.broken = true
	case "pass":
		if !nested {
			r.passed = true
			return
		}
		r.ids = append(r.ids, v.ids(below[strings.LastIndex(below, "/")+1:])...)
	}
}

// into hears each event, and keeps it without its output.
func (v *evidence) into(w io.Writer) func(event) {
	kept := json.NewEncoder(w)
	return func(e event) {
		v.take(e)
		if e.Action != "output" {
			_ = kept.Encode(e) // what is not kept is run again
		}
	}
}

// close ends a package, whose tests count if it passed.
func (v *evidence) close(e event) {
	if e.Action != "pass" && e.Action != "fail" {
		return
	}
	tests := v.open[e.Package]
	delete(v.open, e.Package)
	if e.Action == "fail" {
		return
	}
	for top, r := range tests {
		if !r.passed || r.broken {
			continue
		}
		for _, id := range r.ids {
			v.proven[id][strings.TrimPrefix(e.Package, "safeconduct/")+"."+top] = true
		}
	}
}

// part is what names of subtests are made of, as far as ids go.
var part = regexp.MustCompile(`[A-Za-z0-9]+`)

// parts are the most that an id has, with underscores between them.
const parts = 4

// ids are those in the name of a subtest, each a word by itself: letters and
// digits beside it make it another word. An underscore does not, since go test
// writes one for a space.
func (v *evidence) ids(name string) []string {
	var all []string
	at := part.FindAllStringIndex(name, -1)
	for i, from := range at {
		for j := i; j < min(i+parts, len(at)); j++ {
			if j > i && name[at[j-1][1]:at[j][0]] != "_" {
				break
			}
			if word := name[from[0]:at[j][1]]; v.proven[word] != nil {
				all = append(all, word)
			}
		}
	}
	return all
}

// of are the tests that show the id, in order.
func (v *evidence) of(id string) []string { return slices.Sorted(maps.Keys(v.proven[id])) }

// proof is the document.
func (v *evidence) proof() []byte {
	var b bytes.Buffer
	b.WriteString(`# Proof of completeness

Which tests show each requirement, each rule of separation of duties and each refusal code of the gate. ` + "`make test`" + ` writes
this from the tests that passed, in whose subtests' names the ids stand, and fails where it differs; ` + "`make proof`" + ` then takes the new one over.
`)
	for _, s := range v.sections {
		heading := append(slices.Clone(s.heading), "Tests")
		fmt.Fprintf(&b, "\n## %s\n\n%s%s", s.title, line(heading), line(slices.Repeat([]string{"---"}, len(heading))))
		for _, c := range s.claims {
			b.WriteString(line(append(slices.Clone(c.cells), cell(v.of(c.id)))))
		}
	}
	return b.Bytes()
}

func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

func cell(tests []string) string {
	if len(tests) == 0 {
		return "none yet"
	}
	text := "`" + strings.Join(tests[:min(named, len(tests))], "`, `") + "`"
	if more := len(tests) - named; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// prove writes the proof of a whole run that passed, and compares it with the
// one that is committed. It reports whether they are the same.
func (v *evidence) prove(root string, out io.Writer) bool {
	text, path := v.proof(), filepath.Join(root, writtenProof)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(out, "   writing the proof of completeness:", err)
		return false
	}
	committed, err := os.ReadFile(filepath.Join(root, committedProof))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(out, "   reading the proof of completeness:", err)
		return false
	}
	if bytes.Equal(text, committed) {
		return true
	}
	fmt.Fprintf(out, "   the proof of completeness is no longer what %s says\n", committedProof)
	before, after := strings.Split(string(committed), "\n"), strings.Split(string(text), "\n")
	for _, line := range before {
		if !slices.Contains(after, line) {
			fmt.Fprintln(out, "   -", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			fmt.Fprintln(out, "   +", line)
		}
	}
	fmt.Fprintf(out, "   if that is right, `make proof` takes it over from %s: commit it\n", writtenProof)
	return false
}
