package transfer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/typeset"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

// Limits bound what one transfer may carry.
type Limits struct {
	FileBytes int64 `koanf:"file_bytes" doc:"largest file, in bytes of plaintext"`
	Files     int   `koanf:"files" doc:"most files in one transfer"`
	Subjects  int   `koanf:"subjects" doc:"most subjects in one transfer"`
}

// DefaultLimits are in force where the configuration says nothing.
func DefaultLimits() Limits { return Limits{FileBytes: 5 << 30, Files: 100, Subjects: 25_000} }

// Validate reports limits that nothing could pass.
func (l Limits) Validate() error {
	if l.FileBytes < 1 || l.Files < 1 || l.Subjects < 1 {
		return fmt.Errorf("limits: file_bytes, files and subjects must be at least 1")
	}
	return nil
}

// Deps is what the office stands on.
type Deps struct {
	Office   *evidence.Office
	Store    Store
	Keys     Keys
	Blobs    blob.Store
	Log      Log
	Cases    consent.References
	Limits   Limits
	Logger   *slog.Logger
	Observer Observer // nobody where nil
}

// Office is the service over transfers.
type Office struct {
	Deps
	hands *hands
	press typeset.Press // of cover sheets
}

// NewOffice makes the service.
func NewOffice(d Deps) *Office {
	if d.Observer == nil {
		d.Observer = unobserved{}
	}
	return &Office{Deps: d, hands: newHands(), press: typeset.NewPress()}
}

// KeyOf is the name of the transit key of an agreement: one per safeguard
// instrument.
func KeyOf(agreement string) seal.KeyName { return seal.KeyName("agr-" + agreement) }

// AgreementKeys lets the agreements desk make the key of a new instrument.
type AgreementKeys struct{ Keeper seal.KeyKeeper }

// EnsureKey makes the derived key of the agreement if there is none.
func (k AgreementKeys) EnsureKey(ctx context.Context, agreement string) error {
	return k.Keeper.Ensure(ctx, KeyOf(agreement))
}

var _ agreements.Keys = AgreementKeys{}

// may is the one way to a transfer: scoped by mission and partner first, so
// that another's transfer, or to a partner one that is not released, answers as
// an unknown one, then by the policy.
func (o *Office) may(ctx context.Context, c authz.Caller, action authz.Action, id string) (Transfer, authz.Role, error) {
	t, err := o.known(ctx, c, action, id)
	if err != nil {
		return Transfer{}, "", err
	}
	role, err := o.Office.Authorise(ctx, c, action, t.resource())
	return t, role, err
}

// known is the transfer as the caller may know of it, for who asks the policy
// themselves.
func (o *Office) known(ctx context.Context, c authz.Caller, action authz.Action, id string) (Transfer, error) {
	t, err := o.scoped(ctx, c, id)
	if err != nil {
		return Transfer{}, err
	}
	return t, o.untold(ctx, c, action, t)
}

func (o *Office) scoped(ctx context.Context, c authz.Caller, id string) (Transfer, error) {
	var t Transfer
	if err := o.Store.View(ctx, func(tx Tx) (err error) { t, err = tx.Transfer(ctx, id); return err }); err != nil {
		return Transfer{}, toldAs(c, err)
	}
	if !c.In(t.Mission) && !c.Of(t.Partner) {
		return Transfer{}, evidence.ErrNotFound
	}
	return t, nil
}

// toldAs is err as the caller may have it: people of a partner are not told
// that a row was altered, only PULL_DENIED (gate.md). The store has raised the
// alarm.
func toldAs(c authz.Caller, err error) error {
	if errors.Is(err, evidence.ErrTampered) && len(c.Partners()) > 0 {
		return errors.Join(ErrNotAvailable, err)
	}
	return err
}

// save writes the next version of the transfer; its entry follows.
func (o *Office) save(ctx context.Context, tx Tx, t *Transfer, actor string, now time.Time) error {
	t.Version, t.Actor, t.Updated = t.Version+1, actor, now
	return tx.SaveTransfer(ctx, *t)
}

// decided records the gate's answer as an entry: refusals as fully as
// releases (R43).
func (o *Office) decided(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, t Transfer, f gate.Facts, d gate.Decision) (string, error) {
	e := o.Office.Entry(c, role, evidence.Decision, action, t.resource())
	e.Result = string(t.State)
	if !d.Released() {
		e.Verdict = evidence.Refused
	}
	return e.ID, record(ctx, tx, e, t, f, d)
}

