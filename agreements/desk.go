package agreements

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/agreements/typeset"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	AgreementTx
	ListTx
	parties.PartyTx
	people.GrantTx
	people.SidesTx
	people.KeyTx
	people.MissionTx
	people.PersonTx
	people.StandingTx
	terms.PurposeTx
	terms.CategoryTx
	templates.Reader
	rulebook.Reader
	AssessmentTx
	ScanTx
	DestructionTx
	parties.LockTx
}

// AgreementTx reads and writes agreements.
type AgreementTx interface {
	Agreement(ctx context.Context, id string) (Agreement, error)
	// AgreementOfPaper answers with the agreement that was imported from the scan
	// of the hex SHA-256 and names the mission and the partner, amended since or
	// not, unless it was rejected; evidence.ErrNotFound where there is none.
	AgreementOfPaper(ctx context.Context, mission, partner, sha256 string) (Agreement, error)
	// AgreementsDue lists agreements in force whose valid_until is reached.
	AgreementsDue(ctx context.Context, now time.Time, most int) ([]Agreement, error)
	// AgreementsSuspended lists suspended agreements in the order of their ids, from after the given one on.
	AgreementsSuspended(ctx context.Context, after string, most int) ([]Agreement, error)
	SaveAgreement(ctx context.Context, a Agreement) error
}

// AssessmentTx reads and settles the assessments of an agreement.
type AssessmentTx interface {
	AssessmentsOf(ctx context.Context, agreement string) ([]assessment.Assessment, error)
	SaveAssessment(ctx context.Context, a assessment.Assessment) error
	assessment.CauseSaver
	assessment.CauseReader
	// LockAgreement keeps decisions off the agreement, before what was assessed
	// of it changes: they lock in this order too.
	LockAgreement(ctx context.Context, id string) error
}

// DestructionTx tells what a partner still holds.
type DestructionTx interface {
	// OpenDestructions counts the transfers under the agreement of which the
	// partner has received anything, and of which no certificate of destruction
	// is accepted.
	OpenDestructions(ctx context.Context, agreement string) (int, error)
}

// MaxBetween bounds how many agreements of one mission with one partner are read
// for a decision, the nearest first (NearestFirst); more than that which are
// equally near are ambiguous, and the sender names one.
const MaxBetween = 100

// NearestFirst orders the states by how near an agreement is to permitting a
// transfer. A rejected one never does.
func NearestFirst() []State {
	return []State{Active, Suspended, Signed, PartSigned, Approved, Review, Draft, Expired, Terminated, ClosedOut}
}

// Keys makes the transit key of a new safeguard instrument. It is called before
// the draft is recorded, so that an agreement always has its key.
type Keys interface {
	EnsureKey(ctx context.Context, agreement string) error
}

// Desk is the service over agreements.
type Desk struct {
	office *evidence.Office
	store  evidence.Store[Tx]
	keys   Keys
	scans  Scans
	press  typeset.Press
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx], keys Keys, scans Scans) *Desk {
	return &Desk{office: office, store: store, keys: keys, scans: scans, press: typeset.NewPress()}
}

func resource(a Agreement) authz.Resource {
	return authz.Resource{Kind: KindAgreement, ID: a.ID, Mission: a.Document.Mission, Partner: a.Document.Partner}
}

// Create drafts an agreement from the template in force. Nothing is agreed by it.
func (d *Desk) Create(ctx context.Context, c authz.Caller, doc Document) (Agreement, error) {
	if !c.In(doc.Mission) {
		return Agreement{}, evidence.ErrNotFound
	}
	a := Agreement{ID: d.office.NewID(), Version: 1, State: Draft, Drafter: c.Person, Actor: c.Person, Created: d.office.Time(), Documents: 1}
	doc = doc.of(a.ID, 1)
	a.Document, a.Updated = doc, a.Created
	role, err := d.office.Authorise(ctx, c, authz.AgreementDraft, resource(a))
	if err != nil {
		return Agreement{}, err
	}
	a.History = []Act{{Event: "draft", Person: c.Person, Role: role, At: a.Created}}
	write := func(tx Tx) (err error) {
		a.Document, a.Digest, err = d.written(ctx, tx, c, doc, a.Created)
		return err
	}
	if err := d.store.View(ctx, write); err != nil {
		return Agreement{}, err
	}
	// Outside the transaction, and first: a key that nothing uses does no harm, an
	// agreement without one does.
	if err := d.keys.EnsureKey(ctx, a.ID); err != nil {
		return Agreement{}, fmt.Errorf("making the key of the agreement: %w", err)
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if err := write(tx); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, authz.AgreementDraft, a)
	})
	return a, err
}

