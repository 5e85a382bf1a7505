package transfer

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
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
	manifest  seal.Manifest
	upload    Upload
	office    *Office
}

// Pull decides whether the caller may have file n from offset on, logs the
// release, and waits for its checkpoint, all before the first byte; Send asks
// the gate once more. A partner learns only ErrNotAvailable; the codes are on
// the transfer.
func (o *Office) Pull(ctx context.Context, c authz.Caller, id string, n int, offset int64) (*Delivery, error) {
	return observed(ctx, o, StepPull, func(ctx context.Context) (*Delivery, error) { return o.pull(ctx, c, id, n, offset) })
}

func (o *Office) pull(ctx context.Context, c authz.Caller, id string, n int, offset int64) (*Delivery, error) {
	t, err := o.scoped(ctx, c, id)
	if err != nil {
		return nil, err
	}
	role, err := o.Office.Authorise(ctx, c, authz.TransferPull, t.resource())
	if err != nil {
		return nil, err
	}
	if _, ok := t.file(n); !ok {
		return nil, evidence.ErrNotFound
	}
	if err := o.released(ctx, c, authz.TransferPull, t); err != nil {
		return nil, err
	}
	d := &Delivery{n: n, Offset: offset, caller: c, role: role, office: o}
	entries, err := o.Store.Update(ctx, func(tx Tx) error {
		var s standing
		if t, s, err = o.locked(ctx, tx, c, id, false); err != nil {
			return err
		}
		return o.decidePull(ctx, tx, &t, s, d)
	})
	if errors.Is(err, seal.ErrCorrupt) {
		// What lies there is not what was sealed: that leaves its entry too.
		o.Logger.ErrorContext(ctx, "a pull found something else than was sealed", "transfer", id, "file", n, "error", err)
		return nil, errors.Join(ErrNotAvailable, o.Office.Deny(ctx, c, authz.TransferPull, t.resource(), "CRYPTO_FAILED"))
	}
	if errors.Is(err, evidence.ErrTampered) {
		return nil, errors.Join(ErrNotAvailable, err) // the partner is told no more; the store has raised the alarm
	}
	if err != nil {
		return nil, err
	}
	if !t.Decision.Released() {
		return nil, ErrNotAvailable // and no more: the partner is not told why
	}
	d.transfer = t
	if err := o.wait(ctx, append(entries, t.ReleaseEntry)...); err != nil {
		return nil, errors.Join(err, d.ended(context.WithoutCancel(ctx), false, 0))
	}
	return d, nil
}

// pullFacts are the facts of phase PULL but for the sessions.
func (o *Office) pullFacts(ctx context.Context, tx Tx, t Transfer, s standing, d *Delivery) (gate.Facts, error) {
	allowed := o.allowedNow(s, d.caller, authz.TransferPull, t.resource(), o.Office.Time())
	f, err := o.gather(ctx, tx, t, gate.Pull, actor{caller: d.caller, allowed: allowed}, s)
	if err != nil {
		return gate.Facts{}, err
	}
	f.Pull = gate.PullFacts{
		Recipient: d.caller.Of(t.Partner) && allowed, Released: t.Released != nil && t.State != Refused && t.State != Unclaimed,
		Recalled: t.State == Recalled, Limit: t.PullLimit,
	}
	if t.WindowEnds != nil {
		f.Pull.WindowEnds = *t.WindowEnds
	}
	return f, nil
}

