package gate

import (
	"cmp"
	"slices"

	"safeconduct/agreements/assessment"
)

// byRow is the subjects in the order of their rows; the facts keep theirs.
func (f *Facts) byRow() []Subject {
	order := func(a, b Subject) int { return cmp.Compare(a.Row, b.Row) }
	if slices.IsSortedFunc(f.Subjects, order) {
		return f.Subjects
	}
	sorted := slices.Clone(f.Subjects)
	slices.SortStableFunc(sorted, order)
	return sorted
}

// unknown reports that nothing is on record about the subject: one answer to a
// case that does not exist and to one that never consented.
func (s Subject) unknown() bool { return s.ID == "" || s.Type == "" && len(s.Consents) == 0 }

// PeopleOf says who is among the subjects that an assessment must have judged
// (condition 16, R40, R47).
func PeopleOf(subjects []Subject) (p assessment.People) {
	for _, s := range subjects {
		p.Child = p.Child || s.Child || s.Unaccompanied
		p.Needs = p.Needs || s.Needs
		p.Unaccompanied = p.Unaccompanied || s.Unaccompanied
	}
	return p
}

// blame adds the subject to those at fault, by row number and opaque id.
func (found *Finding) blame(s Subject) {
	found.Rows = append(found.Rows, s.Row)
	if s.ID != "" {
		found.People = append(found.People, s.ID)
	}
}
