package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/retention"
)

// Recall takes a transfer back: no pull succeeds from now on, and its keys and
// objects are destroyed. What was pulled before is the partner's to destroy, within
// the days that the rules give for it, or sooner where its retention ends sooner.
func (o *Office) Recall(ctx context.Context, c authz.Caller, id, reason string) (Transfer, error) {
	t, role, err := o.may(ctx, c, authz.TransferRecall, id)
	if err != nil {
		return Transfer{}, err
	}
	if strings.TrimSpace(reason) == "" || len(reason) > 4000 {
		return Transfer{}, fmt.Errorf("%w: say why it is recalled, in at most 4000 bytes", people.ErrInvalid)
	}
	asked := t
	_, err = o.Store.Update(ctx, func(tx Tx) error {
		if err := tx.LockTransfer(ctx, id); err != nil {
			return err
		}
		if t, err = tx.Transfer(ctx, id); err != nil {
			return err
		}
		if t.State.final() {
			return t.illegal("recall", "the transfer has not ended", "nothing: no pull succeeds any more")
		}
		// R27: what was pulled is to be destroyed soon, and not when its retention ends.
		book, err := rulebook.ForTaking(ctx, tx)
		if err != nil {
			return err
		}
		act := lifecycle.Act{Event: "recall", Person: c.Person, Role: role, At: o.Office.Time()}
		left, err := anyLeft(ctx, tx, t)
		if err == nil && left {
			err = retention.Hasten(ctx, tx, id, act.At.Add(book.At(act.At).Rules.RecallTime()), act)
		} else if err == nil {
			err = retention.Waive(ctx, tx, id, act)
		}
		if err != nil {
			return err
		}
		t.RecallReason = reason
		return o.end(ctx, tx, c, role, authz.TransferRecall, &t, Recalled)
	})
	return t, o.outOfTurn(ctx, c, authz.TransferRecall, asked, err)
}

// end moves a transfer to a state from which nothing is ever pulled, and dooms
// its uploads.
func (o *Office) end(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, t *Transfer, to State) error {
	now := o.Office.Time()
	t.State = to
	if err := tx.DoomUploads(ctx, t.ID, now); err != nil {
		return err
	}
	if err := o.save(ctx, tx, t, c.Person, now); err != nil {
		return err
	}
	e := o.Office.Entry(c, role, evidence.Change, action, t.resource())
	e.Result = string(to)
	return tx.Record(ctx, e)
}

const (
	// sweepBatch bounds the work of one call.
	sweepBatch = 200
	// sweepGrace is how long a doomed upload is left, so that an attempt that
	// still runs has found out and puts nothing more (it looks every touchEvery).
	sweepGrace = 5 * touchEvery
)

// Sweep removes what nothing refers to: objects of uploads that failed or that
// a crash left open, with their keys. It answers with how many uploads went.
// Running twice at once is harmless.
func (o *Office) Sweep(ctx context.Context) (int, error) {
	var list []Upload
	now := o.Office.Time()
	if err := o.Store.View(ctx, func(tx Tx) error {
		r, err := o.ruled(ctx, tx)
		if err != nil {
			return err
		}
		list, err = tx.Sweepable(ctx, now.Add(-r.lease()), now.Add(-sweepGrace), sweepBatch)
		return err
	}); err != nil {
		return 0, fmt.Errorf("listing what to sweep: %w", err)
	}
	n := 0
	var failed error
	for _, u := range list {
		if err := o.sweep(ctx, u); err != nil {
			failed = errors.Join(failed, err) // which keeps no other from its end
			continue
		}
		n++
	}
	return n, failed
}

