// Package peopletest makes people of tests fit to act: trained, and with their undertaking signed.
package peopletest

import (
	"context"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
)

// Completed is a completion of the course that counts, of the day before now.
func Completed(now time.Time) people.Completion {
	day := now.UTC().AddDate(0, 0, -1).Truncate(24 * time.Hour)
	return people.Completion{Course: "data_protection", CourseVersion: "1", Language: "en", Passed: day}
}

// CSV is an import of that completion for each of some persons.
func CSV(now time.Time, persons ...string) string {
	c := Completed(now)
	var b strings.Builder
	b.WriteString("person,course,version,language,passed\n")
	for _, p := range persons {
		b.WriteString(strings.Join([]string{p, c.Course, c.CourseVersion, c.Language, c.Passed.Format(time.DateOnly)}, ",") + "\n")
	}
	return b.String()
}

// Sign has a person sign the undertaking in force.
func Sign(ctx context.Context, r *people.Register, person string) error {
	text, err := r.UndertakingText(ctx, "en")
	if err != nil {
		return err
	}
	_, err = r.SignUndertaking(ctx, authz.Caller{Person: person}, text.Version, text.Language, text.Digest)
	return err
}

// Fit has somebody who may record the person's training, and the person sign.
func Fit(ctx context.Context, r *people.Register, by authz.Caller, now time.Time, person string) error {
	if _, err := r.ImportTrainings(ctx, by, "", strings.NewReader(CSV(now, person))); err != nil {
		return err
	}
	return Sign(ctx, r, person)
}
