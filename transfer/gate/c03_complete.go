package gate

import (
	"slices"
	"strings"
)

// ReqIncomplete is the code of condition 3.
const ReqIncomplete Code = "REQ_INCOMPLETE"

// complete is condition 3: metadata and manifest are complete.
func complete() condition {
	return condition{
		number: "3", phases: toCommit, codes: never(ReqIncomplete),
		check: func(f *Facts) []Finding {
			if missing := f.missingFields(); len(missing) > 0 {
				return one(ReqIncomplete, f.Transfer, missing...)
			}
			return nil
		},
	}
}

// missingFields lists the fields of the manifest that are absent or say
// nothing. What is missing has no other code: the conditions that need it are
// quiet about it.
func (f *Facts) missingFields() []string {
	m := &f.Manifest
	var missing []string
	for _, field := range []struct {
		name string
		ok   bool
	}{
		{"mission", stated(m.Mission)},
		{"partner", stated(m.Partner)},
		{"purpose", stated(m.Purpose)},
		{"nature", slices.Contains([]string{"personal", "pseudonymised", "anonymised", "aggregate"}, m.Nature)},
		{"recipient_class", stated(m.RecipientClass)}, // R21
		{"categories", allStated(m.Categories)},
		{"fields", allStated(m.Fields)},
		{"subjects", m.Subjects > 0 && m.Subjects == len(f.Subjects)},
		{"files", m.Files > 0},
		{"content_attestation", len(m.Opaque) == 0 || stated(m.ContentAttested)}, // opaque files
	} {
		if !field.ok {
			missing = append(missing, field.name)
		}
	}
	return missing
}

func stated(s string) bool { return strings.TrimSpace(s) != "" }

func allStated(list []string) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !stated(s) })
}

// lacking lists what of wanted is not in allowed, once each, in order. What
// says nothing is left to condition 3.
func lacking(wanted, allowed []string) []string {
	var out []string
	for _, w := range wanted {
		if stated(w) && !slices.Contains(allowed, w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
