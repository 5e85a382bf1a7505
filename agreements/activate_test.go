package agreements_test

import (
	"errors"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/people"
)

// ready is a signed agreement with an approved assessment.
func (w *world) ready() agreements.Agreement {
	w.t.Helper()
	a := w.signed()
	w.assess(a, assessment.Approved, nil)
	return a
}

func (w *world) suspend(name string) {
	w.t.Helper()
	w.write(func(tx allTx) error {
		p, err := tx.Person(w.ctx, w.people[name].Person)
		if err != nil {
			return err
		}
		p.Version, p.Suspension = p.Version+1, &people.Suspension{Reason: "left with the keys", By: w.people["LEG"].Person, Since: w.office.Time()}
		return tx.SavePerson(w.ctx, p)
	})
}

// Somebody holds each post in all of these, and none may act in it.
func TestActivateWithAnEmptyPost(t *testing.T) {
	for _, role := range []authz.Role{authz.HOM, authz.FP} {
		name := string(role)
		replaced := func(w *world, fit bool) {
			w.endGrant(name)
			w.holder(name, role, w.here, "")
			if fit {
				w.fit(name)
			}
		}
		for how, empty := range map[string]func(*world){
			"R42 is suspended":              func(w *world) { w.suspend(name) },
			"R44 R23 has the roles locked":  func(w *world) { replaced(w, false) },
			"R42 is suspended, as the next": func(w *world) { replaced(w, true); w.suspend(name) },
		} {
			t.Run("R35 "+name+" "+how, func(t *testing.T) {
				w := newWorld(t)
				a := w.ready()
				empty(w)
				_, err := w.Activate(w.ctx, w.people["LEG"], a.ID)
				refused(t, err, "R35")
			})
		}
		t.Run("R35 another "+name+" beside one who is suspended", func(t *testing.T) {
			w := newWorld(t)
			a := w.ready()
			w.suspend(name)
			w.holder("second "+name, role, w.here, "")
			w.fit("second " + name)
			if _, err := w.Activate(w.ctx, w.people["LEG"], a.ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// A cause is recorded at once and written into the assessments later: between
// the two the agreement must not come into force.
func TestActivateUnderACause(t *testing.T) {
	incident := func(w *world) {
		w.write(func(tx allTx) error {
			return tx.SaveStaleCause(w.ctx, assessment.Incident(newID(), "SYS", w.partner, newID(), w.office.Time()))
		})
	}
	t.Run("R40 an incident that is not yet in the assessment", func(t *testing.T) {
		w := newWorld(t)
		a := w.ready()
		incident(w)
		_, err := w.Activate(w.ctx, w.people["LEG"], a.ID)
		refused(t, err, "R40")
		w.assess(a, assessment.Approved, func(x *assessment.Assessment) { x.SubmittedAt = w.clock.Now() })
		if _, err := w.Activate(w.ctx, w.people["LEG"], a.ID); err != nil {
			t.Errorf("assessed anew: %v", err)
		}
	})
	t.Run("R40 an alert where the mission is, which the assessment does not list", func(t *testing.T) {
		w := newWorld(t)
		a := w.ready()
		w.write(func(tx allTx) error {
			all, err := tx.AssessmentsOf(w.ctx, a.ID)
			for _, x := range all {
				x.Record, x.Countries = x.Record+1, []string{"CH"}
				err = errors.Join(err, tx.SaveAssessment(w.ctx, x))
			}
			return err
		})
		w.write(func(tx allTx) error {
			return tx.SaveStaleCause(w.ctx, assessment.Cause{
				ID: newID(), Version: 1, Trigger: assessment.ConflictAlert, Subject: assessment.AboutCountry("CO"), Country: "CO", At: w.office.Time(), Actor: "LEG",
			})
		})
		_, err := w.Activate(w.ctx, w.people["LEG"], a.ID)
		refused(t, err, "R40")
	})
	t.Run("R40 nor of an amendment", func(t *testing.T) {
		w := newWorld(t)
		a := w.active()
		change := w.document()
		change.Scope.MaxSubjectsPerYear++
		a, err := w.Amend(w.ctx, w.people["FP"], a.ID, change)
		w.must(err)
		a = w.agreed(a)
		w.assess(a.UnderWay(), assessment.Approved, nil)
		incident(w)
		_, err = w.Activate(w.ctx, w.people["LEG"], a.ID)
		refused(t, err, "R40")
	})
}
