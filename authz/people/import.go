package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

// ImportTrainings records course completions from CSV, all or none: an
// ImportError names every row at fault. For a mission, of its own people, by its
// focal point or by Legal; without one, of anybody, by Legal. Nobody records
// their own (separation of duties 8).
func (r *Register) ImportTrainings(ctx context.Context, c authz.Caller, mission string, from io.Reader) ([]TrainingRecord, error) {
	if mission != "" && !c.In(mission) {
		return nil, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindTraining, Mission: mission}
	role, err := r.office.Authorise(ctx, c, authz.TrainingRecord, res)
	if err != nil {
		return nil, err
	}
	rows, err := read(from)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(rows, func(x row) bool { return x.person == c.Person }) {
		return nil, errors.Join(ErrOwnAccess, r.denyOwn(ctx, c, authz.TrainingRecord, res))
	}
	var all []TrainingRecord
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if mission != "" {
			if _, err := tx.Mission(ctx, mission); err != nil {
				return err
			}
		}
		if all, err = r.newTrainings(ctx, tx, c, mission, rows); err != nil {
			return err
		}
		if err := tx.SaveTrainings(ctx, all); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.TrainingRecord, res))
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// read reads every row, or answers with the faults of those that have any.
func read(from io.Reader) ([]row, error) {
	var rows []row
	var faults []RowFault
	for x := range completions(from) {
		if faults = append(faults, x.faults...); len(faults) >= MaxFaults {
			break
		}
		rows = append(rows, x)
	}
	return rows, faulty(faults)
}

func faulty(faults []RowFault) error {
	if len(faults) == 0 {
		return nil
	}
	return &ImportError{Faults: faults[:min(len(faults), MaxFaults)]}
}

// newTrainings are the records of the rows, judged by what the register and the
// rules have.
func (r *Register) newTrainings(ctx context.Context, tx Tx, c authz.Caller, mission string, rows []row) ([]TrainingRecord, error) {
	now := r.office.Time()
	rules, err := r.rules(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	persons := map[string]bool{}
	for _, x := range rows {
		persons[x.person] = true
	}
	standing, err := tx.StandingOf(ctx, slices.Collect(maps.Keys(persons)))
	if err != nil {
		return nil, err
	}
	var all []TrainingRecord
	var faults []RowFault
	seen := map[string]int{}
	for _, x := range rows {
		s := standing[x.person]
		t := NewTraining(r.office.NewID(), x.person, x.Completion, x.ends, rules.Training, c.Person, now)
		switch {
		case !s.Person.KnownTo(c) || mission != "" && s.Person.Mission != mission:
			x.fault("person", "nobody of that id is there for you: look the id up, or have Legal import the row")
		case seen[t.mark()] > 0:
			x.fault("", fmt.Sprintf("leave the row out: it repeats row %d", seen[t.mark()]))
		default:
			x.judge(t, s, rules.Training, now)
		}
		seen[t.mark()] = x.n
		faults, all = append(faults, x.faults...), append(all, t)
	}
	return all, faulty(faults)
}

// judge finds what the rules and the person's other records have against a row.
func (x *row) judge(t TrainingRecord, s Standing, r rulebook.Training, now time.Time) {
	if !slices.Contains(r.Courses, t.Course) {
		x.fault("course", "the course is not one that counts: "+strings.Join(r.Courses, ", "))
	}
	if t.Passed.After(now) {
		x.fault("passed", "the day is yet to come: import the row when the course is passed")
	}
	if !t.Expires.After(now) {
		x.fault("passed", fmt.Sprintf("it has expired: a completion counts for at most %d days; the course is to be taken again", r.LifeDays))
	}
	if slices.ContainsFunc(s.Trainings, func(had TrainingRecord) bool { return had.mark() == t.mark() }) {
		x.fault("", "leave the row out: it is recorded already")
	}
}

// mark is what two records of the same completion have in common.
func (t TrainingRecord) mark() string {
	return strings.Join([]string{t.Person, t.Course, t.CourseVersion, t.Passed.Format(time.DateOnly)}, "\x00")
}

// Training answers with a training record: one's own, or one of a person whom
// the caller may know of.
func (r *Register) Training(ctx context.Context, c authz.Caller, id string) (TrainingRecord, error) {
	var t TrainingRecord
	var p Person
	if err := r.store.View(ctx, func(tx Tx) (err error) {
		if t, err = tx.Training(ctx, id); err != nil {
			return err
		}
		p, err = tx.Person(ctx, t.Person)
		return err
	}); err != nil {
		return TrainingRecord{}, err
	}
	if !p.KnownTo(c) {
		return TrainingRecord{}, evidence.ErrNotFound
	}
	if p.ID == c.Person {
		return t, nil
	}
	if _, err := r.office.Authorise(ctx, c, authz.TrainingRead, authz.Resource{Kind: KindTraining, ID: id, Mission: p.Mission, Partner: p.Partner}); err != nil {
		return TrainingRecord{}, err
	}
	return t, nil
}