// record appends the entry of a decision, with what it rested on. A refusal
// that needs no facts, such as of bytes that are not those declared, has none.
func record(ctx context.Context, tx Tx, e evidence.Entry, t Transfer, f gate.Facts, d gate.Decision) (err error) {
	e.Policy, e.Phase, e.Codes, e.Subject.Version = d.Policy, string(d.Phase), d.Codes(), t.Version
	if f.Phase != "" {
		if e.Facts, err = keep(ctx, tx, f); err != nil {
			return err
		}
	}
	return tx.Record(ctx, e)
}

// wait holds the answer back until the evidence of the act is under a signed
// checkpoint.
func (o *Office) wait(ctx context.Context, entries ...string) error {
	if err := o.Log.Wait(ctx, entries...); err != nil {
		return fmt.Errorf("%w: %w", ErrLogUnavailable, err)
	}
	return nil
}

// outOfTurn records an act that the state did not allow (R43); other errors
// pass as they are.
func (o *Office) outOfTurn(ctx context.Context, c authz.Caller, action authz.Action, t Transfer, err error) error {
	if !errors.Is(err, lifecycle.ErrIllegal) {
		return err
	}
	return errors.Join(err, o.Office.Deny(ctx, c, action, t.resource(), lifecycle.Code))
}

// refusal is a decision that one code makes, where the rest of the gate need
// not be asked. It cites the edition in force, as any other (R37).
func (o *Office) refusal(ctx context.Context, tx Tx, t Transfer, phase gate.Phase, code gate.Code) (gate.Decision, error) {
	book, err := tx.Rulebook(ctx)
	if err != nil {
		return gate.Decision{}, err
	}
	policy := o.Office.Policy + " " + book.At(o.Office.Time()).Cite()
	return gate.Decision{Phase: phase, Policy: policy, Refusals: []gate.Refusal{{
		Code: code, Phase: phase, Object: t.ref(), Policy: policy,
	}}}, nil
}

// system is the caller for what follows from another's act by itself.
func system(c authz.Caller) authz.Caller { return authz.System(c.Request) }

// Transfer answers with one transfer, reduced to what a partner may see where
// the caller is of the partner.
func (o *Office) Transfer(ctx context.Context, c authz.Caller, id string) (Transfer, error) {
	t, err := o.known(ctx, c, authz.TransferReadReduced, id)
	if err != nil {
		return Transfer{}, err
	}
	if c.Of(t.Partner) {
		if _, err := o.Office.Authorise(ctx, c, authz.TransferReadReduced, t.resource()); err != nil {
			return Transfer{}, err
		}
		if err := o.released(ctx, c, authz.TransferReadReduced, t); err != nil {
			return Transfer{}, err
		}
		view, err := t.reduced(o.Office.Time())
		if err != nil {
			return Transfer{}, err
		}
		// What is released is seen when that is under a signed checkpoint.
		return view, o.wait(ctx, t.ReleaseEntry)
	}
	if _, err := o.Office.Authorise(ctx, c, authz.TransferRead, t.resource()); err != nil {
		return Transfer{}, err
	}
	return t, nil
}

// untold answers people of a partner about what is not released to them as about
// what is not there, whatever their role; the attempt is recorded (R43).
func (o *Office) untold(ctx context.Context, c authz.Caller, action authz.Action, t Transfer) error {
	if t.Released != nil || c.In(t.Mission) {
		return nil
	}
	return errors.Join(evidence.ErrNotFound, o.Office.Deny(ctx, c, action, t.resource(), t.unreleased()))
}

func (t Transfer) unreleased() string {
	if t.State == AwaitingApproval {
		return "APPROVAL_PENDING"
	}
	return "PULL_DENIED"
}

// released refuses who acts for the partner, and knows of the transfer as one of
// the mission, what is not released yet; the attempt is recorded.
func (o *Office) released(ctx context.Context, c authz.Caller, action authz.Action, t Transfer) error {
	if t.Released != nil {
		return nil
	}
	return errors.Join(ErrNotAvailable, o.Office.Deny(ctx, c, action, t.resource(), t.unreleased()))
}

// reduced is what the partner may know at now of a transfer to them: nothing
// before its release, and never why it is not available, nor that it is held.
func (t Transfer) reduced(now time.Time) (Transfer, error) {
	if t.Released == nil {
		return Transfer{}, evidence.ErrNotFound
	}
	view := Transfer{
		ID: t.ID, Version: 1, State: t.Told(now),
		Mission: t.Mission, Partner: t.Partner, Purpose: t.Purpose,
		RecipientClass: t.RecipientClass, Nature: t.Nature, Categories: t.Categories, Fields: t.Fields, Subjects: t.Subjects,
		Files: t.Files, Agreement: t.Agreement, Released: t.Released, WindowEnds: t.WindowEnds, PullLimit: t.PullLimit,
		Receipts: t.Receipts, Created: *t.Released, Updated: *t.Released,
	}
	return view, nil
}
