package transfer

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

func (t Transfer) notPulled() error {
	t.State = t.Unheld() // whether it is held is not the partner's to know
	return t.illegal("acknowledge", "the file was pulled", "pull every file first")
}

// received refuses a receipt of a file that the partner cannot have: of which
// no delivery was written, nor one to the caller is under way. Who has the last
// byte may be faster than the entry that says so, or that entry was lost with
// the process that sent it. A receipt that is there already may be repeated.
func received(ctx context.Context, tx Tx, c authz.Caller, t Transfer, hashes map[int]string) error {
	for n, sum := range hashes {
		if slices.ContainsFunc(t.Receipts, func(r Receipt) bool { return r.File == n && r.SHA256 == sum }) {
			continue
		}
		sessions, err := tx.PullSessions(ctx, t.ID, n)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(sessions, func(s PullSession) bool {
			return s.Written != nil || s.Person == c.Person && s.Aborted == nil
		}) {
			return t.notPulled()
		}
	}
	return nil
}

// Acknowledge records the recipient's confirmation that what they hold is what
// was sent, file by file, by its hash. When every file is confirmed the
// transfer is acknowledged.
func (o *Office) Acknowledge(ctx context.Context, c authz.Caller, id string, hashes map[int]string) (Transfer, error) {
	t, role, err := o.may(ctx, c, authz.TransferAcknowledge, id)
	if err != nil {
		return Transfer{}, err
	}
	if err := o.released(ctx, c, authz.TransferAcknowledge, t); err != nil {
		return Transfer{}, err
	}
	if len(hashes) == 0 {
		return Transfer{}, fmt.Errorf("%w: confirm at least one file by its sha256", people.ErrInvalid)
	}
	asked := t
	_, err = o.Store.Update(ctx, func(tx Tx) error {
		if err := tx.LockTransfer(ctx, id); err != nil {
			return err
		}
		if t, err = tx.Transfer(ctx, id); err != nil {
			return err
		}
		// What was delivered before, or while, it was held may be confirmed.
		switch open := t.Unheld(); open {
		case Pulled, Available:
			if open == Available && t.State == Held {
				return ErrNotAvailable // and no more
			}
			if err := received(ctx, tx, c, t, hashes); err != nil {
				return err
			}
		case Recalled, Unclaimed:
			return ErrNotAvailable // and no more
		default:
			return t.notPulled()
		}
		now := o.Office.Time()
		for n, sum := range hashes {
			f, ok := t.file(n)
			if !ok || f.Sealed == nil || subtle.ConstantTimeCompare([]byte(f.Sealed.SHA256), []byte(sum)) != 1 {
				return fmt.Errorf("%w: file %d has another sha256; pull it again", ErrDigest, n)
			}
			t.Receipts = slices.DeleteFunc(t.Receipts, func(r Receipt) bool { return r.File == n })
			t.Receipts = append(t.Receipts, Receipt{File: n, Person: c.Person, SHA256: sum, At: now})
		}
		slices.SortFunc(t.Receipts, func(a, b Receipt) int { return a.File - b.File })
		if len(t.Receipts) == len(t.Files) && t.State != Held {
			t.State = Acknowledged
		}
		if err := o.save(ctx, tx, &t, c.Person, now); err != nil {
			return err
		}
		e := o.Office.Entry(c, role, evidence.Receipt, authz.TransferAcknowledge, t.resource())
		e.Result = string(t.State)
		return tx.Record(ctx, e)
	})
	if err != nil {
		return Transfer{}, o.outOfTurn(ctx, c, authz.TransferAcknowledge, asked, toldAs(c, err))
	}
	return t.reduced(o.Office.Time())
}
