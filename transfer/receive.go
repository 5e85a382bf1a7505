package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"safeconduct/agreements/bounded"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

// touchEvery is how often a running upload renews its lease.
const touchEvery = time.Minute

// Receive takes the bytes of file n, sealing them as they come: no plaintext
// touches the disk, and memory is bounded. The file counts only when the whole
// of it has landed and is what was declared; until then nothing refers to it,
// and a failed attempt may be repeated. declared is the hex SHA-256 that came
// with the bytes, or empty. A body that is Sized and too long is refused before
// any of it is read.
func (o *Office) Receive(ctx context.Context, c authz.Caller, id string, n int, declared string, body io.Reader) (Transfer, error) {
	return observed(ctx, o, StepReceive, func(ctx context.Context) (Transfer, error) { return o.receive(ctx, c, id, n, declared, body) })
}

// Sized is a body that says how many bytes it will be; negative where it does
// not know.
type Sized interface{ Size() int64 }

func (o *Office) receive(ctx context.Context, c authz.Caller, id string, n int, declared string, body io.Reader) (Transfer, error) {
	t, role, err := o.may(ctx, c, authz.TransferUpload, id)
	if err != nil {
		return Transfer{}, err
	}
	if declared != "" && !evidence.IsDigest(declared) {
		return Transfer{}, fmt.Errorf("%w: the declared sha256 is 64 lower-case hexadecimal digits", people.ErrInvalid)
	}
	if err := t.accepts(n); err != nil {
		return Transfer{}, o.outOfTurn(ctx, c, authz.TransferUpload, t, err)
	}
	if sized, ok := body.(Sized); ok && sized.Size() > o.most(t, n) {
		return Transfer{}, ErrTooLarge
	}
	u, key, err := o.announce(ctx, c, role, &t, n)
	if err != nil {
		return Transfer{}, o.outOfTurn(ctx, c, authz.TransferUpload, t, err)
	}
	defer key.Destroy()
	manifest, err := o.land(ctx, t, u, key, n, body)
	if err == nil {
		t, err = o.landed(ctx, c, role, t.ID, u, manifest, declared)
	}
	if err != nil {
		return Transfer{}, errors.Join(err, o.broken(context.WithoutCancel(ctx), c, role, t, u))
	}
	return t, nil
}

func (t Transfer) accepts(n int) error {
	if t.State != Draft && t.State != Uploading {
		return t.illegal("upload", "the transfer is a draft or uploading", "make a new transfer; this one takes no more bytes")
	}
	f, ok := t.file(n)
	if !ok {
		return evidence.ErrNotFound
	}
	if f.Sealed != nil {
		return t.illegal("upload", fmt.Sprintf("file %d has not landed yet", n), "nothing: it has landed; go on with the next file")
	}
	return nil
}

// announce writes the upload with its wrapped key before the first object is
// put, so that whatever a crash leaves can be found and removed.
func (o *Office) announce(ctx context.Context, c authz.Caller, role authz.Role, t *Transfer, n int) (Upload, seal.DataKey, error) {
	name := KeyOf(t.Agreement)
	key, wrapped, err := o.Keys.NewDataKey(ctx, name, seal.NewBinding(t.Agreement, t.ID))
	if err != nil {
		return Upload{}, seal.DataKey{}, fmt.Errorf("making a data key: %w", err)
	}
	now := o.Office.Time()
	u := Upload{ID: o.Office.NewID(), Transfer: t.ID, File: n, Key: name, Wrapped: wrapped, State: UploadOpen, Started: now, Touched: now}
	_, err = o.Store.Update(ctx, func(tx Tx) error {
		if err := tx.LockTransfer(ctx, u.Transfer); err != nil {
			return err
		}
		if *t, err = tx.Transfer(ctx, u.Transfer); err != nil {
			return err
		}
		if err := t.accepts(n); err != nil {
			return err
		}
		if err := tx.AddUpload(ctx, u); err != nil {
			return err
		}
		if t.State == Uploading {
			return nil
		}
		t.State = Uploading
		if err := o.save(ctx, tx, t, c.Person, now); err != nil {
			return err
		}
		e := o.Office.Entry(c, role, evidence.Change, authz.TransferUpload, t.resource())
		e.Result = string(t.State)
		return tx.Record(ctx, e)
	})
	if err != nil {
		key.Destroy()
		return Upload{}, seal.DataKey{}, err
	}
	return u, key, nil
}

// most is how many bytes file n may be.
func (o *Office) most(t Transfer, n int) int64 {
	if f, ok := t.file(n); ok && f.Size != nil {
		return *f.Size
	}
	return o.Limits.FileBytes
}

// land streams the body into sealed objects.
func (o *Office) land(ctx context.Context, t Transfer, u Upload, key seal.DataKey, n int, body io.Reader) (seal.Manifest, error) {
	held := &lease{touched: u.Touched}
	put := func(ctx context.Context, seq int, c seal.Chunk, sealed []byte) error {
		now := o.Office.Time()
		if err := held.renew(now, func() error { return o.touch(ctx, u, now) }); err != nil {
			return err
		}
		return o.putChunk(ctx, u.Prefix(), seq, sealed, blob.Digest(c.SHA256))
	}
	m, err := observed(ctx, o, StepSeal, func(ctx context.Context) (seal.Manifest, error) {
		return seal.Seal(ctx, key, seal.Address{Transfer: t.ID, File: n}, bounded.NewReader(body, o.most(t, n), ErrTooLarge), put)
	})
	if err != nil {
		return seal.Manifest{}, fmt.Errorf("landing file %d: %w", n, err)
	}
	o.Observer.Sealed(ctx, m.Size)
	return m, nil
}

