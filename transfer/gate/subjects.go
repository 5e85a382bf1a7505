package gate

import (
	"cmp"
	"slices"
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

// Vulnerable reports whether a child, or a person with specific needs, is among the
// subjects: what the short form of an assessment leaves out (condition 16, R47).
func Vulnerable(subjects []Subject) bool {
	return slices.ContainsFunc(subjects, func(s Subject) bool { return s.Child || s.Needs })
}

// blame adds the subject to those at fault, by row number and opaque id.
func (found *Finding) blame(s Subject) {
	found.Rows = append(found.Rows, s.Row)
	if s.ID != "" {
		found.People = append(found.People, s.ID)
	}
}
