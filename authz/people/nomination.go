package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/lifecycle"
	"safeconduct/authz/rulebook"
)

// KindNomination is the record kind of nominations.
const KindNomination = "nomination"

// SmallPartner is Legal's note that a partner is too small for two people.
type SmallPartner struct {
	Staff int    `json:"staff" minimum:"1" maximum:"20" doc:"how many people the partner has; the rulebook says up to how many it is small" example:"2"`
	Note  string `json:"note" minLength:"1" maxLength:"4000" doc:"why one person may sign and download, and what was checked" example:"Two staff, seen in the register of associations"`
}

// check reports a grant that cannot be meant.
func (g Grant) check(place authz.Place, now time.Time) error {
	if g.Until != nil && !g.Until.After(now) {
		return fmt.Errorf("%w: a grant ends after it begins", ErrInvalid)
	}
	if err := g.checkTasks(); err != nil || g.Small == nil {
		return err
	}
	if place != authz.AtPartner || g.Small.Staff < 1 {
		return fmt.Errorf("%w: small_partner is for a role at a partner, of 1 person or more (separation of duties 10)", ErrInvalid)
	}
	return checkReason(g.Small.Note)
}

// checkSmall refuses Legal's note on a partner that the rules in force do not
// call small (separation of duties 10).
func (g Grant) checkSmall(ctx context.Context, tx rulebook.Reader) error {
	if g.Small == nil {
		return nil
	}
	book, err := tx.Rulebook(ctx)
	if err != nil {
		return err
	}
	if most := book.At(g.Created).Rules.SmallStaff(); g.Small.Staff > most {
		return fmt.Errorf("%w: small_partner is for a role at a partner of 1 to %d people (separation of duties 10)", ErrInvalid, most)
	}
	return nil
}

// NominationState is how far a nomination has come.
type NominationState string

// The states of a nomination.
const (
	NominationOpen    NominationState = "open"
	NominationGranted NominationState = "granted"
	NominationRefused NominationState = "refused"
)

