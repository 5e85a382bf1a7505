package retention

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	DutyTx
	FactTx
	parties.LockTx
	// LockTransfer waits for the pulls of the transfer, and then excludes them
	// until the transaction ends.
	LockTransfer(ctx context.Context, id string) error
	// Duties lists those of the places, those that are due first in front; of open
	// ones only those that are not accepted.
	Duties(ctx context.Context, in authz.Places, open bool, p evidence.Page) (evidence.Listed[Duty], error)
}

// DutyTx reads and writes duties.
type DutyTx interface {
	Duty(ctx context.Context, transfer string) (Duty, error)
	SaveDuty(ctx context.Context, d Duty) error
}

// FactTx answers what gate condition 26 asks of the partner, with one look-up.
type FactTx interface {
	// NextDestructions are the duties of the partner that refuse new transfers
	// before any other does, or did, whether they do so already (Duty.OverdueAt) or
	// will: MostNamed at most, the first in front.
	NextDestructions(ctx context.Context, partner string) ([]Duty, error)
}

// MostNamed bounds how many overdue duties a refusal names.
const MostNamed = 20

// Pulled is what a first pull says of the transfer.
type Pulled struct {
	Transfer   string
	Mission    string
	Partner    string
	Purpose    string
	Categories []string
	Agreed     map[string]int        // days by category, of the agreement
	Rules      []terms.RetentionRule // of the purpose
	Person     string                // who pulled
	Role       authz.Role
	At         time.Time
}

// Arise records the duty that a first pull brings, in its transaction and under
// its entry. For a later pull of the same transfer it does nothing. The caller
// holds the transfer locked.
func Arise(ctx context.Context, tx DutyTx, p Pulled) error {
	_, err := tx.Duty(ctx, p.Transfer)
	if !errors.Is(err, evidence.ErrNotFound) {
		return err
	}
	days := Days(p.Categories, p.Agreed, p.Purpose, p.Rules)
	return tx.SaveDuty(ctx, Duty{
		ID: p.Transfer, Version: 1, State: Due, Mission: p.Mission, Partner: p.Partner, Pulled: p.At, Due: p.At.Add(time.Duration(days) * day),
		History: []lifecycle.Act{{Event: "arise", Person: p.Person, Role: p.Role, At: p.At}}, Actor: p.Person, Created: p.At, Updated: p.At,
	})
}

// Hasten has what was pulled of the transfer destroyed by until, where its duty
// was due later, in the transaction of the recall and under its entry. Where
// nothing was pulled, or all is destroyed, it does nothing. The caller holds the
// transfer locked.
func Hasten(ctx context.Context, tx DutyTx, transfer string, until time.Time, by lifecycle.Act) error {
	d, err := tx.Duty(ctx, transfer)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil
	}
	if err != nil || d.State == Accepted || !until.Before(d.Due) {
		return err
	}
	d.Due = until
	return tx.SaveDuty(ctx, d.next(d.State, by))
}

// Waive ends the duty for a transfer of which it is known that no byte left,
// in the transaction that ends the transfer and under its entry: nobody certifies
// the destruction of nothing. Where there is no duty, or it is answered for, it
// does nothing. The caller holds the transfer locked.
func Waive(ctx context.Context, tx DutyTx, transfer string, by lifecycle.Act) error {
	d, err := tx.Duty(ctx, transfer)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil
	}
	if err != nil || d.State != Due {
		return err
	}
	return tx.SaveDuty(ctx, d.next(Accepted, by))
}

