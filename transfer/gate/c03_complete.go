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
		{"recipient_class", stated(m.RecipientClass)}, // R21
		{"categories", allStated(m.Categories)},
		{"fields", allStated(m.Fields)},
		// What is about nobody in particular names nobody (condition 4).
		{"subjects", m.Subjects == len(f.Subjects) && (m.Subjects > 0 || m.OfNobody())},
		// What was released before it was asked for is not asked for it now.
		{"data_origin", m.Origin.known() || f.Phase == Pull && m.Origin == Origin{}},
		{"files", m.Files > 0},
		{"content_attestation", len(m.Opaque) == 0 || stated(m.ContentAttested)}, // opaque files
	} {
		if !field.ok {
			missing = append(missing, field.name)
		}
	}
	return missing
}

// known reports that the sender said who collected the data.
func (o Origin) known() bool { return o.Source == OwnData || o.Source == ThirdPartyData }

func stated(s string) bool { return strings.TrimSpace(s) != "" }

// addressed reports that the manifest says who sends what to whom and why; what
// somebody agreed to can be held against no less.
func (m *Manifest) addressed() bool {
	return stated(m.Mission) && stated(m.Partner) && stated(m.Purpose) && allStated(m.Categories)
}

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
