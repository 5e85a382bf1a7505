package agreements

import (
	"slices"
	"strings"

	"safeconduct/agreements/terms"
)

// strays are the fields of Annex I that could not be sent under it: those of none
// of its categories, and those that are of a sensitive category, too, which it
// does not name (condition 13). Consent, retention, assessments and approvals are
// asked by category, and so a field goes by no category but its own.
func (s Scope) strays(known []terms.Category) []string {
	return slices.DeleteFunc(slices.Clone(s.Fields), func(field string) bool {
		of := false
		for _, k := range known {
			switch {
			case !slices.Contains(k.Fields, field):
			case slices.Contains(s.Categories, k.Code):
				of = true
			case k.NeedsOfficer():
				return false
			}
		}
		return of
	})
}

// categorised is an agreement that goes to review. Guard: each field of Annex I is
// of a category that stands there.
func (a Agreement) categorised(act Act, known []terms.Category) (Agreement, error) {
	next, err := a.SendToReview(act)
	if err != nil {
		return next, err
	}
	if strays := a.Document.Scope.strays(known); len(strays) > 0 {
		return a, a.illegal(act.Event, "each field of Annex I is of a category of Annex I, and of no other that is sensitive",
			"add the category, or take out "+strings.Join(strays, ", "))
	}
	return next, nil
}
