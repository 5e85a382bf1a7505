package agreements

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// Activate puts a signed agreement in force, or the amendment of one. With an
// amendment the assessments of the agreement are settled in the same
// transaction: where it is broader they go stale, and one of the new version
// must be approved; where it is not they hold.
func (d *Desk) Activate(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementActivate, id, "activate", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		doc := a.UnderWay().Document
		if err := lockBoth(ctx, tx, id, doc.Supersedes); err != nil {
			return a, err
		}
		posts, err := inPosts(ctx, tx, doc.Missions(), act.At)
		if err != nil {
			return a, err
		}
		all, err := tx.AssessmentsOf(ctx, id)
		if err != nil {
			return a, err
		}
		if a.Amendment == nil {
			if all, err = underCauses(ctx, tx, a, all, act.At); err != nil {
				return a, err
			}
			next, err := a.Activate(posts, assessed(all, doc, act.At), act)
			return next, cmp.Or(err, a.notItsAuthor(ctx, tx, act), doc.succeed(ctx, tx, act))
		}
		if all, err = d.settleAll(ctx, tx, a, all, act); err != nil {
			return a, err
		}
		if all, err = underCauses(ctx, tx, a, all, act.At); err != nil {
			return a, err
		}
		next, err := a.activateAmendment(posts, assessed(all, doc, act.At), act)
		return next, cmp.Or(err, a.notItsAuthor(ctx, tx, act), doc.succeed(ctx, tx, act))
	})
}

// lockBoth locks the agreement, and the one whose place it takes where it takes
// one's: before the causes, as decisions do.
func lockBoth(ctx context.Context, tx Tx, id, old string) error {
	if err := tx.LockAgreement(ctx, id); err != nil || old == "" {
		return err
	}
	return tx.LockAgreement(ctx, old)
}

// succeed ends the agreement whose place the document's takes, in the transaction
// in which the document comes into force: both parties signed that it does. What
// was asked for under the older one is released and pulled no more, and one that
// has expired is not renewed any more.
func (doc Document) succeed(ctx context.Context, tx Tx, act Act) error {
	if doc.Supersedes == "" {
		return nil
	}
	old, err := tx.Agreement(ctx, doc.Supersedes)
	if err != nil || !slices.Contains([]State{Active, Suspended, Expired}, old.State) {
		return err
	}
	act.Event, act.Reason = "superseded", "agreement "+doc.Agreement+" took its place"
	return tx.SaveAgreement(ctx, old.next(Terminated, act))
}

// inPosts is inPost of the first mission that lacks one, or of the last: each
// that sends under the agreement needs its own (R35).
func inPosts(ctx context.Context, tx Tx, missions []string, now time.Time) (posts Posts, err error) {
	for _, m := range missions {
		if posts, err = inPost(ctx, tx, m, now); err != nil || !posts.Controller || !posts.FocalPoint {
			return posts, err
		}
	}
	return posts, nil
}

// inPost says which posts of the mission somebody holds who may act in them
// (R35): whose roles are suspended or locked is not in post (R42, R44, R23).
func inPost(ctx context.Context, tx Tx, mission string, now time.Time) (Posts, error) {
	posts := Posts{Mission: mission}
	for role, held := range map[authz.Role]*bool{authz.HOM: &posts.Controller, authz.FP: &posts.FocalPoint} {
		holders, err := tx.Holders(ctx, role, mission)
		if err != nil {
			return posts, err
		}
		var persons []string
		for _, g := range holders {
			if g.LiveAt(now) {
				persons = append(persons, g.Person)
			}
		}
		cleared, err := people.Clear(ctx, tx, persons, now)
		if err != nil {
			return posts, err
		}
		*held = slices.ContainsFunc(persons, func(p string) bool { return !cleared[p].Stopped() && len(cleared[p].Locks()) == 0 })
	}
	return posts, nil
}

// underCauses are the assessments as the causes leave them that are recorded and
// not written into them yet: the gate refuses on those at once. No other cause
// commits until the transaction ends.
func underCauses(ctx context.Context, tx Tx, a Agreement, all []assessment.Assessment, now time.Time) ([]assessment.Assessment, error) {
	if err := tx.HoldCauses(ctx); err != nil {
		return nil, err
	}
	missions, err := tx.Missions(ctx)
	if err != nil {
		return nil, err
	}
	countries := assessment.CountriesOf(missions)
	setting := func(x assessment.Assessment) assessment.Setting {
		return assessment.Setting{Partner: a.Document.Partner, Country: countries[x.Mission]}
	}
	var about []string
	for _, x := range all {
		about = append(about, x.Concerns(setting(x))...)
	}
	slices.Sort(about)
	causes, err := tx.StaleCauses(ctx, slices.Compact(about), now)
	if err != nil {
		return nil, err
	}
	all = slices.Clone(all)
	for i, x := range all {
		all[i], _ = x.Under(causes, setting(x), now)
	}
	return all, nil
}

// assessed reports whether the signing mission has an approved assessment of the
// document: one that the band let be approved, since what was derogated from is for
// one transfer alone (R40). That of a mission which shares it is asked of its own transfers
// (condition 16).
func assessed(all []assessment.Assessment, doc Document, now time.Time) bool {
	return slices.ContainsFunc(all, func(x assessment.Assessment) bool {
		return x.Mission == doc.Mission && x.State == assessment.Approved && x.Result.Approvable && x.AgreementVersion == doc.Version && now.Before(x.ValidUntil)
	})
}