// written is the document as it is kept: made from the template in force, and
// naming nothing that does not exist for who writes it.
func (d *Desk) written(ctx context.Context, tx Tx, c authz.Caller, doc Document, now time.Time) (Document, signing.Digest, error) {
	none := signing.Digest{}
	if err := doc.check(); err != nil {
		return doc, none, err
	}
	doc.Paper = nil // only an import has one
	doc, err := fromTemplate(ctx, tx, doc, now)
	if err != nil {
		return doc, none, err
	}
	if err := known(ctx, tx, c, doc, now); err != nil {
		return doc, none, err
	}
	digest, err := doc.DigestOf()
	if err != nil {
		return doc, none, fmt.Errorf("%w: %w", people.ErrInvalid, err)
	}
	return doc, digest, nil
}

// fromTemplate makes the document from the template that it names, or from the
// standard one, in the version in force.
func fromTemplate(ctx context.Context, tx Tx, doc Document, now time.Time) (Document, error) {
	name := templates.Standard
	if doc.Template != nil {
		name = doc.Template.Name
	}
	t, err := templates.InForce(ctx, tx, name, now)
	if errors.Is(err, evidence.ErrNotFound) {
		return doc, fmt.Errorf("%w: no template of that name is in force", people.ErrInvalid)
	} else if err != nil {
		return doc, err
	}
	if doc.Template != nil && doc.Template.Version != 0 && doc.Template.Version != t.Number {
		return doc, fmt.Errorf("%w: version %d of the template is in force; draft from that one", people.ErrInvalid, t.Number)
	}
	return doc.fill(t)
}

// of is the document as the given version of the agreement's, with its times as
// they are kept: UTC, microseconds.
func (doc Document) of(agreement string, version int) Document {
	doc.Agreement, doc.Version = agreement, version
	doc.EffectiveFrom, doc.ValidUntil = doc.EffectiveFrom.UTC().Truncate(time.Microsecond), doc.ValidUntil.UTC().Truncate(time.Microsecond)
	return doc
}

func (doc Document) check() error {
	switch {
	case !slices.Contains([]Type{DataSharing, ControllerProcessor, JointControllers}, doc.Type):
		return fmt.Errorf("%w: type is data_sharing, controller_processor or joint_controllers", people.ErrInvalid)
	case strings.TrimSpace(doc.Title) == "":
		return fmt.Errorf("%w: title is missing", people.ErrInvalid)
	case strings.ContainsFunc(doc.Title, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }):
		// It is signed, and shown in terminals and on pages: what is read is what is there.
		return fmt.Errorf("%w: title is one line, without control characters or signs that turn the direction of the text", people.ErrInvalid)
	case !slices.Contains([]string{"en", "fr", "es"}, doc.Language):
		return fmt.Errorf("%w: language is en, fr or es", people.ErrInvalid)
	case !doc.EffectiveFrom.Before(doc.ValidUntil):
		return fmt.Errorf("%w: effective_from must lie before valid_until", people.ErrInvalid)
	case slices.ContainsFunc(slices.Concat(doc.Scope.RecipientCountries, doc.Scope.StorageCountries), func(c string) bool { return !rulebook.IsCountry(c) }):
		return fmt.Errorf("%w: recipient_countries and storage_countries are codes of two capital letters (ISO 3166-1)", people.ErrInvalid)
	case doc.Scope.OnwardRule != "" && doc.Scope.OnwardRule != "none" && doc.Scope.OnwardRule != "listed":
		return fmt.Errorf("%w: onward_rule is none or listed", people.ErrInvalid)
	case len(doc.Scope.Missions) > 0 && !slices.Contains(doc.Scope.Missions, doc.Mission):
		return fmt.Errorf("%w: the scope's missions include the signing mission", people.ErrInvalid)
	}
	return nil
}

// known checks that what the document names exists now, for this caller: another
// mission is as unknown as none, and a term that is not in force, too.
func known(ctx context.Context, tx Tx, c authz.Caller, doc Document, now time.Time) error {
	unknown, err := unknowns(ctx, tx, c, doc, now)
	if err == nil && len(unknown) > 0 {
		says := unknown[0].says
		if mend := unknown[0].mend; mend != "" {
			says += "; " + mend
		}
		err = fmt.Errorf("%w: %s", people.ErrInvalid, says)
	}
	return err
}

// unknownName is a member of a document that names what does not exist, or does
// not count, and what mends that where it has a mend of its own.
type unknownName struct{ member, says, mend string }