// unreachable refuses to sweep what a transfer still refers to, whatever the
// working row says: the records, which are evidenced, decide.
func (o *Office) unreachable(ctx context.Context, tx Tx, u Upload, now time.Time) error {
	if kept, err := tx.Kept(ctx, u.ID); err != nil {
		return err
	} else if kept {
		o.Logger.ErrorContext(ctx, "an upload that a record refers to was up for sweeping, and stays", "upload", u.ID)
		return evidence.ErrConflict
	}
	f, err := tx.SealedFile(ctx, u.ID)
	if absent(err) {
		return nil // it never landed
	} else if err != nil {
		return err
	}
	t, err := tx.Transfer(ctx, f.Transfer)
	if err != nil {
		return err
	}
	if t.Ended(now) {
		return nil
	}
	o.Logger.ErrorContext(ctx, "an upload that a transfer refers to was up for sweeping, and stays", "upload", u.ID, "transfer", t.ID)
	return evidence.ErrConflict
}

func (o *Office) sweep(ctx context.Context, u Upload) error {
	// Doomed first: an upload that wakes up again then finds that it may not
	// be sealed any more.
	now := o.Office.Time()
	if _, err := o.Store.Update(ctx, func(tx Tx) error {
		if err := o.unreachable(ctx, tx, u, now); err != nil {
			return err
		}
		return tx.MarkUpload(ctx, u.ID, now, UploadDoomed, UploadOpen, UploadDoomed)
	}); errors.Is(err, evidence.ErrConflict) {
		return nil // sealed, or swept, meanwhile
	} else if err != nil {
		return fmt.Errorf("dooming an upload: %w", err)
	}
	if err := o.Blobs.Delete(ctx, blob.Name(u.Prefix())); err != nil {
		return fmt.Errorf("removing the objects of an upload: %w", err)
	}
	_, err := o.Store.Update(ctx, func(tx Tx) error {
		if err := tx.DeleteUpload(ctx, u.ID); errors.Is(err, evidence.ErrConflict) {
			return nil // another replica was first
		} else if err != nil {
			return err
		}
		e := o.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "transfer.sweep", authz.Resource{Kind: "upload", ID: u.ID})
		e.Result = "objects and key destroyed"
		return tx.Record(ctx, e)
	})
	if err != nil {
		return fmt.Errorf("forgetting an upload: %w", err)
	}
	return nil
}

// Lapse destroys the keys and objects of what nobody may pull any more: of
// transfers whose window is over, or which were held too long, and of those that
// were never released. It answers with how many; each is its own transaction.
func (o *Office) Lapse(ctx context.Context) (int, error) {
	var due []Transfer
	now := o.Office.Time()
	if err := o.Store.View(ctx, func(tx Tx) error {
		r, err := o.ruled(ctx, tx)
		if err != nil {
			return err
		}
		due, err = tx.Lapsed(ctx, now, now.Add(-r.held()), now.Add(-r.window()), sweepBatch)
		return err
	}); err != nil {
		return 0, fmt.Errorf("listing what has lapsed: %w", err)
	}
	n := 0
	var failed error
	for _, t := range due {
		switch err := o.lapse(ctx, t.ID, t.Version); {
		case err == nil:
			n++
		case !errors.Is(err, evidence.ErrConflict):
			failed = errors.Join(failed, err)
		}
	}
	return n, failed
}

func (o *Office) lapse(ctx context.Context, id string, version int) error {
	_, err := o.Store.Update(ctx, func(tx Tx) error {
		if err := tx.LockTransfer(ctx, id); err != nil {
			return err
		}
		t, err := tx.Transfer(ctx, id)
		if err != nil {
			return err
		}
		if t.Version != version {
			return evidence.ErrConflict // it moved meanwhile; the next time tells
		}
		now := o.Office.Time()
		to := t.State // pulled and acknowledged stay what they are
		switch t.State {
		case Available, Held:
			if to = t.Unheld(); to == Available {
				to, err = unclaimed(ctx, tx, t, now)
			}
			if to != Unclaimed { // held, it does not go on in what was left of its window; not held, that is over
				t.State, t.HeldSince, t.WindowEnds = to, nil, &now
			}
		case Draft, Uploading, SealedState, AwaitingApproval:
			to, t.RecallReason = Recalled, "never released"
		default:
		}
		if err != nil {
			return err
		}
		return o.end(ctx, tx, authz.System(""), authz.SYS, "transfer.lapse", &t, to)
	})
	return err
}

