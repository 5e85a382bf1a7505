package gate

import (
	"safeconduct/agreements"
	"safeconduct/transfer/anonymous"
)

// nobodyBreakages are of the facts of passingOfNobody.
func nobodyBreakages() []breakage {
	personal := func(nature string) func(*Facts) {
		return func(f *Facts) {
			*f = passing(f.Phase)
			f.Statistics, f.Manifest.Nature = true, nature
		}
	}
	shown := func(edit func(*anonymous.DisclosureAssessment)) func(*Facts) {
		return func(f *Facts) { edit(&f.Disclosures[0]) }
	}
	field := func(name string) func(*Facts) {
		return func(f *Facts) {
			f.Manifest.Fields = append(f.Manifest.Fields, name)
			ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.Fields = f.Manifest.Fields })(f)
			f.Categories[0].Fields = f.Manifest.Fields
		}
	}
	shownBy := []string{"Disclosures", "Manifest", "Files", "Rules", "Now", "Country"}
	all := []breakage{
		{code: NatureMismatch, name: "case numbers are personal data", harm: func(f *Facts) {
			f.Manifest.Subjects, f.Subjects, f.Notices = 1, []Subject{consenting(1)}, passing(Commit).Notices
		}, rests: []string{"Manifest"}, alone: true},
		{waits: true, code: AnonNotDemonstrated, name: "nothing says so", harm: func(f *Facts) { f.Disclosures = nil }, rests: shownBy, alone: true},
		{waits: true, code: AnonNotDemonstrated, name: "not signed", harm: shown(func(a *anonymous.DisclosureAssessment) { a.Signed = nil }), rests: shownBy, alone: true},
		{waits: true, code: AnonNotDemonstrated, name: "signed by its author", harm: shown(func(a *anonymous.DisclosureAssessment) { a.SignedBy = a.Author }), rests: shownBy, alone: true},
		{waits: true, code: AnonNotDemonstrated, name: "of one file only", harm: shown(func(a *anonymous.DisclosureAssessment) { a.Datasets = a.Datasets[:1] }), rests: shownBy, alone: true},
		{waits: true, code: AnonNotDemonstrated, name: "over at the exclusive instant", harm: shown(func(a *anonymous.DisclosureAssessment) { a.ValidUntil = noon() }), rests: shownBy, alone: true},
		{waits: true, code: AnonNotDemonstrated, name: "of another mission", harm: shown(func(a *anonymous.DisclosureAssessment) { a.Mission = "m2" }), rests: shownBy, alone: true},
		{waits: true, code: AnonSmallCells, name: "R19", harm: shown(func(a *anonymous.DisclosureAssessment) { a.Cell = 4 }), rests: shownBy, alone: true},
		{waits: true, code: AnonSmallCells, name: "R19 in a conflict", harm: func(f *Facts) {
			f.Disclosures[0].Cell, f.Rules.MinimumCell.Conflicts = 9, []string{"KE"}
		}, rests: shownBy, alone: true},
		{waits: true, code: AnonSmallCells, name: "R19 nobody knows whether in a conflict", harm: func(f *Facts) {
			f.Disclosures[0].Cell, f.Country = 9, ""
		}, rests: shownBy, alone: true},
		{waits: true, code: OriginatorAuthMissing, harm: shown(func(a *anonymous.DisclosureAssessment) {
			a.Own, a.Originators = false, []anonymous.Originator{{Name: "Ministry"}}
		}), rests: shownBy, alone: true},
		{code: AnonNotDemonstrated, name: "withdrawn", harm: shown(func(a *anonymous.DisclosureAssessment) { a.Withdrawn = new(noon()) }), rests: shownBy, alone: true},
		{code: AnonNotDemonstrated, name: "another was withdrawn since", harm: func(f *Facts) {
			other := f.Disclosures[0]
			other.ID, other.Withdrawn = "da0", other.Signed
			f.Disclosures = append(f.Disclosures, other)
		}, rests: shownBy, alone: true},
		{code: PayloadHash, name: "another file than was shown", harm: func(f *Facts) { f.Files[0].Declared = sha2nd }, rests: []string{"Files"}, alone: true},
	}
	for _, nature := range []string{Personal, Pseudonymised} {
		all = append(all, breakage{code: NatureMismatch, name: "R19 statistics " + nature, harm: personal(nature), rests: []string{"Manifest", "Statistics"}, alone: true})
	}
	for _, name := range []string{"GivenName", "given name", "Nom", "Número de teléfono", "case_no", "dob", "#contact+phone", "FIRSTNAME", "birthdate", "home_address", "pre\u0301nom", "unhcr_id"} {
		all = append(all, breakage{code: NatureMismatch, name: name, harm: field(name), rests: []string{"Manifest", "Rules"}})
	}
	return all
}
