package gate

import "safeconduct/authz/evidence"

// RetRuleMissing is the code of condition 26 that is judged so far.
const RetRuleMissing Code = "RET_RULE_MISSING"

// retention is condition 26: every declared category has a retention rule for
// the purpose; no rule, no transfer (R24).
func retention() condition {
	return condition{
		number: "26", phases: always, codes: never(RetRuleMissing),
		check: func(f *Facts) []Finding {
			if !stated(f.Manifest.Purpose) {
				return nil // REQ_INCOMPLETE
			}
			var ruled []string
			for _, r := range f.Retention {
				if r.Purpose == f.Manifest.Purpose && r.Days > 0 {
					ruled = append(ruled, r.Category)
				}
			}
			if bare := lacking(f.Manifest.Categories, ruled); len(bare) > 0 {
				return one(RetRuleMissing, evidence.Ref{}, bare...)
			}
			return nil
		},
	}
}
