package gate

import (
	"slices"

	"safeconduct/agreements"
)

// Codes of condition 13.
const (
	AgrMission     Code = "AGR_MISSION"
	AgrPurpose     Code = "AGR_PURPOSE"
	AgrSubjectType Code = "AGR_SUBJECT_TYPE"
	AgrCategory    Code = "AGR_CATEGORY"
	AgrField       Code = "AGR_FIELD"
	AgrVolume      Code = "AGR_VOLUME"
)

// scope is condition 13: Annex I covers mission, purpose, subjects, categories,
// fields and volume. It is judged of an unsigned agreement too, so that the
// sender hears early.
func scope() condition {
	return condition{
		number: "13", phases: always,
		codes: emergency(AgrMission, AgrPurpose, AgrSubjectType, AgrCategory, AgrField, AgrVolume),
		check: ofRuling(func(f *Facts, a *agreements.Agreement) []Finding {
			m, s := &f.Manifest, &a.Document.Scope
			var found []Finding
			add := func(code Code, detail []string) {
				if len(detail) > 0 {
					found = append(found, one(code, agreementRef(a), detail...)...)
				}
			}
			add(AgrMission, lacking([]string{m.Mission}, s.Missions))
			add(AgrPurpose, lacking([]string{m.Purpose}, s.Purposes))
			if rows := f.outsideTypes(s.SubjectTypes); rows != nil {
				rows.Object = agreementRef(a)
				found = append(found, *rows)
			}
			of, homeless := f.undeclared()
			add(AgrCategory, append(lacking(m.Categories, s.Categories), of...))
			add(AgrField, append(lacking(m.Fields, s.Fields), lacking(homeless, lacking(m.Fields, s.Fields))...))
			add(AgrVolume, f.excess(s))
			return found
		}),
	}
}

// undeclared finds the declared fields that do not go by their categories: of is
// of one that is not declared, as category:field, and homeless of none that is
// known. Consent, retention, assessment and approvals are asked by category, and
// so a field goes by no category but its own; one that is of several by any of
// them, but by none without those that are sensitive: the harmless one of two
// names asks the data protection officer nothing.
func (f *Facts) undeclared() (of, homeless []string) {
	if !allStated(f.Manifest.Categories) {
		return nil, nil // REQ_INCOMPLETE
	}
	for _, field := range lacking(f.Manifest.Fields, nil) {
		var sensitive, others []string // homes that are not declared
		declared := false
		for _, k := range f.Categories {
			switch {
			case !slices.Contains(k.Fields, field):
			case slices.Contains(f.Manifest.Categories, k.Code):
				declared = true
			case k.NeedsOfficer():
				sensitive = append(sensitive, k.Code+":"+field)
			default:
				others = append(others, k.Code+":"+field)
			}
		}
		switch {
		case declared || len(sensitive) > 0:
			of = append(of, sensitive...)
		case len(others) > 0:
			of = append(of, others...)
		default:
			homeless = append(homeless, field)
		}
	}
	return of, homeless
}

// outsideTypes finds the subjects of a type that is not allowed. A subject of
// whom nothing is on record has no type either, and is condition 21's.
func (f *Facts) outsideTypes(allowed []string) *Finding {
	var found *Finding
	for _, s := range f.byRow() {
		if slices.Contains(allowed, s.Type) && s.Type != "" || s.unknown() {
			continue
		}
		if found == nil {
			found = &Finding{Code: AgrSubjectType}
		}
		found.blame(s)
		if s.Type != "" && !slices.Contains(found.Detail, s.Type) {
			found.Detail = append(found.Detail, s.Type)
		}
	}
	return found
}

// excess names the limits that the transfer would pass. An agreement without a
// limit allows nothing.
func (f *Facts) excess(s *agreements.Scope) []string {
	n := max(len(f.Subjects), f.Manifest.Subjects)
	if n == 0 {
		return nil // REQ_INCOMPLETE
	}
	var over []string
	if n > s.MaxSubjectsPerTransfer {
		over = append(over, "subjects per transfer")
	}
	if s.MaxSubjectsPerYear < 1 || f.SubjectsThisYear < 0 || n > s.MaxSubjectsPerYear-f.SubjectsThisYear {
		over = append(over, "subjects per year")
	}
	return over
}