func (o *Office) decidePull(ctx context.Context, tx Tx, t *Transfer, s standing, d *Delivery) error {
	now := o.Office.Time()
	sessions, err := tx.PullSessions(ctx, t.ID, d.n)
	if err != nil {
		return err
	}
	resumed := o.resumable(sessions, d, now)
	f, err := o.pullFacts(ctx, tx, *t, s, d)
	if err != nil {
		return err
	}
	f.Pull.Sessions, f.Pull.Resumed = counted(sessions), resumed != nil
	before := t.Decision
	t.Decision = o.decide(ctx, f)
	if err := o.holdOrPass(ctx, tx, t, before, f, now); err != nil {
		return err
	}
	if !t.Decision.Released() {
		_, err := o.decided(ctx, tx, d.caller, d.role, authz.TransferPull, *t, f, t.Decision)
		return err
	}
	if err := d.prepare(ctx, tx, *t); err != nil {
		return err
	}
	session := PullSession{
		ID: o.Office.NewID(), Version: 1, Transfer: t.ID, File: d.n, Person: d.caller.Person,
		Offset: d.Offset, Requests: 1, Actor: d.caller.Person, Created: now, Updated: now,
	}
	if resumed != nil {
		session = *resumed
		session.Version, session.Offset, session.Aborted, session.Updated = session.Version+1, d.Offset, nil, now
		session.Requests++
	}
	d.Session = session.ID
	if err := tx.SavePullSession(ctx, session); err != nil {
		return err
	}
	if err := retention.Arise(ctx, tx, t.pulled(f, d, now)); err != nil {
		return err
	}
	e := o.Office.Entry(d.caller, d.role, evidence.Release, authz.TransferPull, t.resource())
	e.Phase, e.Facts, e.Subject.Version, e.Result = string(gate.Pull), f.Read, t.Version, fmt.Sprintf("file %d from %d", d.n, d.Offset)
	return tx.Record(ctx, e)
}

// counted is how many sessions count against the limit: one that ended before
// its first byte does not, or the outage of a server would use the limit up.
func counted(sessions []PullSession) (n int) {
	for _, s := range sessions {
		if s.Aborted == nil || s.Written != nil || s.Reached > 0 {
			n++
		}
	}
	return n
}

// sessionRequests bounds how often one session may be gone on with.
const sessionRequests = 200

// resumable finds the session that a request from an offset goes on in: the
// same person's last one of this file, begun recently enough, not complete,
// from no earlier than its last request and no further than was sent.
func (o *Office) resumable(sessions []PullSession, d *Delivery, now time.Time) *PullSession {
	if d.Offset == 0 {
		return nil
	}
	for _, s := range slices.Backward(sessions) {
		if s.Person != d.caller.Person {
			continue
		}
		if now.Sub(s.Created) < o.Policy.session() && s.Written == nil && s.Requests < sessionRequests &&
			d.Offset >= s.Offset && d.Offset <= s.Reached {
			return &s
		}
		return nil
	}
	return nil
}

// holdOrPass keeps the state in step with the gate's answer: a check that
// fails holds an available transfer, one that passes again frees it. What is
// wrong with the downloader alone holds nothing.
func (o *Office) holdOrPass(ctx context.Context, tx Tx, t *Transfer, before gate.Decision, f gate.Facts, now time.Time) error {
	switch {
	case t.Decision.Released() && t.State == Held:
		t.State, t.HeldSince = Available, nil
	case !t.Decision.Released() && t.State == Available && holds(t.Decision):
		t.State, t.HeldSince = Held, &now
	case slices.Equal(before.Codes(), t.Decision.Codes()):
		return nil // nothing that those who may read it do not know already
	}
	if err := o.save(ctx, tx, t, string(authz.SYS), now); err != nil {
		return err
	}
	e := o.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "transfer.hold", t.resource())
	e.Phase, e.Codes, e.Facts, e.Result = string(gate.Pull), t.Decision.Codes(), f.Read, string(t.State)
	return tx.Record(ctx, e)
}

// holds reports whether a refusal is about the transfer, and not only about
// who asks or how often.
func holds(d gate.Decision) bool {
	ofCaller := []gate.Code{
		"AUTH_INVALID", "AUTH_ROLE_DENIED", "TRAINING_EXPIRED", "CONFIDENTIALITY_MISSING",
		"PULL_DENIED", "PULL_WINDOW", "PULL_LIMIT", "PULL_RECALLED",
	}
	return slices.ContainsFunc(d.Refusals, func(r gate.Refusal) bool { return !slices.Contains(ofCaller, r.Code) })
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
		if complete && (t.State == Available || t.State == Held) {
			t.State = Pulled
			if err := o.save(ctx, tx, &t, d.caller.Person, now); err != nil {
				return err
			}
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

func (t Transfer) notPulled() error {
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
		switch t.State {
		case Pulled, Available:
			if err := received(ctx, tx, c, t, hashes); err != nil {
				return err
			}
		case Held, Recalled, Unclaimed:
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
		if len(t.Receipts) == len(t.Files) {
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
		return Transfer{}, o.outOfTurn(ctx, c, authz.TransferAcknowledge, asked, err)
	}
	return t.reduced()
}