// Nomination is whom a partner's signatory wants to download for the partner.
// Legal grants it or refuses it; until then the person is nobody here.
type Nomination struct {
	ID      string          `json:"id"`
	Version int             `json:"version"`
	Partner string          `json:"partner"`
	Name    string          `json:"name"`
	Title   string          `json:"title,omitempty"`
	Email   string          `json:"email,omitempty"`
	State   NominationState `json:"state"`
	By      string          `json:"nominated_by"`
	Decided string          `json:"decided_by,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Person  string          `json:"person,omitempty"` // registered when it was granted
	Grant   string          `json:"grant,omitempty"`
	Actor   string          `json:"actor"`
	Created time.Time       `json:"created"`
	Updated time.Time       `json:"updated"`
}

// NominationTx reads and writes nominations.
type NominationTx interface {
	Nomination(ctx context.Context, id string) (Nomination, error)
	// Nominations lists those of a partner; all where it is empty.
	Nominations(ctx context.Context, partner string) ([]Nomination, error)
	SaveNomination(ctx context.Context, n Nomination) error
}

// Nominate proposes a downloader for the caller's own partner. By its signatory.
func (r *Register) Nominate(ctx context.Context, c authz.Caller, n Nomination) (Nomination, error) {
	if len(c.Partners()) > 0 && !c.Of(n.Partner) {
		return Nomination{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindNomination, Partner: n.Partner}
	role, err := r.office.Authorise(ctx, c, authz.PersonNominate, res)
	if err != nil {
		return Nomination{}, err
	}
	if strings.TrimSpace(n.Name) == "" {
		return Nomination{}, fmt.Errorf("%w: a nomination needs a name", ErrInvalid)
	}
	now := r.office.Time()
	n = Nomination{
		ID: r.office.NewID(), Version: 1, Partner: n.Partner, Name: strings.TrimSpace(n.Name), Title: n.Title, Email: n.Email,
		State: NominationOpen, By: c.Person, Actor: c.Person, Created: now, Updated: now,
	}
	res.ID = n.ID
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if err := tx.SaveNomination(ctx, n); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.PersonNominate, res))
	})
	if err != nil {
		return Nomination{}, err
	}
	return n, nil
}

// Nomination answers with a nomination that the caller may read.
func (r *Register) Nomination(ctx context.Context, c authz.Caller, id string) (Nomination, error) {
	n, _, err := r.nomination(ctx, c, authz.NominationRead, id)
	return n, err
}

// nomination reads one on which the caller may act. Who is of no partner is
// asked for the role first: what there is of partners is not theirs to find out.
func (r *Register) nomination(ctx context.Context, c authz.Caller, action authz.Action, id string) (Nomination, authz.Role, error) {
	if len(c.Partners()) == 0 {
		if _, err := r.office.Authorise(ctx, c, action, authz.Resource{Kind: KindNomination, ID: id}); err != nil {
			return Nomination{}, "", err
		}
	}
	var n Nomination
	if err := r.store.View(ctx, func(tx Tx) (err error) { n, err = tx.Nomination(ctx, id); return err }); err != nil {
		return Nomination{}, "", err
	}
	if !c.Of(n.Partner) && !c.AtHQ() {
		return Nomination{}, "", evidence.ErrNotFound
	}
	role, err := r.office.Authorise(ctx, c, action, authz.Resource{Kind: KindNomination, ID: id, Partner: n.Partner})
	if err != nil {
		return Nomination{}, "", err
	}
	return n, role, nil
}

// Nominations lists the nominations of the caller's partners; of all partners
// for headquarters.
func (r *Register) Nominations(ctx context.Context, c authz.Caller) ([]Nomination, error) {
	of := c.Partners()
	switch {
	case c.AtHQ():
		of = []string{""}
	case len(of) == 0:
		of = []string{c.Person} // the partner of nobody: the denial is recorded
	}
	var all []Nomination
	for _, partner := range of {
		if _, err := r.office.Authorise(ctx, c, authz.NominationRead, authz.Resource{Kind: KindNomination, Partner: partner}); err != nil {
			return nil, err
		}
		if err := r.store.View(ctx, func(tx Tx) error {
			list, err := tx.Nominations(ctx, partner)
			all = append(all, list...)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// DecideNomination grants or refuses a nomination, with a reason. By Legal. One
// that is granted registers the person, with the role of a downloader.
func (r *Register) DecideNomination(ctx context.Context, c authz.Caller, id string, granted bool, reason string) (Nomination, error) {
	n, role, err := r.nomination(ctx, c, authz.NominationDecide, id)
	if err != nil {
		return Nomination{}, err
	}
	res := authz.Resource{Kind: KindNomination, ID: id, Partner: n.Partner}
	if !granted || reason != "" {
		if err := checkReason(reason); err != nil {
			return Nomination{}, err
		}
	}
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if n, err = tx.Nomination(ctx, id); err != nil {
			return err
		}
		if n.State != NominationOpen {
			return &lifecycle.TransitionError{
				Entity: "nomination", State: string(n.State), Event: "decide", Guard: "it is open", Mend: "have the partner's signatory nominate anew",
			}
		}
		now := r.office.Time()
		n.Version, n.State, n.Decided, n.Reason, n.Actor, n.Updated = n.Version+1, NominationRefused, c.Person, strings.TrimSpace(reason), c.Person, now
		if granted {
			if err := r.grantNomination(ctx, tx, c, &n, now); err != nil {
				return err
			}
		}
		if err := tx.SaveNomination(ctx, n); err != nil {
			return err
		}
		e := r.office.Entry(c, role, evidence.Change, authz.NominationDecide, res)
		e.Result = string(n.State)
		return tx.Record(ctx, e)
	})
	if errors.Is(err, lifecycle.ErrIllegal) {
		return Nomination{}, errors.Join(err, r.office.Deny(ctx, c, authz.NominationDecide, res, lifecycle.Code))
	}
	if errors.Is(err, ErrClassDenied) { // R43
		return Nomination{}, errors.Join(err, r.office.Deny(ctx, c, authz.NominationDecide, res, "RECIPIENT_CLASS_DENIED"))
	}
	if err != nil {
		return Nomination{}, err
	}
	return n, nil
}

func (r *Register) grantNomination(ctx context.Context, tx Tx, c authz.Caller, n *Nomination, now time.Time) error {
	p := Person{
		ID: r.office.NewID(), Version: 1, Name: n.Name, Title: n.Title, Email: n.Email, Partner: n.Partner,
		Actor: n.Actor, Created: now, Updated: now,
	}
	g := Grant{
		ID: r.office.NewID(), Version: 1, Person: p.ID, Role: authz.PDL, Partner: n.Partner, From: now, Nomination: n.ID,
		Actor: n.Actor, Created: now, Updated: now,
	}
	n.State, n.Person, n.Grant = NominationGranted, p.ID, g.ID
	if err := tx.SavePerson(ctx, p); err != nil {
		return err
	}
	if err := r.turn(ctx, tx, &g, p.ID); err != nil {
		return err
	}
	if err := r.mayHold(ctx, tx, c, g); err != nil {
		return err
	}
	return tx.SaveGrant(ctx, g)
}
