package assessment

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// KindAlert is the kind under which alerts are acted upon; they are causes.
const KindAlert = KindCause

const (
	settleCauses = 20  // at a call
	settleMost   = 100 // assessments of each
)

// RaiseAlert records that a country is in conflict. All that was submitted for
// it before, and by the missions in it, is stale from then on; what is assessed
// anew can be approved.
func (d *Desk) RaiseAlert(ctx context.Context, c authz.Caller, country, reason string) (Cause, error) {
	res := authz.Resource{Kind: KindAlert, ID: d.office.NewID()}
	role, err := d.office.Authorise(ctx, c, authz.AlertRaise, res)
	if err != nil {
		return Cause{}, err
	}
	if !rulebook.IsCountry(country) || strings.TrimSpace(reason) == "" {
		return Cause{}, fmt.Errorf("%w: an alert needs a two-letter country code in capitals and a reason", people.ErrInvalid)
	}
	var alerted Cause
	_, err = d.store.Update(ctx, func(tx Tx) error {
		alerted = alert(res.ID, c.Person, country, reason, d.office.Time())
		if err := tx.SaveStaleCause(ctx, alerted); err != nil {
			return err
		}
		e := d.office.Entry(c, role, evidence.Change, authz.AlertRaise, res)
		e.Result = authz.Raised
		return tx.Record(ctx, e)
	})
	return alerted, err
}

// LiftAlert records that the country is no longer in conflict. What the alert
// made stale stays stale, and is assessed anew.
func (d *Desk) LiftAlert(ctx context.Context, c authz.Caller, id, reason string) (Cause, error) {
	res := authz.Resource{Kind: KindAlert, ID: id}
	role, err := d.office.Authorise(ctx, c, authz.AlertRaise, res)
	if err != nil {
		return Cause{}, err
	}
	var lifted Cause
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if lifted, err = tx.StaleCause(ctx, id); err != nil {
			return err
		}
		if lifted.Trigger != ConflictAlert {
			return evidence.ErrNotFound
		}
		if !lifted.LiftedAt.IsZero() || strings.TrimSpace(reason) == "" {
			state := map[bool]string{true: "raised", false: "lifted"}[lifted.LiftedAt.IsZero()]
			return &lifecycle.TransitionError{
				Entity: "alert", State: state, Event: "lift", Guard: "raised, and a reason given", Mend: "say why; a lifted alert is not lifted again",
			}
		}
		lifted = d.advanced(lifted, c.Person)
		lifted.LiftedAt, lifted.LiftedBy, lifted.LiftReason = lifted.Updated, c.Person, reason
		if err := tx.SaveStaleCause(ctx, lifted); err != nil {
			return err
		}
		e := d.office.Entry(c, role, evidence.Change, authz.AlertRaise, res)
		e.Result = "lifted"
		return tx.Record(ctx, e)
	})
	if err = d.told(ctx, c, authz.AlertRaise, res, err); err != nil {
		return Cause{}, err
	}
	return lifted, nil
}

func (d *Desk) advanced(c Cause, person string) Cause {
	c.Version, c.Actor, c.Updated = c.Version+1, person, d.office.Time()
	return c
}

// Alerts lists the alerts, newest first, lifted ones too.
func (d *Desk) Alerts(ctx context.Context, c authz.Caller, p evidence.Page) (all evidence.Listed[Cause], err error) {
	if _, err := d.office.Authorise(ctx, c, authz.TermsRead, authz.Resource{Kind: KindAlert}); err != nil {
		return all, err
	}
	err = d.store.View(ctx, func(tx Tx) (err error) { all, err = tx.ConflictAlerts(ctx, p); return err })
	return all, err
}

