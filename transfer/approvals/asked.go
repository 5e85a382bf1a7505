package approvals

import (
	"slices"

	"safeconduct/authz/evidence"
)

// Asked is all that one transfer declares, as the officer is shown it. What is
// shown is what an approval of one transfer is bound to: the same people with
// one field more are another request.
type Asked struct {
	Mission        string     `json:"mission"`
	Partner        string     `json:"partner"`
	Agreement      string     `json:"agreement,omitempty"`
	Purpose        string     `json:"purpose"`
	Nature         string     `json:"nature" doc:"personal, pseudonymised, anonymised or aggregate"`
	RecipientClass string     `json:"recipient_class" doc:"R21"`
	Categories     []string   `json:"categories"`
	Fields         []string   `json:"fields"`
	People         int        `json:"subjects" doc:"how many"`
	Files          int        `json:"files" doc:"how many"`
	Origin         DataOrigin `json:"data_origin"`
	Onward         []string   `json:"onward_recipients,omitempty" doc:"organisations to which the recipient will give the data on"`
	Pathway        string     `json:"pathway,omitempty" doc:"name of the pathway of referrals that it follows"`
	// Contents are the SHA-256 of the files, hex, of data about nobody: there the list of people says nothing.
	Contents []string `json:"file_digests,omitempty" doc:"SHA-256 of each file, of data about nobody"`
	Subjects string   `json:"-"` // digest of the list of people
}

// DataOrigin is where the data come from (R39).
type DataOrigin struct {
	Source    string `json:"source" doc:"own or third_party"`
	Country   string `json:"country,omitempty" doc:"ISO 3166-1 alpha-2"`
	Clearance string `json:"clearance,omitempty" doc:"id of the originator's"`
}

// Digest is the hex SHA-256 of what is asked for, as canonical JSON. The order
// of categories, fields, organisations and files does not matter; that of the
// people does. It is empty where what is declared cannot be encoded, which no
// approval covers.
func (a Asked) Digest() string {
	a.Categories, a.Fields, a.Onward, a.Contents = ordered(a.Categories), ordered(a.Fields), ordered(a.Onward), ordered(a.Contents)
	body, err := evidence.Canonical(struct {
		Asked
		Subjects string `json:"subjects_digest"`
	}{a, a.Subjects})
	if err != nil {
		return ""
	}
	return evidence.DigestOf(body)
}

func ordered(all []string) []string {
	return append([]string{}, slices.Sorted(slices.Values(all))...)
}
