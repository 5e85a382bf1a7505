package gate

import (
	"slices"
	"testing"
)

// What is kept of staff goes by the same rules as what is kept of those whom
// the organisation serves, their health included.
func TestDecideOnHealthOfStaff(t *testing.T) {
	staffed := func(phase Phase) Facts {
		f := passing(phase)
		for i := range f.Subjects {
			f.Subjects[i].Type = "staff"
		}
		f.Agreement.Document.Scope.SubjectTypes = []string{"staff"}
		swap := func(codes []string) { codes[slices.Index(codes, "contact")] = "health" }
		swap(f.Manifest.Categories)
		swap(f.Agreement.Document.Scope.Categories)
		swap(f.Assessment.Categories)
		swap(f.Clearance.Categories)
		swap(f.DPOApprovals[0].Categories)
		f.Categories[1].Code = "health"
		for i := range f.Subjects {
			swap(f.Subjects[i].Consents[0].Categories)
		}
		for i := range f.Retention {
			if f.Retention[i].Category == "contact" {
				f.Retention[i].Category = "health"
			}
		}
		return f
	}
	for _, phase := range everyPhase() {
		t.Run("R38 health of staff leaves at "+string(phase), func(t *testing.T) {
			if d := Decide(staffed(phase)); !d.Released() {
				t.Error(d.Codes())
			}
		})
		t.Run("R38 AGR_SUBJECT_TYPE under an agreement on others it does not, at "+string(phase), func(t *testing.T) {
			f := staffed(phase)
			f.Agreement.Document.Scope.SubjectTypes = []string{"beneficiary"}
			if got := Decide(f).Codes(); !slices.Equal(got, []string{"AGR_SUBJECT_TYPE"}) {
				t.Error(got)
			}
		})
	}
}
