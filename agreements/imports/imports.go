// Package imports reads the list with which paper agreements that were signed before are brought in: one row each, in CSV
// (RFC 4180). It finds everything that is wrong with the form of the rows; what they name is checked by the agreements desk.
package imports

import (
	"fmt"
	"strings"
	"time"
)

// Most is how many rows one list may have.
const Most = 500

// Row is one paper agreement. Line is where it stands in the list, the header being line 1.
type Row struct {
	Line                   int      `json:"line" minimum:"2" maximum:"1000000" example:"2" doc:"where it stands in the list, the header being line 1"`
	Partner                string   `json:"partner" minLength:"1" maxLength:"128"`
	Mission                string   `json:"mission" minLength:"1" maxLength:"128"`
	FurtherMissions        []string `json:"further_missions,omitempty" nullable:"false" maxItems:"500" doc:"missions that send under it too, beside the one that signed it"`
	Programmes             []string `json:"programmes,omitempty" nullable:"false" maxItems:"500"`
	Type                   string   `json:"type" enum:"data_sharing,controller_processor,joint_controllers"`
	Title                  string   `json:"title" minLength:"1" maxLength:"300"`
	Language               string   `json:"language" enum:"en,fr,es"`
	Purposes               []string `json:"purposes" nullable:"false" maxItems:"500" doc:"ids of purposes"`
	SubjectTypes           []string `json:"subject_types" nullable:"false" maxItems:"20" example:"[\"beneficiary\"]"`
	Categories             []string `json:"categories" nullable:"false" maxItems:"500" example:"[\"identity\"]"`
	Fields                 []string `json:"fields" nullable:"false" maxItems:"1000" example:"[\"given_name\"]"`
	RecipientCountries     []string `json:"recipient_countries" nullable:"false" maxItems:"250" example:"[\"NE\"]"`
	StorageCountries       []string `json:"storage_countries" nullable:"false" maxItems:"250" example:"[\"NE\"]"`
	TransferMechanism      string   `json:"transfer_mechanism,omitempty" maxLength:"300" doc:"by which data may leave the country that they come from, where the rules ask for one (R39)" example:"Standard contractual clauses"`
	OnwardRecipients       []string `json:"onward_recipients,omitempty" nullable:"false" maxItems:"500" doc:"none means that nothing goes onward"`
	MaxSubjectsPerTransfer int      `json:"max_subjects_per_transfer" minimum:"1" example:"100"`
	MaxSubjectsPerYear     int      `json:"max_subjects_per_year" minimum:"1" example:"2500"`
	// Parent is the agreement that the paper hangs on.
	Parent        string         `json:"parent,omitempty" maxLength:"128" doc:"id of the agreement that it hangs on"`
	RetentionDays map[string]int `json:"retention_days" doc:"per category code" example:"{\"identity\":90}"`
	EffectiveFrom time.Time      `json:"effective_from" example:"2026-02-01T00:00:00Z"`
	ValidUntil    time.Time      `json:"valid_until" doc:"exclusive instant" example:"2027-02-01T00:00:00Z"`
	Clauses       []string       `json:"clauses" nullable:"false" maxItems:"25" doc:"codes of the clauses that the paper holds" example:"[\"C01\"]"`
	// ConsentCollectedBy is to whom the paper's clause C06 gives the collection of consent; the organisation where it is empty (R10).
	ConsentCollectedBy string     `json:"consent_collected_by,omitempty" enum:"organisation,partner" doc:"to whom its clause on consent (C06) gives the collection of consent; the organisation where it is left out (R10)"`
	Safeguards         Safeguards `json:"safeguards,omitzero" doc:"as its Annex II lists them (R54)"`
	IOM                Signatory  `json:"iom" doc:"who signed for IOM"`
	Other              Signatory  `json:"other" doc:"who signed for the partner"`
	ScanSHA256         string     `json:"scan_sha256" pattern:"^[0-9a-f]{64}$" doc:"SHA-256 of the scan, which is sent after"`
	// Scan is the name of the scan's file, for whoever sends it; it is not sent.
	Scan string `json:"-"`
}

// Safeguards are those that a paper lists in its Annex II, in their three kinds (R54). A paper that lists none leaves them out.
type Safeguards struct {
	Institutional []string `json:"institutional,omitempty" nullable:"false" maxItems:"50" doc:"rules, responsibilities, training, control"`
	Technical     []string `json:"technical,omitempty" nullable:"false" maxItems:"50" doc:"access, encryption, software, logs, backups"`
	Physical      []string `json:"physical,omitempty" nullable:"false" maxItems:"50" doc:"premises, equipment, paper"`
}

// Signatory is who signed the paper for a party.
type Signatory struct {
	Name     string    `json:"name" minLength:"1" maxLength:"200" personal:"true"`
	Title    string    `json:"title" minLength:"1" maxLength:"200" personal:"true"`
	SignedAt time.Time `json:"signed_at" example:"2026-02-01T00:00:00Z"`
}

// Finding is what is wrong with one row, and how to mend it. It does not repeat the value.
type Finding struct {
	Line    int    `json:"line"`
	Column  string `json:"column"`
	Problem string `json:"problem"`
	Mend    string `json:"mend"`
}

// String is the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("line %d, column %s: %s; %s", f.Line, f.Column, f.Problem, f.Mend)
}

// Error says that nothing was imported, and everything that is in the way.
type Error struct{ Findings []Finding }

// Error is the first findings, in lines.
func (e *Error) Error() string {
	const shown = 5
	lines := make([]string, 0, shown)
	for _, f := range e.Findings[:min(shown, len(e.Findings))] {
		lines = append(lines, f.String())
	}
	if more := len(e.Findings) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return "nothing was imported: " + strings.Join(lines, ". ")
}

// Checked is an Error of the findings, or nil where there is none.
func Checked(findings []Finding) error {
	if len(findings) == 0 {
		return nil
	}
	return &Error{findings}
}
