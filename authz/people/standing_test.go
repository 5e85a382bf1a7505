package people_test

import (
	"slices"
	"testing"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// R37: a clearance names what was read, whether it counts or not.
func TestAClearanceNamesWhatDoesNotCount(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rules := rulebook.Rules{
		Training:    rulebook.Training{Courses: []string{"privacy"}, LifeDays: 730},
		Undertaking: rulebook.Undertaking{Version: "1", LifeDays: 730},
	}
	training := func(id string, passed time.Time) people.TrainingRecord {
		return people.TrainingRecord{
			ID: id, Version: 2, Completion: people.Completion{Course: "privacy", Language: "en", Passed: passed},
			Expires: passed.AddDate(2, 0, 0), Created: passed,
		}
	}
	signed := func(id string, at time.Time) people.Undertaking {
		return people.Undertaking{ID: id, Version: 3, Text: "1", Signed: at, Expires: at.AddDate(2, 0, 0), Created: at}
	}
	p := people.Person{ID: "p", Version: 4, Suspension: &people.Suspension{}}
	person := evidence.Ref{Kind: people.KindPerson, ID: "p", Version: 4}
	long, longer, lately := now.AddDate(-3, 0, 0), now.AddDate(-4, 0, 0), now.AddDate(0, -1, 0)
	for name, row := range map[string]struct {
		standing people.Standing
		want     []evidence.Ref
	}{
		"R37 nobody": {},
		"R42 R37 who is suspended": {
			people.Standing{Person: p}, []evidence.Ref{person},
		},
		"R44 R23 R37 the newest of those that lapsed": {
			people.Standing{
				Person: p, Trainings: []people.TrainingRecord{training("t1", long), training("t2", longer)},
				Undertakings: []people.Undertaking{signed("u1", longer), signed("u2", long)},
			},
			[]evidence.Ref{person, {Kind: people.KindTraining, ID: "t1", Version: 2}, {Kind: people.KindUndertaking, ID: "u2", Version: 3}},
		},
		"R44 R23 R37 of those that count the one that does": {
			people.Standing{
				Person: p, Trainings: []people.TrainingRecord{training("t1", long), training("t2", lately)},
				Undertakings: []people.Undertaking{signed("u1", lately), signed("u2", long)},
			},
			[]evidence.Ref{person, {Kind: people.KindTraining, ID: "t2", Version: 2}, {Kind: people.KindUndertaking, ID: "u1", Version: 3}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := row.standing.Clearance(rules, now).Refs(); !slices.Equal(got, row.want) {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
}