// settleAll saves what the activation of the amendment does to the assessments
// of the agreement, and answers with all as they are then. Nothing of it stays
// where the activation is refused: it is one transaction, which has locked the
// agreement.
func (d *Desk) settleAll(ctx context.Context, tx Tx, a Agreement, all []assessment.Assessment, act Act) ([]assessment.Assessment, error) {
	broader, cause := Broader(a.Document.Scope, a.Amendment.Document.Scope), ""
	if len(broader) > 0 {
		cause = d.office.NewID()
	}
	settled := slices.Clone(all)
	for i, x := range all {
		x, changed, err := a.settle(x, trigger(broader), cause, act.At)
		if err != nil {
			return nil, err
		}
		if !changed {
			continue
		}
		if err := tx.SaveAssessment(ctx, x); err != nil {
			return nil, err
		}
		settled[i] = x
	}
	if cause == "" {
		return settled, nil
	}
	return settled, tx.SaveStaleCause(ctx, assessment.Amended(cause, act.Person, trigger(broader), a.ID, a.Amendment.Document.Version, act.At))
}

// Suspend stops an agreement at once. Of a suspension by the mission,
// headquarters decides within the hours of the rulebook.
func (d *Desk) Suspend(ctx context.Context, c authz.Caller, id, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementSuspend, id, "suspend", reason, func(tx Tx, a Agreement, act Act) (Agreement, error) {
		book, err := rulebook.ForTaking(ctx, tx)
		if err != nil {
			return a, err
		}
		hours := book.At(act.At).Rules.Agreement.SuspensionHours
		return a.Suspend(time.Duration(hours)*time.Hour, act)
	})
}

// Lift is one of the two acts that lift a suspension.
func (d *Desk) Lift(ctx context.Context, c authz.Caller, id, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementLift, id, "lift", reason, func(tx Tx, a Agreement, act Act) (Agreement, error) {
		next, err := a.Lift(act)
		return next, cmp.Or(err, a.notWhoSuspended(ctx, tx, act))
	})
}

// Terminate is the partner's notice, or one of the two acts of the
// organisation that end an agreement.
func (d *Desk) Terminate(ctx context.Context, c authz.Caller, id, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementTerminate, id, "terminate", reason, func(tx Tx, a Agreement, act Act) (Agreement, error) {
		next, err := a.Terminate(act)
		if act.Role == authz.PSG { // the partner's notice needs nobody else
			return next, err
		}
		return next, cmp.Or(err, a.notTheOther(ctx, tx, act))
	})
}

// CloseOut ends the life of an agreement whose term is over or which was
// terminated: every copy of what was transferred under it is destroyed.
func (d *Desk) CloseOut(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementCloseOut, id, "close_out", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		open, err := tx.OpenDestructions(ctx, id)
		if err != nil {
			return a, err
		}
		return a.CloseOut(open, act)
	})
}

// ExpireDue expires the agreements whose term is over, each in a transaction of
// its own, at most a hundred at a call; it answers with how many. The gate does
// not wait for it.
func (d *Desk) ExpireDue(ctx context.Context) (int, error) {
	var due []Agreement
	now := d.office.Time()
	if err := d.store.View(ctx, func(tx Tx) (err error) { due, err = tx.AgreementsDue(ctx, now, 100); return err }); err != nil {
		return 0, err
	}
	return d.byClock(ctx, due, "agreement.expire", Act{Event: "expire", At: now}, Agreement.Expire)
}

// TellOverdue tells the log, once, of each suspension by a mission on which
// headquarters has not decided in time; it stays suspended. It answers with how
// many there were.
func (d *Desk) TellOverdue(ctx context.Context) (int, error) {
	var over []Agreement
	now := d.office.Time()
	if err := d.store.View(ctx, func(tx Tx) error {
		over = nil
		for after := ""; ; {
			page, err := tx.AgreementsSuspended(ctx, after, pageOfSuspended)
			if err != nil {
				return err
			}
			for _, a := range page {
				if after = a.ID; a.overdue(now) {
					over = append(over, a)
				}
			}
			if len(page) < pageOfSuspended {
				return nil
			}
		}
	}); err != nil {
		return 0, err
	}
	return d.byClock(ctx, over, "agreement.overdue", Act{Event: "overdue", At: now}, Agreement.MarkOverdue)
}

const pageOfSuspended = 100

// byClock does to each agreement what the clock asks for, each in a transaction
// of its own; it answers with how many were done.
func (d *Desk) byClock(ctx context.Context, due []Agreement, action authz.Action, act Act, step func(Agreement, Act) (Agreement, error)) (int, error) {
	n := 0
	var failed error
	c := authz.System("")
	act.Person, act.Role = c.Person, authz.SYS
	for _, a := range due {
		_, err := d.store.Update(ctx, func(tx Tx) error {
			a, err := tx.Agreement(ctx, a.ID)
			if err != nil {
				return err
			}
			if a, err = step(a, act); err != nil {
				return err
			}
			return d.save(ctx, tx, c, authz.SYS, action, a)
		})
		switch {
		case err == nil:
			n++
		case errors.Is(err, evidence.ErrConflict), errors.Is(err, lifecycle.ErrIllegal):
			// somebody else moved it meanwhile
		default:
			failed = errors.Join(failed, err)
		}
	}
	return n, failed
}