func unknowns(ctx context.Context, tx Tx, c authz.Caller, doc Document, now time.Time) (all []unknownName, err error) {
	missing := func(member, says string, known bool, failed error) {
		var idle *terms.NotInForceError
		switch {
		case errors.As(failed, &idle):
			all = append(all, unknownName{member, idle.Says(), idle.Mend()})
		case errors.Is(failed, evidence.ErrNotFound) || failed == nil && !known:
			all = append(all, unknownName{member, says, ""})
		case err == nil:
			err = failed
		}
	}
	_, failed := tx.Party(ctx, doc.Partner)
	missing("partner", "unknown partner", true, failed)
	for i, m := range doc.Missions() {
		_, failed := tx.Mission(ctx, m)
		missing([]string{"mission", "missions"}[min(i, 1)], "unknown mission in the scope", c.In(m), failed)
	}
	if doc.Supersedes != "" {
		old, failed := tx.Agreement(ctx, doc.Supersedes)
		same := old.ID != doc.Agreement && old.Document.Mission == doc.Mission && old.Document.Partner == doc.Partner
		missing("supersedes", "supersedes names another agreement of the same mission with the same partner", same, failed)
	}
	if doc.Parent != "" {
		up, failed := tx.Agreement(ctx, doc.Parent)
		known := doc.Parent != doc.Agreement && up.Document.Partner == doc.Partner && c.In(up.Document.Mission)
		missing("parent", "parent names another agreement with the same partner", known, failed)
	}
	for _, p := range doc.Scope.Purposes {
		_, failed := terms.PurposeInForce(ctx, tx, p, now)
		missing("purposes", "unknown purpose in the scope", true, failed)
	}
	categories, failed := tx.Categories(ctx)
	missing("categories", "unknown category in the scope", true, failed)
	for _, code := range doc.Scope.Categories {
		_, failed := terms.CodeInForce(categories, code, now)
		missing("categories", fmt.Sprintf("unknown category %q in the scope", code), true, failed)
	}
	return all, err
}

func (d *Desk) save(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, a Agreement) error {
	if err := tx.SaveAgreement(ctx, a); err != nil {
		return err
	}
	e := d.office.Entry(c, role, evidence.Change, action, resource(a))
	e.Result = string(a.State)
	return tx.Record(ctx, e)
}

// may is the one way to an agreement: scoped by mission and partner first, so
// that another's agreement answers as an unknown one, then by the policy.
func (d *Desk) may(ctx context.Context, c authz.Caller, action authz.Action, id string) (Agreement, authz.Role, error) {
	var a Agreement
	if err := d.store.View(ctx, func(tx Tx) (err error) { a, err = tx.Agreement(ctx, id); return err }); err != nil {
		return Agreement{}, "", err
	}
	res, known := a.asKnownTo(c, action)
	if !known {
		return Agreement{}, "", evidence.ErrNotFound
	}
	role, err := d.office.Authorise(ctx, c, action, res)
	return a, role, err
}

// asKnownTo is the agreement as the policy is asked about it for the caller;
// false where it answers as an unknown one.
func (a Agreement) asKnownTo(c authz.Caller, action authz.Action) (authz.Resource, bool) {
	res := resource(a)
	// The missions that share it read it; every other act is the signing mission's.
	if shared := a.sharedBy(c); shared != "" && a.outside(c) && action == authz.AgreementRead {
		res.Mission = shared
	}
	if !c.In(res.Mission) && !c.Of(res.Partner) {
		return res, false
	}
	return res, !a.outside(c) || a.State.given() // outside there is none before
}

// Agreement answers with one agreement.
func (d *Desk) Agreement(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	a, _, err := d.may(ctx, c, authz.AgreementRead, id)
	if err != nil {
		return Agreement{}, err
	}
	return a.seenBy(c), nil
}

// change runs one event of the machine on the agreement as it is now.
func (d *Desk) change(ctx context.Context, c authz.Caller, action authz.Action, id, event, reason string, step func(Tx, Agreement, Act) (Agreement, error)) (Agreement, error) {
	a, role, err := d.may(ctx, c, action, id)
	if err != nil {
		return Agreement{}, err
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if a, err = tx.Agreement(ctx, id); err != nil {
			return err
		}
		act := Act{Event: event, Person: c.Person, Role: role, At: d.office.Time(), Reason: reason}
		if a, err = step(tx, a, act); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, action, a)
	})
	if errors.Is(err, lifecycle.ErrIllegal) {
		return Agreement{}, errors.Join(err, d.office.Deny(ctx, c, action, resource(a), lifecycle.Code))
	}
	return a.seenBy(c), err
}
