package anonymous_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz/rulebook"
	"safeconduct/transfer/anonymous"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func sum() string { return strings.Repeat("0a", 32) }

type edit = func(*anonymous.DisclosureAssessment)

func signed(edits ...edit) anonymous.DisclosureAssessment {
	a := anonymous.DisclosureAssessment{
		Mission: "m", Datasets: []string{sum()}, Countries: []string{"CO"}, Method: "counted", Cell: 7, Own: true, Author: "ro",
		SignedBy: "fp", Signed: new(noon().Add(-time.Hour)), ValidUntil: noon().Add(time.Hour),
	}
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

func TestJudge(t *testing.T) {
	not, small, whose := anonymous.NotDemonstrated, anonymous.SmallCells, anonymous.OriginatorsMissing
	cell := func(n int) edit { return func(a *anonymous.DisclosureAssessment) { a.Cell = n } }
	from := func(o ...anonymous.Originator) edit {
		return func(a *anonymous.DisclosureAssessment) { a.Own, a.Originators = false, o }
	}
	for _, c := range []struct {
		name  string
		all   []anonymous.DisclosureAssessment
		files []string
		want  []anonymous.Gap
	}{
		{"R19 shown", []anonymous.DisclosureAssessment{signed()}, []string{sum()}, nil},
		{"at the minimum", []anonymous.DisclosureAssessment{signed(cell(5))}, []string{sum()}, nil},
		{"originators agree", []anonymous.DisclosureAssessment{signed(from(anonymous.Originator{Agrees: true, SHA256: sum()}))}, []string{sum()}, nil},
		{"ANON_NOT_DEMONSTRATED none", nil, []string{sum()}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED no file", []anonymous.DisclosureAssessment{signed()}, nil, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED a file without a digest", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.Datasets = []string{""} })}, []string{""}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED one of two", []anonymous.DisclosureAssessment{signed()}, []string{sum(), strings.Repeat("1b", 32)}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED not signed", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.Signed = nil })}, []string{sum()}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED signed by its author", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.Author = "fp" })}, []string{sum()}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED over", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.ValidUntil = noon() })}, []string{sum()}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED withdrawn", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.Withdrawn = new(noon().Add(time.Hour)) })}, []string{sum()}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED another mission's", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.Mission = "n" })}, []string{sum()}, []anonymous.Gap{not}},
		{"ANON_NOT_DEMONSTRATED another of the file was withdrawn since", []anonymous.DisclosureAssessment{signed(), signed(func(a *anonymous.DisclosureAssessment) { a.Withdrawn = new(noon().Add(-time.Minute)) })}, []string{sum()}, []anonymous.Gap{not}},
		{"signed after another was withdrawn", []anonymous.DisclosureAssessment{signed(), signed(func(a *anonymous.DisclosureAssessment) { a.Withdrawn = new(noon().Add(-2 * time.Hour)) })}, []string{sum()}, nil},
		{"a draft of the file was withdrawn", []anonymous.DisclosureAssessment{signed(), signed(func(a *anonymous.DisclosureAssessment) { a.Signed, a.Withdrawn = nil, new(noon()) })}, []string{sum()}, nil},
		{"ANON_SMALL_CELLS", []anonymous.DisclosureAssessment{signed(cell(4))}, []string{sum()}, []anonymous.Gap{small}},
		{"ANON_SMALL_CELLS by one of two", []anonymous.DisclosureAssessment{signed(), signed(cell(0))}, []string{sum()}, []anonymous.Gap{small}},
		{"ANON_SMALL_CELLS about a country in conflict", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.Countries = []string{"SD"} })}, []string{sum()}, []anonymous.Gap{small}},
		{"ORIGINATOR_AUTH_MISSING nobody said whose", []anonymous.DisclosureAssessment{signed(from())}, []string{sum()}, []anonymous.Gap{whose}},
		{"ORIGINATOR_AUTH_MISSING not in writing", []anonymous.DisclosureAssessment{signed(from(anonymous.Originator{Agrees: true}))}, []string{sum()}, []anonymous.Gap{whose}},
		{"all at once", []anonymous.DisclosureAssessment{signed(cell(1), from())}, []string{sum(), ""}, []anonymous.Gap{not, small, whose}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := anonymous.Judge(c.all, anonymous.Use{
				Mission: "m", Country: "CO", Files: c.files, Rules: rulebook.MinimumCell{Usual: 5, Conflict: 10, Conflicts: []string{"SD"}}, At: noon(),
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestReleased(t *testing.T) {
	withdrawn := func(at time.Time) edit { return func(a *anonymous.DisclosureAssessment) { a.Withdrawn = &at } }
	over := func(a *anonymous.DisclosureAssessment) { a.ValidUntil = noon() }
	again := func(a *anonymous.DisclosureAssessment) { a.Signed = new(noon().Add(-time.Minute)) }
	not := []anonymous.Gap{anonymous.NotDemonstrated}
	for _, c := range []struct {
		name string
		all  []anonymous.DisclosureAssessment
		want []anonymous.Gap
	}{
		{"as it was released", []anonymous.DisclosureAssessment{signed()}, nil},
		{"its time is over", []anonymous.DisclosureAssessment{signed(over)}, nil},
		{"the minimum is higher now", []anonymous.DisclosureAssessment{signed(func(a *anonymous.DisclosureAssessment) { a.Cell = 1 })}, nil},
		{"ANON_NOT_DEMONSTRATED withdrawn", []anonymous.DisclosureAssessment{signed(withdrawn(noon()))}, not},
		{"ANON_NOT_DEMONSTRATED withdrawn by a clock that is ahead", []anonymous.DisclosureAssessment{signed(withdrawn(noon().Add(time.Hour)))}, not},
		{"ANON_NOT_DEMONSTRATED withdrawn, and over", []anonymous.DisclosureAssessment{signed(over, withdrawn(noon()))}, not},
		{"ANON_NOT_DEMONSTRATED one of two", []anonymous.DisclosureAssessment{signed(), signed(withdrawn(noon()))}, not},
		{"another was signed since", []anonymous.DisclosureAssessment{signed(again), signed(withdrawn(noon().Add(-2 * time.Minute)))}, nil},
		{"another was signed since, whose time is over", []anonymous.DisclosureAssessment{signed(again, over), signed(withdrawn(noon().Add(-2 * time.Minute)))}, nil},
		{"another mission's", []anonymous.DisclosureAssessment{signed(), signed(withdrawn(noon()), func(a *anonymous.DisclosureAssessment) { a.Mission = "n" })}, nil},
		{"another file's", []anonymous.DisclosureAssessment{signed(), signed(withdrawn(noon()), func(a *anonymous.DisclosureAssessment) { a.Datasets = []string{strings.Repeat("1b", 32)} })}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := anonymous.Released(c.all, anonymous.Use{Mission: "m", Country: "CO", Files: []string{sum()}, At: noon()}); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
