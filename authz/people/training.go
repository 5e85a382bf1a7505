package people

import (
	"context"
	"slices"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

// KindTraining is the record kind of course completions.
const KindTraining = "training"

// Languages are those in which courses are taken and undertakings signed (R44).
func Languages() []string { return []string{"en", "fr", "es"} }

// Completion is what a course says of one person (domain.md: TrainingRecord).
type Completion struct {
	Course        string    `json:"course"`
	CourseVersion string    `json:"course_version"`
	Language      string    `json:"language"` // en, fr or es
	Passed        time.Time `json:"passed"`   // midnight UTC of the day
}

// TrainingRecord is one completion of a course by one person, as somebody else
// recorded it.
type TrainingRecord struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Person  string `json:"person"`
	Completion
	Expires time.Time `json:"expires"`           // exclusive
	Expired bool      `json:"expired,omitempty"` // the log says so; what counts is the instant
	Actor   string    `json:"actor"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// NewTraining is the record of a completion, which ends when the course says so,
// if it does, or when the rules do, whichever comes first.
func NewTraining(id, person string, c Completion, ends *time.Time, r rulebook.Training, actor string, now time.Time) TrainingRecord {
	t := TrainingRecord{
		ID: id, Version: 1, Person: person, Completion: c, Expires: c.Passed.AddDate(0, 0, r.LifeDays),
		Actor: actor, Created: now, Updated: now,
	}
	if ends != nil && ends.Before(t.Expires) {
		t.Expires = *ends
	}
	return t
}

// ValidAt reports whether the record unlocks roles at an instant, by the rules
// that are in force then (R44).
func (t TrainingRecord) ValidAt(r rulebook.Training, at time.Time) bool {
	return slices.Contains(r.Courses, t.Course) && slices.Contains(Languages(), t.Language) &&
		t.livesAt(at) && at.Before(t.Passed.AddDate(0, 0, r.LifeDays))
}

// livesAt reports whether the record's own life includes the instant.
func (t TrainingRecord) livesAt(at time.Time) bool {
	return !at.Before(t.Passed) && at.Before(t.Expires)
}

// Ref names the version that was read.
func (t TrainingRecord) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindTraining, ID: t.ID, Version: t.Version}
}

// TrainingTx writes training records, and lists those that have ended and of
// which the log does not say so.
type TrainingTx interface {
	Training(ctx context.Context, id string) (TrainingRecord, error)
	SaveTrainings(ctx context.Context, all []TrainingRecord) error
	TrainingsDue(ctx context.Context, now time.Time, most int) ([]TrainingRecord, error)
}
