package gate

import (
	"slices"

	"safeconduct/agreements"
)

// AgrClauseMissing is the code of condition 12. A finding carries the clause
// after a colon: AGR_CLAUSE_MISSING:C20.
const AgrClauseMissing Code = "AGR_CLAUSE_MISSING"

// clauses is condition 12: the mandatory clauses are present, each in the words
// of the template or in others that Legal approved; C20 is R33.
func clauses() condition {
	return condition{
		number: "12", phases: always, codes: never(AgrClauseMissing),
		check: ofRuling(func(_ *Facts, a *agreements.Agreement) []Finding {
			var found []Finding
			lack := append(a.Document.MissingClauses(), a.UnapprovedDeviations()...)
			slices.Sort(lack)
			for _, clause := range slices.Compact(lack) {
				found = append(found, one(AgrClauseMissing+Code(":"+clause), agreementRef(a), clause)...)
			}
			return found
		}),
	}
}
