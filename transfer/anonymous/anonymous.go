// Package anonymous keeps what shows that data is anonymised or aggregate, and
// so may leave without consent (gate condition 4a, R19): a disclosure assessment
// of the very files, signed by the mission's focal point.
package anonymous

import (
	"context"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

// KindDisclosure is the record kind of disclosure assessments.
const KindDisclosure = "disclosure_assessment"

// Originator is an organisation from which some of the data came, and whether
// it agrees that it is shared.
type Originator struct {
	Name   string `json:"name" minLength:"1" maxLength:"200" doc:"an organisation, not a person" example:"Ministry of Health"`
	Agrees bool   `json:"agrees"`
	SHA256 string `json:"evidence_sha256,omitempty" pattern:"^[0-9a-f]{64}$" doc:"of its written agreement, hex; without it, it does not count"`
}

// DisclosureAssessment says of files, each named by its SHA-256, how small the
// smallest cell in them is and how that was found. Nothing in them is kept.
type DisclosureAssessment struct {
	ID          string       `json:"id"`
	Version     int          `json:"version"`
	Mission     string       `json:"mission"`
	Datasets    []string     `json:"datasets"` // hex SHA-256
	Countries   []string     `json:"countries"`
	Method      string       `json:"method"`
	Cell        int          `json:"smallest_cell"`
	Own         bool         `json:"all_own"` // all of it is the organisation's own
	Originators []Originator `json:"originators,omitempty"`
	Author      string       `json:"author"`
	SignedBy    string       `json:"signed_by,omitempty"`
	Signed      *time.Time   `json:"signed,omitempty"`
	ValidUntil  time.Time    `json:"valid_until"` // exclusive
	Withdrawn   *time.Time   `json:"withdrawn,omitempty"`
	WithdrawnBy string       `json:"withdrawn_by,omitempty"`
	Ended       bool         `json:"ended,omitempty" doc:"the log says that its time is over"`
	Actor       string       `json:"actor"`
	Created     time.Time    `json:"created"`
	Updated     time.Time    `json:"updated"`
}

// Ref names the version of the assessment for the log.
func (a DisclosureAssessment) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindDisclosure, ID: a.ID, Version: a.Version}
}

// State is draft, signed, withdrawn, or expired where the log says so.
func (a DisclosureAssessment) State() string {
	switch {
	case a.Withdrawn != nil:
		return "withdrawn"
	case a.Ended:
		return "expired"
	case a.Signed != nil:
		return "signed"
	default:
		return "draft"
	}
}

// counts reports whether the assessment stands at t. One that was withdrawn
// does not, whatever another replica's clock says.
func (a DisclosureAssessment) counts(t time.Time) bool {
	return a.State() == "signed" && !a.Signed.After(t) && t.Before(a.ValidUntil) && a.SignedBy != a.Author
}

// Gap is a code of gate condition 4a.
type Gap string

// The gaps, in the order of gate.md.
const (
	NotDemonstrated    Gap = "ANON_NOT_DEMONSTRATED"
	SmallCells         Gap = "ANON_SMALL_CELLS"
	OriginatorsMissing Gap = "ORIGINATOR_AUTH_MISSING"
)

// Use is what is to be sent: the digests of its files, hex SHA-256, as sealed
// or, before that, as declared; one that was not declared is empty.
type Use struct {
	Mission string
	Country string // of the mission
	Files   []string
	Rules   rulebook.MinimumCell
	At      time.Time
}

// Judge is gate condition 4a: every file is of a signed assessment of the
// mission, no cell is below the minimum, which is higher where a country that
// the data is about is in conflict, and every originator agrees in writing.
// Where several assessments are of a file each must hold. A file without an
// assessment yields only ANON_NOT_DEMONSTRATED. What was signed of a file before
// an assessment of it was withdrawn, as when people were found in it again, shows
// nothing any more.
func Judge(all []DisclosureAssessment, use Use) []Gap {
	has := map[Gap]bool{}
	if len(use.Files) == 0 {
		has[NotDemonstrated] = true
	}
	for _, file := range use.Files {
		shown := false
		for _, a := range all {
			if !a.shows(file, use) || takenBack(all, use, file, *a.Signed) {
				continue
			}
			shown = true
			has[SmallCells] = has[SmallCells] || a.Cell < minimum(a, use)
			has[OriginatorsMissing] = has[OriginatorsMissing] || !a.agreed()
		}
		has[NotDemonstrated] = has[NotDemonstrated] || !shown
	}
	return slices.DeleteFunc([]Gap{NotDemonstrated, SmallCells, OriginatorsMissing}, func(g Gap) bool { return !has[g] })
}