// lease says when a running upload must show that it lives. Its chunks land
// beside each other.
type lease struct {
	mu      sync.Mutex
	touched time.Time
}

// renew calls touch where it is time. The chunks beside it wait: once the
// upload was taken for dead, none is put any more.
func (l *lease) renew(now time.Time, touch func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.touched) < touchEvery {
		return nil
	}
	if err := touch(); err != nil {
		return err
	}
	l.touched = now
	return nil
}

// landed makes the transfer refer to what landed, if it is what was declared.
func (o *Office) landed(ctx context.Context, c authz.Caller, role authz.Role, id string, u Upload, m seal.Manifest, declared string) (Transfer, error) {
	var t Transfer
	var refusal *RefusedError
	_, err := o.Store.Update(ctx, func(tx Tx) (err error) {
		refusal = nil
		if err := tx.LockTransfer(ctx, id); err != nil {
			return err
		}
		if t, err = tx.Transfer(ctx, id); err != nil {
			return err
		}
		if err := t.accepts(u.File); err != nil {
			return err
		}
		f, _ := t.file(u.File)
		sum := hexOf(m.SHA256)
		if f.SHA256 != "" && f.SHA256 != sum || declared != "" && declared != sum || f.Size != nil && *f.Size != m.Size {
			d, err := o.refusal(ctx, tx, t, gate.Commit, gate.PayloadHash)
			if err != nil {
				return err
			}
			refusal = &RefusedError{Transfer: t.ID, Decision: d}
			// Condition 29, of one attempt: the transfer goes on, so that the
			// sender can send the right bytes.
			_, err = o.decided(ctx, tx, c, role, authz.TransferUpload, t, gate.Facts{}, d)
			return err
		}
		now := o.Office.Time()
		f.Sealed = &Sealed{Upload: u.ID, Size: m.Size, SHA256: sum, Manifest: hexOf(m.Digest())}
		if err := tx.SaveSealedFile(ctx, SealedFile{
			ID: u.ID, Version: 1, Transfer: t.ID, N: u.File, Manifest: m, Key: u.Key, Wrapped: u.WrappedDigest(), Actor: c.Person, Created: now, Updated: now,
		}); err != nil {
			return err
		}
		// An upload that the sweeper took for dead is not sealed any more.
		if err := tx.MarkUpload(ctx, u.ID, now, UploadSealed, UploadOpen); err != nil {
			return err
		}
		return o.sealed(ctx, tx, c, role, &t, now)
	})
	if err != nil {
		return Transfer{}, err
	}
	if refusal != nil {
		return Transfer{}, refusal
	}
	return t, nil
}

// sealed moves the transfer on when its last file has landed: to sealed, and
// by itself to awaiting approval where a second person is asked for.
func (o *Office) sealed(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, t *Transfer, now time.Time) error {
	if t.allSealed() {
		t.State = SealedState
	}
	if err := o.save(ctx, tx, t, c.Person, now); err != nil {
		return err
	}
	e := o.Office.Entry(c, role, evidence.Change, authz.TransferUpload, t.resource())
	e.Result = string(t.State)
	if err := tx.Record(ctx, e); err != nil {
		return err
	}
	if t.State != SealedState || !t.NeedsApproval {
		return nil
	}
	t.State = AwaitingApproval
	if err := o.save(ctx, tx, t, string(authz.SYS), now); err != nil {
		return err
	}
	e = o.Office.Entry(system(c), authz.SYS, evidence.Change, authz.TransferUpload, t.resource())
	e.Result = string(t.State)
	return tx.Record(ctx, e)
}

func (o *Office) touch(ctx context.Context, u Upload, now time.Time) error {
	_, err := o.Store.Update(ctx, func(tx Tx) error { return tx.MarkUpload(ctx, u.ID, now, UploadOpen, UploadOpen) })
	return err
}

// broken records that an attempt broke off, and hands what it left behind to
// the sweeper. If that fails too, the sweeper finds the upload when its lease
// is over.
func (o *Office) broken(ctx context.Context, c authz.Caller, role authz.Role, t Transfer, u Upload) error {
	now := o.Office.Time()
	_, err := o.Store.Update(ctx, func(tx Tx) error {
		err := tx.MarkUpload(ctx, u.ID, now, UploadDoomed, UploadOpen)
		if errors.Is(err, evidence.ErrConflict) {
			err = o.announceAgain(ctx, tx, u, now)
		}
		if err != nil {
			return err
		}
		e := o.Office.Entry(c, role, evidence.Abort, authz.TransferUpload, t.resource())
		e.Result = fmt.Sprintf("file %d", u.File)
		return tx.Record(ctx, e)
	})
	if err != nil {
		return fmt.Errorf("recording a broken upload: %w", err)
	}
	return nil
}

// announceAgain has the sweeper come once more where it has been already: it
// took the attempt for dead, and the attempt may have put an object since. The
// key is gone.
func (o *Office) announceAgain(ctx context.Context, tx Tx, u Upload, now time.Time) error {
	_, err := tx.Upload(ctx, u.ID)
	if !absent(err) {
		return err
	}
	u.State, u.Wrapped, u.Touched = UploadDoomed, "", now
	return tx.AddUpload(ctx, u)
}
