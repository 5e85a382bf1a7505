package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

// Delivery is one file about to leave: authorised, decided, logged and under a
// signed checkpoint. Send writes it, once.
type Delivery struct {
	Session   string
	MediaType string
	Size      int64  // bytes of the whole file
	SHA256    string // of the whole file, hex
	Offset    int64
	transfer  Transfer
	n         int
	caller    authz.Caller
	role      authz.Role
	denied    error // by the policy, which is asked before the gate; nothing is ever sent then
	manifest  seal.Manifest
	upload    Upload
	office    *Office
}

// prepare reads what sending needs, in the transaction that releases.
func (d *Delivery) prepare(ctx context.Context, tx Tx, t Transfer) error {
	f, _ := t.file(d.n)
	if f == nil || f.Sealed == nil {
		return t.illegal("pull", "the file has landed", "contact the mission")
	}
	if d.Offset < 0 || d.Offset > f.Sealed.Size || d.Offset == f.Sealed.Size && d.Offset > 0 {
		return seal.ErrOffset
	}
	file, err := tx.SealedFile(ctx, f.Sealed.Upload)
	if err != nil {
		return err
	}
	digest := file.Manifest.Digest()
	if hexOf(digest) != f.Sealed.Manifest || file.Transfer != t.ID || file.N != d.n {
		return fmt.Errorf("%w: the manifest is not the one that was sealed", seal.ErrCorrupt)
	}
	d.MediaType, d.Size, d.SHA256, d.manifest = f.MediaType, f.Sealed.Size, f.Sealed.SHA256, file.Manifest
	d.upload, err = tx.Upload(ctx, f.Sealed.Upload)
	if absent(err) || err == nil && !file.Carries(d.upload) {
		return fmt.Errorf("%w: the upload is not the one that was sealed", seal.ErrCorrupt)
	}
	return err
}

// Send unwraps the key, asks the gate once more, and writes the file from its
// offset on, authenticated chunk by chunk. It answers ErrNotAvailable, with
// nothing written, where a change was answered since Pull, ErrBusy, with
// nothing written, where too much else is just leaving, and ErrRecipientGone
// where the first bytes were not taken at once: w should be a Handing, so that
// they cannot leave later. Whatever happens is recorded: delivery, or abort. On
// an error the caller breaks the connection, so that it never looks complete.
func (d *Delivery) Send(ctx context.Context, w io.Writer) error {
	sent := &counting{w: w}
	spanned, end := d.office.Observer.Begin(ctx, StepSend)
	out := &leaving{ctx: spanned, d: d, to: sent}
	err := d.send(spanned, out)
	if err == nil && !out.begun {
		_, err = out.Write(nil) // a file without a byte leaves, too
	}
	end(err)
	d.office.Observer.Sent(ctx, sent.n)
	reached := int64(0) // an offset alone is not what was sent
	if sent.n > 0 {
		reached = d.Offset + sent.n
	}
	return errors.Join(err, d.ended(context.WithoutCancel(ctx), err == nil, reached))
}

func (d *Delivery) send(ctx context.Context, w io.Writer) error {
	o := d.office
	key, err := o.Keys.Unwrap(ctx, d.upload.Key, seal.NewBinding(d.transfer.Agreement, d.transfer.ID), d.upload.Wrapped)
	if err != nil {
		return fmt.Errorf("unwrapping the data key: %w", err)
	}
	defer key.Destroy()
	get := func(ctx context.Context, seq int) (io.ReadCloser, error) {
		name, err := chunkName(d.upload.Prefix(), seq)
		if err != nil {
			return nil, err
		}
		return o.Blobs.Open(ctx, name)
	}
	return seal.Open(ctx, key, seal.Address{Transfer: d.transfer.ID, File: d.n}, d.manifest, d.Offset, get, w)
}

func (d *Delivery) ended(ctx context.Context, complete bool, reached int64) error {
	o := d.office
	_, err := o.Store.Update(ctx, func(tx Tx) error {
		if err := tx.LockTransfer(ctx, d.transfer.ID); err != nil {
			return err
		}
		now := o.Office.Time()
		s, err := tx.PullSession(ctx, d.Session)
		if err != nil {
			return err
		}
		kind := evidence.Abort
		s.Version, s.Reached, s.Updated = s.Version+1, max(s.Reached, reached), now
		if complete {
			kind, s.Written = evidence.Delivery, &now
		} else {
			s.Aborted = &now
		}
		if err := tx.SavePullSession(ctx, s); err != nil {
			return err
		}
		t, err := tx.Transfer(ctx, d.transfer.ID)
		if err != nil {
			return err
		}
		if complete && (t.State == Available || t.State == Held && t.Delivered == nil) {
			t.Delivered = &now
			if t.State == Available { // held stays held
				t.State = Pulled
			}
			if err := o.save(ctx, tx, &t, d.caller.Person, now); err != nil {
				return err
			}
		}
		if t.State == Recalled { // while this was under way: what might have left then, did not
			if _, err := nothingLeft(ctx, tx, t, now); err != nil {
				return err
			}
		}
		if err := o.unpulled(ctx, tx, d.caller, &t, now); err != nil {
			return err
		}
		e := o.Office.Entry(d.caller, d.role, kind, authz.TransferPull, t.resource())
		e.Phase, e.Result = string(gate.Pull), fmt.Sprintf("file %d from %d", d.n, d.Offset)
		return tx.Record(ctx, e)
	})
	if err != nil {
		return fmt.Errorf("recording how a delivery ended: %w", err)
	}
	return nil
}