// anyLeft reports whether any byte of the transfer left, or may have.
func anyLeft(ctx context.Context, tx Tx, t Transfer) (bool, error) {
	for _, f := range t.Files {
		sessions, err := tx.PullSessions(ctx, t.ID, f.N)
		if err != nil || slices.ContainsFunc(sessions, PullSession.left) {
			return err == nil, err
		}
	}
	return false, nil
}

// nothingLeft reports whether it is known that no byte of the transfer left. Then
// its duty to destroy is waived.
func nothingLeft(ctx context.Context, tx Tx, t Transfer, now time.Time) (bool, error) {
	left, err := anyLeft(ctx, tx, t)
	if err != nil || left {
		return false, err
	}
	return true, retention.Waive(ctx, tx, t.ID, lifecycle.Act{Event: "nothing_left", Person: string(authz.SYS), Role: authz.SYS, At: now})
}

// unclaimed is the state of a transfer that nobody is known to have pulled whole:
// pulled where any of it left, or may have, so that it can still be recalled.
func unclaimed(ctx context.Context, tx Tx, t Transfer, now time.Time) (State, error) {
	if none, err := nothingLeft(ctx, tx, t, now); err != nil || !none {
		return Pulled, err
	}
	return Unclaimed, nil
}

// unpulled ends as unclaimed what lapsed as pulled because a delivery was under way
// of which, now that it has ended, it is known that nothing left.
func (o *Office) unpulled(ctx context.Context, tx Tx, c authz.Caller, t *Transfer, now time.Time) error {
	if t.State != Pulled || t.Delivered != nil || !t.Ended(now) {
		return nil
	}
	to, err := unclaimed(ctx, tx, *t, now)
	if err != nil || to != Unclaimed {
		return err
	}
	return o.end(ctx, tx, system(c), authz.SYS, "transfer.lapse", t, Unclaimed)
}

// CloseAbandoned records the abort of deliveries of which nothing was heard
// since before: the process that sent them died. It answers with how many.
func (o *Office) CloseAbandoned(ctx context.Context, before time.Time) (int, error) {
	var open []PullSession
	if err := o.Store.View(ctx, func(tx Tx) (err error) { open, err = tx.OpenSessions(ctx, before, sweepBatch); return err }); err != nil {
		return 0, fmt.Errorf("listing open deliveries: %w", err)
	}
	n := 0
	var failed error
	for _, p := range open {
		_, err := o.Store.Update(ctx, func(tx Tx) error {
			// As a delivery that ends: of the two the later reads what the other said.
			if err := tx.LockTransfer(ctx, p.Transfer); err != nil {
				return err
			}
			s, err := tx.PullSession(ctx, p.ID)
			if err != nil {
				return err
			}
			if s.Version != p.Version {
				return nil // it ended meanwhile
			}
			t, err := tx.Transfer(ctx, s.Transfer)
			if err != nil {
				return err
			}
			now := o.Office.Time()
			s.Version, s.Aborted, s.Unknown, s.Actor, s.Updated = s.Version+1, &now, true, string(authz.SYS), now
			if err := tx.SavePullSession(ctx, s); err != nil {
				return err
			}
			e := o.Office.Entry(authz.System(""), authz.SYS, evidence.Abort, authz.TransferPull, t.resource())
			e.Result = fmt.Sprintf("file %d from %d", s.File, s.Offset)
			return tx.Record(ctx, e)
		})
		if err != nil && !errors.Is(err, evidence.ErrConflict) {
			failed = errors.Join(failed, err) // which keeps no other from its end
			continue
		}
		n++
	}
	return n, failed
}

// Abandoned is CloseAbandoned for what was begun longer ago than any delivery
// may last.
func (o *Office) Abandoned(ctx context.Context) (int, error) {
	r, err := o.rulesNow(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading how long a delivery may last: %w", err)
	}
	return o.CloseAbandoned(ctx, o.Office.Time().Add(-r.session()))
}

func hexOf(d [32]byte) string { return hex.EncodeToString(d[:]) }
