package gate

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Codes of condition 4.
const (
	NatureUndeclared Code = "NATURE_UNDECLARED"
	NatureMismatch   Code = "NATURE_MISMATCH"
)

// The natures of data. Pseudonymised data are personal data.
const (
	Personal      = "personal"
	Pseudonymised = "pseudonymised"
	Anonymised    = "anonymised"
	Aggregate     = "aggregate"
)

// nature is condition 4: it is declared, and true as far as the manifest shows.
// For statistics nothing about a person leaves, pseudonymised or not (R19; gate.md:
// "statistics must be non-identifiable").
func nature() condition {
	return condition{
		number: "4", phases: toCommit, codes: never(NatureUndeclared, NatureMismatch),
		check: func(f *Facts) []Finding {
			switch {
			case !f.Manifest.natured():
				return one(NatureUndeclared, f.Transfer)
			case f.Statistics && !f.Manifest.OfNobody():
				return one(NatureMismatch, f.Transfer, "nature")
			case f.Manifest.OfNobody():
				if personal := f.looksPersonal(); len(personal) > 0 {
					return one(NatureMismatch, f.Transfer, personal...)
				}
			}
			return nil
		},
	}
}

func (m *Manifest) natured() bool {
	return slices.Contains([]string{Personal, Pseudonymised, Anonymised, Aggregate}, m.Nature)
}

// OfNobody reports that the data were declared to be about nobody in
// particular: the branch of condition 4a.
func (m *Manifest) OfNobody() bool { return m.Nature == Anonymised || m.Nature == Aggregate }

// looksPersonal lists the declared fields that the rules know as personal, and
// "subjects" where people are named by their case: case numbers in place of
// names are still personal data.
func (f *Facts) looksPersonal() []string {
	var found []string
	for _, field := range lacking(f.Manifest.Fields, nil) {
		name := plainField(field)
		if slices.ContainsFunc(f.Rules.Nature.PersonalFields, func(pattern string) bool {
			return personal(pattern, name) || personal(strings.ReplaceAll(pattern, "_", ""), strings.ReplaceAll(name, "_", ""))
		}) {
			found = append(found, field)
		}
	}
	if f.Manifest.Subjects > 0 || len(f.Subjects) > 0 {
		found = append(found, "subjects")
	}
	return found
}

func personal(pattern, name string) bool {
	matches, err := path.Match(pattern, name)
	return matches || err != nil // a pattern that nobody can read hides nothing
}

// plainField is a field's name as the patterns have it: in small letters without
// accents, what is neither letter nor digit as one underscore, "GivenName" as
// "given_name".
func plainField(field string) string {
	var b strings.Builder
	var last rune
	for _, r := range norm.NFKD.String(field) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if unicode.IsUpper(r) && unicode.IsLower(last) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		case b.Len() > 0 && last != '_':
			b.WriteByte('_')
			r = '_'
		}
		last = r
	}
	return strings.Trim(b.String(), "_")
}
