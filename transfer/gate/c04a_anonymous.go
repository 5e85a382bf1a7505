package gate

import (
	"cmp"
	"slices"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/anonymous"
)

// Codes of condition 4a.
const (
	AnonNotDemonstrated   = Code(anonymous.NotDemonstrated)
	AnonSmallCells        = Code(anonymous.SmallCells)
	OriginatorAuthMissing = Code(anonymous.OriginatorsMissing)
)

// demonstrated is condition 4a: data about nobody in particular are shown to be
// so, file by file, by a disclosure assessment that the focal point signed; no
// cell is below the minimum, and those whose data they are agree (R19). At PULL,
// where gate.md's table does not list it, only what was withdrawn since refuses:
// its rules have a withdrawal stop a waiting file, and the stricter refusal holds.
func demonstrated() condition {
	codes := []Code{AnonNotDemonstrated, AnonSmallCells, OriginatorAuthMissing}
	return condition{
		number: "4a", phases: always, codes: never(codes...),
		check: func(f *Facts) []Finding {
			if !f.Manifest.OfNobody() {
				return nil
			}
			use := anonymous.Use{Mission: f.Manifest.Mission, Country: f.Country, Rules: f.Rules.MinimumCell, At: f.Now}
			use.Rules.Conflicts = slices.Concat(use.Rules.Conflicts, f.Conflicts)
			if !stated(f.Country) { // nobody can tell whether it is in conflict
				use.Rules.Usual = max(use.Rules.Usual, use.Rules.Conflict)
			}
			for _, file := range f.Files {
				use.Files = append(use.Files, cmp.Or(file.Sealed, file.Declared))
			}
			judge := anonymous.Judge
			if f.Phase == Pull {
				judge = anonymous.Released
			}
			var found []Finding
			for _, gap := range judge(f.Disclosures, use) {
				var object evidence.Ref
				if len(f.Disclosures) == 1 {
					object = f.Disclosures[0].Ref()
				}
				found = append(found, one(Code(gap), object)...)
			}
			return found
		},
	}
}
