package agreements_test

import (
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/terms"
)

// Annex I names no field that could never be sent under it: each is of one of its categories, and of no sensitive one that
// it does not name.
func TestFieldsOfAnnexI(t *testing.T) {
	w := newWorld(t)
	w.write(func(tx allTx) error {
		return tx.SaveCategory(w.ctx, terms.Category{ID: newID(), Version: 1, Code: "health", Fields: []string{"diagnosis", "given_name_of_child"}, Sensitivity: terms.Severe, Sensitive: true, ApprovalScope: "transfer"})
	})
	w.write(func(tx allTx) error {
		return tx.SaveCategory(w.ctx, terms.Category{ID: newID(), Version: 1, Code: "family", Fields: []string{"given_name_of_child", "given_name"}, Sensitivity: terms.High, ApprovalScope: "agreement"})
	})
	for name, row := range map[string]struct {
		categories, fields []string
		says               string
	}{
		"of another one as well, which is not sensitive": {[]string{"identity"}, []string{"given_name"}, ""},
		"of none":                      {[]string{"identity"}, []string{"given_name", "religion"}, "take out religion"},
		"of one that it does not name": {[]string{"identity"}, []string{"diagnosis", "given_name"}, "take out diagnosis"},
		"of one that it names":         {[]string{"identity", "health"}, []string{"diagnosis", "given_name"}, ""},
		"of a sensitive one as well, that it does not name": {[]string{"family"}, []string{"given_name_of_child"}, "take out given_name_of_child"},
		"of a sensitive one as well, that it names":         {[]string{"family", "health"}, []string{"given_name_of_child"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := w.document()
			d.Scope.Categories, d.Scope.Fields, d.Scope.RetentionDays = row.categories, row.fields, map[string]int{}
			for _, code := range row.categories {
				d.Scope.RetentionDays[code] = 30
			}
			a, err := w.Create(w.ctx, w.people["FP"], d)
			w.must(err)
			a, err = w.SendToReview(w.ctx, w.people["FP"], a.ID)
			if row.says != "" {
				refused(t, err, row.says)
			} else if err != nil || a.State != agreements.Review {
				t.Errorf("%s, %v", a.State, err)
			}
		})
	}
}
