package rulebook

import (
	"bytes"
	_ "embed" // the first edition is data
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
)

//go:embed shipped.json
var shipped []byte

var mediaType = regexp.MustCompile(`^[a-z]+/[a-z0-9][a-z0-9.+-]{0,126}$`)

// ErrInvalid says what is wrong with rules, in a text for who wrote them.
var ErrInvalid = errors.New("invalid rules")

// Shipped is the book as the program brings it: edition 1, version 0, never recorded.
func Shipped() (Book, error) {
	r, err := parse(shipped)
	if err != nil {
		return Book{}, fmt.Errorf("reading the rules that ship with the program: %w", err)
	}
	sum, err := digest(r)
	if err != nil {
		return Book{}, err
	}
	return Book{ID: ID, Current: Edition{
		Number: 1, Rules: r, Author: string(authz.SYS), Approver: string(authz.SYS), Reason: "shipped with the program", Digest: sum,
	}}, nil
}

func parse(body []byte) (Rules, error) {
	var r Rules
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Rules{}, fmt.Errorf("decoding: %w", err)
	}
	return r, r.Validate()
}

// Words of the specification that the rules may name. The packages of agreements and transfers have types for them, and tests
// that hold them equal.
func bands() []string         { return []string{"LOW", "MODERATE", "HIGH", "SEVERE"} }
func sensitivities() []string { return []string{"low", "moderate", "high", "severe"} }
func kinds() []string         { return []string{"un_io", "ngo", "government", "company", "academic"} }

// Validate reports the first rule that cannot be meant. Recipient classes that nobody may enrol under (R21: other
// participants, public, media) cannot be allowed by an edition.
func (r Rules) Validate() error {
	for _, n := range []struct {
		name  string
		value int
	}{
		{"transfer.window_hours", r.Transfer.WindowHours},
		{"transfer.pull_limit", r.Transfer.PullLimit},
		{"transfer.session_hours", r.Transfer.SessionHours},
		{"transfer.held_days", r.Transfer.HeldDays},
		{"transfer.lease_minutes", r.Transfer.LeaseMinutes},
		{"transfer.recall_days", r.Transfer.RecallDays},
		{"training.life_days", r.Training.LifeDays},
		{"undertaking.life_days", r.Undertaking.LifeDays},
		{"vetting.life_days", r.Vetting.LifeDays},
		{"minimum_cell.usual", r.MinimumCell.Usual},
		{"minimum_cell.conflict", r.MinimumCell.Conflict},
		{"agreement.suspension_hours", r.Agreement.SuspensionHours},
		{"approval.dpo_days", r.Approval.DPODays},
		{"approval.standing_days", r.Approval.StandingDays},
	} {
		if n.value < 1 || n.value > 100_000 {
			return fmt.Errorf("%w: %s must lie between 1 and 100000", ErrInvalid, n.name)
		}
	}
	if r.MinimumCell.Conflict < r.MinimumCell.Usual {
		return fmt.Errorf("%w: minimum_cell.conflict must not be below minimum_cell.usual", ErrInvalid)
	}
	for _, l := range []struct {
		name          string
		values, known []string
	}{
		{"second_person.bands", r.SecondPerson.Bands, bands()},
		{"second_person.sensitivities", r.SecondPerson.Sensitivities, sensitivities()},
		{"approval.legal_singly_bands", r.Approval.SinglyBands, bands()},
	} {
		if i := slices.IndexFunc(l.values, func(v string) bool { return !slices.Contains(l.known, v) }); i >= 0 {
			return fmt.Errorf("%w: %s[%d] is none of %s", ErrInvalid, l.name, i, strings.Join(l.known, ", "))
		}
	}
	for _, l := range []struct {
		name      string
		countries []string
	}{
		{"jurisdiction.restricted", r.Jurisdiction.Restricted},
		{"jurisdiction.mechanism_needed", r.Jurisdiction.Mechanism},
		{"minimum_cell.conflict_countries", r.MinimumCell.Conflicts},
	} {
		if i := slices.IndexFunc(l.countries, func(c string) bool { return !IsCountry(c) }); i >= 0 {
			return fmt.Errorf("%w: %s[%d] is not an ISO 3166-1 alpha-2 code in capitals", ErrInvalid, l.name, i)
		}
	}
	if err := r.validateLives(); err != nil {
		return err
	}
	return r.validateWords()
}

func (r Rules) validateWords() error {
	for i, pattern := range r.Nature.PersonalFields {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || len(pattern) > 100 || pattern != strings.ToLower(pattern) {
			return fmt.Errorf("%w: nature.personal_fields[%d] is no name of a field in small letters, with * for any letters", ErrInvalid, i)
		}
	}
	if len(r.Assurances) == 0 || slices.ContainsFunc(r.Assurances, func(a authz.Assurance) bool {
		return a != authz.AssuranceMFA && a != authz.AssuranceVouched
	}) {
		return fmt.Errorf("%w: assurances are mfa, vouched, or both", ErrInvalid) // R50: never none
	}
	if i := slices.IndexFunc(r.Transfer.MatchedTypes, func(m string) bool { return !mediaType.MatchString(m) }); i >= 0 || len(r.Transfer.MatchedTypes) > 100 {
		return fmt.Errorf("%w: transfer.matched_types are at most 100 media types in small letters, such as text/csv", ErrInvalid)
	}
	if len(r.Training.Courses) == 0 || slices.Contains(r.Training.Courses, "") || r.Undertaking.Version == "" {
		return fmt.Errorf("%w: training.courses and undertaking.version are needed", ErrInvalid)
	}
	if slices.ContainsFunc(r.Agreement.ExpiryNotices, func(days int) bool { return days < 1 || days > mostNotice }) {
		return fmt.Errorf("%w: agreement.expiry_notice_days lie between 1 and %d", ErrInvalid, mostNotice)
	}
	for class, of := range r.Classes {
		if !MayReceive(class) {
			return fmt.Errorf("%w: recipient_classes may allow %s", ErrInvalid, strings.Join(receiving(), ", "))
		}
		if slices.ContainsFunc(of, func(k string) bool { return !slices.Contains(kinds(), k) }) {
			return fmt.Errorf("%w: recipient_classes.%s lists kinds of partner: %s", ErrInvalid, class, strings.Join(kinds(), ", "))
		}
	}
	for _, c := range []struct{ name, text string }{{"legal", r.Contacts.Legal}, {"dpo", r.Contacts.DPO}, {"course", r.Contacts.Course}} {
		if strings.TrimSpace(c.text) == "" || len(c.text) > 300 {
			return fmt.Errorf("%w: contacts.%s has 1 to 300 characters (R56)", ErrInvalid, c.name)
		}
	}
	return r.Principles.validate()
}

var versionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

// validate wants all of it: no edition is without principles (R37).
func (p Principles) validate() error {
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil || strings.TrimSpace(p.Name) == "" || len(p.Name) > 200 || !versionForm.MatchString(p.Version) {
		return fmt.Errorf("%w: principles have a name, a version of letters, digits and . _ / -, and a date such as 2009-05-01 (R37)", ErrInvalid)
	}
	return nil
}

// IsCountry holds for the form of an ISO 3166-1 alpha-2 code: two capital letters.
func IsCountry(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
}