// Desk is the service over duties.
type Desk struct {
	keeper lifecycle.Keeper[Duty, Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{lifecycle.Keeper[Duty, Tx]{
		Office: office, Store: store, Resource: Duty.resource,
		Read: func(ctx context.Context, tx Tx, id string) (Duty, error) { return tx.Duty(ctx, id) },
		// Once it is answered that a certificate is handed in nothing more is pulled, and once one is returned nothing more is
		// released to the partner.
		Save: func(ctx context.Context, tx Tx, d Duty) error {
			if err := tx.LockTransfer(ctx, d.ID); err != nil {
				return err
			}
			if err := tx.LockPartner(ctx, d.Partner); err != nil {
				return err
			}
			return tx.SaveDuty(ctx, d)
		},
		State: func(d Duty) string { return string(d.State) },
	}}
}

func (s Certificate) check(pulled, now time.Time) error {
	switch {
	case strings.TrimSpace(s.Method) == "" || strings.TrimSpace(s.Medium) == "" || strings.TrimSpace(s.Backups) == "" || strings.TrimSpace(s.Witness) == "":
		return fmt.Errorf("%w: a certificate names method, medium, what became of backups, and the post of a witness", people.ErrInvalid)
	case len(s.Method)+len(s.Medium)+len(s.Backups)+len(s.Witness)+len(s.Exceptions) > 16_000 || len(s.SubRecipients) > 500:
		return fmt.Errorf("%w: certify in at most 16000 bytes, with at most 500 sub-recipients", people.ErrInvalid)
	case s.Copies < 0:
		return fmt.Errorf("%w: copies are counted", people.ErrInvalid)
	case s.Date.Before(pulled) || s.Date.After(now):
		return fmt.Errorf("%w: the date lies between the pull and now", people.ErrInvalid)
	}
	return nil
}

// Certify hands in a certificate of destruction, by the partner's signatory:
// due or returned -> certified (R27).
func (d *Desk) Certify(ctx context.Context, c authz.Caller, id string, s Certificate) (Duty, error) {
	return d.keeper.Change(ctx, c, authz.DestructionCertify, id, "certify", "", func(_ Tx, x Duty, act lifecycle.Act) (Duty, error) {
		if x.State != Due && x.State != Returned {
			return x, x.illegal(act.Event, "the certificate is owed", "nothing: the mission has it")
		}
		s.Date = s.Date.UTC().Truncate(time.Microsecond)
		if err := s.check(x.Pulled, act.At); err != nil {
			return x, err
		}
		s.Certifier, s.Certified, s.AcceptedBy = c.Person, act.At, ""
		x.Certificate = &s
		return x.next(Certified, act), nil
	})
}

// Decide accepts the certificate, or returns it with a reason, by the mission's
// focal point. The certifier is not the accepting officer (separation of duties
// 7).
func (d *Desk) Decide(ctx context.Context, c authz.Caller, id string, accepted bool, reason string) (Duty, error) {
	event := map[bool]string{true: "accept", false: "return"}[accepted]
	return d.keeper.Change(ctx, c, authz.DestructionAccept, id, event, reason, func(_ Tx, x Duty, act lifecycle.Act) (Duty, error) {
		switch {
		case x.State != Certified || x.Certificate == nil:
			return x, x.illegal(act.Event, "the partner has certified", "wait for the certificate")
		case x.Certificate.Certifier == c.Person:
			return x, x.illegal(act.Event, "the certifier is not the accepting officer (separation of duties 7)", "ask another focal point")
		case !accepted && strings.TrimSpace(reason) == "":
			return x, fmt.Errorf("%w: say what is missing", people.ErrInvalid)
		case accepted && x.Certificate.Exceptions != "" && strings.TrimSpace(reason) == "":
			return x, fmt.Errorf("%w: the certificate makes exceptions; say why they are accepted", people.ErrInvalid)
		case !accepted:
			return x.next(Returned, act), nil
		}
		s := *x.Certificate
		s.AcceptedBy = c.Person
		x.Certificate = &s
		return x.next(Accepted, act), nil
	})
}

// Duty answers with the duty of one transfer.
func (d *Desk) Duty(ctx context.Context, c authz.Caller, id string) (Duty, error) {
	return d.keeper.One(ctx, c, authz.DestructionRead, id)
}

// Duties lists those that the caller may read; where open is set, only those
// without an accepted certificate. Those that are due first come first.
func (d *Desk) Duties(ctx context.Context, c authz.Caller, open bool, p evidence.Page) (evidence.Listed[Duty], error) {
	return d.keeper.List(ctx, c, authz.DestructionRead, func(tx Tx) (evidence.Listed[Duty], error) { return tx.Duties(ctx, c.Places(), open, p) })
}