// Released is what is left of gate condition 4a for what was released already:
// nothing that was released under an assessment leaves after it was withdrawn,
// until another is signed. That its time is over, or that a minimum is higher
// now, does not stop it.
func Released(all []DisclosureAssessment, use Use) []Gap {
	for _, file := range use.Files {
		if !takenBack(all, use, file, time.Time{}) {
			continue
		}
		if !slices.ContainsFunc(all, func(a DisclosureAssessment) bool {
			return a.stood(file, use) && !takenBack(all, use, file, *a.Signed)
		}) {
			return []Gap{NotDemonstrated}
		}
	}
	return nil
}

// shows reports whether the assessment is of the file, in the mission, and stands.
func (a DisclosureAssessment) shows(file string, use Use) bool {
	return a.stood(file, use) && a.counts(use.At)
}

// stood reports whether the assessment is of the file, in the mission, and was
// not withdrawn since it was signed; its time may be over.
func (a DisclosureAssessment) stood(file string, use Use) bool {
	return file != "" && a.Mission == use.Mission && slices.Contains(a.Datasets, file) && a.Signed != nil && a.Withdrawn == nil && a.SignedBy != a.Author
}

// takenBack reports whether a signed assessment of the file was withdrawn, at
// since or later.
func takenBack(all []DisclosureAssessment, use Use, file string, since time.Time) bool {
	return slices.ContainsFunc(all, func(a DisclosureAssessment) bool {
		return a.Withdrawn != nil && a.Signed != nil && a.Mission == use.Mission && slices.Contains(a.Datasets, file) && !a.Withdrawn.Before(since)
	})
}

func minimum(a DisclosureAssessment, use Use) int {
	conflict := func(country string) bool {
		return slices.ContainsFunc(use.Rules.Conflicts, func(c string) bool { return strings.EqualFold(c, country) })
	}
	if conflict(use.Country) || slices.ContainsFunc(a.Countries, conflict) {
		return max(use.Rules.Conflict, use.Rules.Usual)
	}
	return use.Rules.Usual
}

// agreed: somebody said whose data it is, and every other organisation agrees
// in writing.
func (a DisclosureAssessment) agreed() bool {
	return (a.Own || len(a.Originators) > 0) &&
		!slices.ContainsFunc(a.Originators, func(o Originator) bool { return !o.Agrees || !evidence.IsDigest(o.SHA256) })
}

func (a DisclosureAssessment) refuse(event, guard, mend string) (DisclosureAssessment, error) {
	return DisclosureAssessment{}, &lifecycle.TransitionError{Entity: KindDisclosure, State: a.State(), Event: event, Guard: guard, Mend: mend}
}

// sign is the focal point's act; never the author's.
func (a DisclosureAssessment) sign(person string, now time.Time) (DisclosureAssessment, error) {
	switch {
	case a.State() != "draft":
		return a.refuse("sign", "only a draft is signed", "write another one")
	case person == a.Author:
		return a.refuse("sign", "the author does not sign", "ask another focal point of the mission")
	case !now.Before(a.ValidUntil):
		return a.refuse("sign", "its time is over", "write another one")
	}
	a.Version, a.SignedBy, a.Signed, a.Actor, a.Updated = a.Version+1, person, &now, person, now
	return a, nil
}

func (a DisclosureAssessment) withdraw(person string, now time.Time) (DisclosureAssessment, error) {
	if a.Withdrawn != nil {
		return a.refuse("withdraw", "it is withdrawn already", "nothing rests on it")
	}
	a.Version, a.Withdrawn, a.WithdrawnBy, a.Actor, a.Updated = a.Version+1, &now, person, person, now
	return a, nil
}

// DisclosureTx reads and writes disclosure assessments.
type DisclosureTx interface {
	Disclosure(ctx context.Context, id string) (DisclosureAssessment, error)
	// DisclosuresOf lists those of the mission that are about any of the files
	// and whose time is not over at t, by id: one query, however many there are.
	DisclosuresOf(ctx context.Context, mission string, files []string, t time.Time) ([]DisclosureAssessment, error)
	// DisclosuresDue lists those that are over at now and that the log does not
	// say so of, the longest over first, at most so many.
	DisclosuresDue(ctx context.Context, now time.Time, most int) ([]DisclosureAssessment, error)
	SaveDisclosure(ctx context.Context, a DisclosureAssessment) error
}