// Alert answers with one alert.
func (d *Desk) Alert(ctx context.Context, c authz.Caller, id string) (Cause, error) {
	if _, err := d.office.Authorise(ctx, c, authz.TermsRead, authz.Resource{Kind: KindAlert, ID: id}); err != nil {
		return Cause{}, err
	}
	var a Cause
	err := d.store.View(ctx, func(tx Tx) (err error) { a, err = tx.StaleCause(ctx, id); return err })
	if err == nil && a.Trigger != ConflictAlert {
		err = evidence.ErrNotFound
	}
	if err != nil {
		return Cause{}, err
	}
	return a, nil
}

// ExpireDue expires the assessments whose validity is over, each in a transaction
// of its own, at most a hundred at a call; it answers with how many. The gate
// does not wait for it.
func (d *Desk) ExpireDue(ctx context.Context) (int, error) {
	var due []Assessment
	now := d.office.Time()
	if err := d.store.View(ctx, func(tx Tx) (err error) { due, err = tx.AssessmentsDue(ctx, now, settleMost); return err }); err != nil {
		return 0, err
	}
	return d.each(ctx, due, "assessment.expire", func(a Assessment, _ Assessed) (Assessment, error) { return a.Expire(now) })
}

// SettleDue writes into the assessments what the causes have made of them, each
// in a transaction of its own with its entry, and answers with how many. Gate
// and readers do not wait for it: see Cause.
func (d *Desk) SettleDue(ctx context.Context) (int, error) {
	var causes []Cause
	now := d.office.Time()
	if err := d.store.View(ctx, func(tx Tx) (err error) { causes, err = tx.UnsettledCauses(ctx, now, settleCauses); return err }); err != nil {
		return 0, err
	}
	n := 0
	var failed error
	for _, c := range causes {
		done, err := d.settle(ctx, c)
		n, failed = n+done, errors.Join(failed, err)
	}
	return n, failed
}

func (d *Desk) settle(ctx context.Context, c Cause) (int, error) {
	var hit []Assessment
	if err := d.store.View(ctx, func(tx Tx) (err error) { hit, err = tx.AssessmentsHit(ctx, c, settleMost); return err }); err != nil {
		return 0, err
	}
	now := d.office.Time()
	n, err := d.each(ctx, hit, "assessment.stale", func(a Assessment, of Assessed) (Assessment, error) {
		if !c.hits(a, of.Setting, now) {
			return Assessment{}, a.refuse("mark stale", "concerned by the cause", "nothing to do")
		}
		return a.MarkStale(c.Trigger, c.ID, now)
	})
	if err != nil || len(hit) == settleMost {
		return n, err
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		c, err := tx.StaleCause(ctx, c.ID)
		if err != nil || c.Settled {
			return err
		}
		system := authz.System("")
		c = d.advanced(c, system.Person)
		c.Settled = true
		if err := tx.SaveStaleCause(ctx, c); err != nil {
			return err
		}
		return tx.Record(ctx, d.office.Entry(system, authz.SYS, evidence.Change, "assessment.settle", authz.Resource{Kind: KindCause, ID: c.ID}))
	})
	if errors.Is(err, evidence.ErrConflict) { // another replica, or its lifting; the next call settles it
		err = nil
	}
	return n, err
}

// each moves assessments by the clock, each in a transaction of its own; one that
// somebody else moved meanwhile is passed over.
func (d *Desk) each(ctx context.Context, all []Assessment, action authz.Action, step func(Assessment, Assessed) (Assessment, error)) (int, error) {
	n := 0
	var failed error
	for _, a := range all {
		_, err := d.store.Update(ctx, func(tx Tx) error {
			a, err := tx.Assessment(ctx, a.ID)
			if err != nil {
				return err
			}
			of, err := assessed(ctx, tx, a.Agreement, a.Mission)
			if err != nil {
				return err
			}
			if a, err = step(a, of); err != nil {
				return err
			}
			return d.save(ctx, tx, authz.System(""), authz.SYS, action, of, &a)
		})
		switch {
		case err == nil:
			n++
		case errors.Is(err, evidence.ErrConflict), errors.Is(err, lifecycle.ErrIllegal):
		default:
			failed = errors.Join(failed, err)
		}
	}
	return n, failed
}
