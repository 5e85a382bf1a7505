package agreements

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	AgreementTx
	parties.PartyTx
	people.GrantTx
	people.KeyTx
	people.MissionTx
	terms.PurposeTx
	terms.CategoryTx
	AssessmentsOf(ctx context.Context, agreement string) ([]assessment.Assessment, error)
}

// AgreementTx reads and writes agreements.
type AgreementTx interface {
	Agreement(ctx context.Context, id string) (Agreement, error)
	// AgreementsBetween lists the agreements that name the mission and the
	// partner, newest first, at most MaxBetween+1 of them.
	AgreementsBetween(ctx context.Context, mission, partner string) ([]Agreement, error)
	// AgreementsDue lists agreements in force whose valid_until is reached.
	AgreementsDue(ctx context.Context, now time.Time, most int) ([]Agreement, error)
	SaveAgreement(ctx context.Context, a Agreement) error
}

// MaxBetween bounds how many agreements of one mission with one partner are
// read for a decision; more than that is ambiguous.
const MaxBetween = 100

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
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx], keys Keys) *Desk {
	return &Desk{office: office, store: store, keys: keys}
}

func resource(a Agreement) authz.Resource {
	return authz.Resource{Kind: KindAgreement, ID: a.ID, Mission: a.Document.Mission, Partner: a.Document.Partner}
}

// Create drafts an agreement. Nothing is agreed by it.
func (d *Desk) Create(ctx context.Context, c authz.Caller, doc Document) (Agreement, error) {
	if !c.In(doc.Mission) {
		return Agreement{}, evidence.ErrNotFound
	}
	a := Agreement{ID: d.office.NewID(), Version: 1, State: Draft, Drafter: c.Person, Actor: c.Person, Created: d.office.Time()}
	doc = doc.of(a.ID, 1)
	a.Document, a.Updated = doc, a.Created
	role, err := d.office.Authorise(ctx, c, authz.AgreementDraft, resource(a))
	if err != nil {
		return Agreement{}, err
	}
	if err := doc.check(); err != nil {
		return Agreement{}, err
	}
	if a.Digest, err = doc.DigestOf(); err != nil {
		return Agreement{}, fmt.Errorf("%w: %w", people.ErrInvalid, err)
	}
	a.History = []Act{{Event: "draft", Person: c.Person, Role: role, At: a.Created}}
	if err := d.store.View(ctx, func(tx Tx) error { return known(ctx, tx, c, doc) }); err != nil {
		return Agreement{}, err
	}
	// Outside the transaction, and first: a key that nothing uses does no harm, an
	// agreement without one does.
	if err := d.keys.EnsureKey(ctx, a.ID); err != nil {
		return Agreement{}, fmt.Errorf("making the key of the agreement: %w", err)
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if err := known(ctx, tx, c, doc); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, authz.AgreementDraft, a)
	})
	return a, err
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
	case !slices.Contains([]string{"en", "fr", "es"}, doc.Language):
		return fmt.Errorf("%w: language is en, fr or es", people.ErrInvalid)
	case !doc.EffectiveFrom.Before(doc.ValidUntil):
		return fmt.Errorf("%w: effective_from must lie before valid_until", people.ErrInvalid)
	case doc.Scope.OnwardRule != "" && doc.Scope.OnwardRule != "none" && doc.Scope.OnwardRule != "listed":
		return fmt.Errorf("%w: onward_rule is none or listed", people.ErrInvalid)
	case len(doc.Scope.Missions) > 0 && !slices.Contains(doc.Scope.Missions, doc.Mission):
		return fmt.Errorf("%w: the scope's missions include the signing mission", people.ErrInvalid)
	}
	seen := map[string]bool{}
	for _, c := range doc.Clauses {
		if !slices.Contains(MandatoryClauses(), c.Code) || seen[c.Code] {
			return fmt.Errorf("%w: clause %q is unknown or stands twice; codes are C01 to C25", people.ErrInvalid, c.Code)
		}
		seen[c.Code] = true
	}
	return nil
}

// known checks that what the document names exists, for this caller: another
// mission is as unknown as none.
func known(ctx context.Context, tx Tx, c authz.Caller, doc Document) error {
	if _, err := tx.Party(ctx, doc.Partner); err != nil {
		return fmt.Errorf("%w: unknown partner", people.ErrInvalid)
	}
	for _, m := range append([]string{doc.Mission}, doc.Scope.Missions...) {
		if _, err := tx.Mission(ctx, m); err != nil || !c.In(m) {
			return fmt.Errorf("%w: unknown mission in the scope", people.ErrInvalid)
		}
	}
	for _, p := range doc.Scope.Purposes {
		if _, err := tx.Purpose(ctx, p); err != nil {
			return fmt.Errorf("%w: unknown purpose in the scope", people.ErrInvalid)
		}
	}
	categories, err := tx.Categories(ctx)
	if err != nil {
		return err
	}
	for _, code := range doc.Scope.Categories {
		if !slices.ContainsFunc(categories, func(c terms.Category) bool { return c.Code == code }) {
			return fmt.Errorf("%w: unknown category %q in the scope", people.ErrInvalid, code)
		}
	}
	return nil
}

func (d *Desk) save(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, a Agreement) error {
	if err := tx.SaveAgreement(ctx, a); err != nil {
		return err
	}
	e := d.office.Entry(c, role, evidence.Change, action, resource(a))
	e.Result = string(a.State)
	return tx.Record(ctx, e)
}

// Revise writes another document into a draft, such as one that Legal returned.
// Mission and partner stay: with others it is another agreement.
func (d *Desk) Revise(ctx context.Context, c authz.Caller, id string, doc Document) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementDraft, id, "revise", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		if err := a.in(act.Event, Draft); err != nil {
			return a, err
		}
		if doc.Mission != a.Document.Mission || doc.Partner != a.Document.Partner {
			return a, fmt.Errorf("%w: mission and partner of an agreement stay; draft another one", people.ErrInvalid)
		}
		// Another document: what was assessed before is not this one (condition 16).
		doc = doc.of(a.ID, a.Document.Version+1)
		if err := doc.check(); err != nil {
			return a, err
		}
		if err := known(ctx, tx, c, doc); err != nil {
			return a, err
		}
		digest, err := doc.DigestOf()
		if err != nil {
			return a, fmt.Errorf("%w: %w", people.ErrInvalid, err)
		}
		a = a.next(Draft, act)
		// Whoever wrote any of it does not activate it (separation of duties 3).
		if act.Person != a.Drafter && !slices.Contains(a.Editors, act.Person) {
			a.Editors = append(slices.Clip(a.Editors), act.Person)
		}
		a.Document, a.Digest = doc, digest
		return a, nil
	})
}

// may is the one way to an agreement: scoped by mission and partner first, so
// that another's agreement answers as an unknown one, then by the policy.
func (d *Desk) may(ctx context.Context, c authz.Caller, action authz.Action, id string) (Agreement, authz.Role, error) {
	var a Agreement
	if err := d.store.View(ctx, func(tx Tx) (err error) { a, err = tx.Agreement(ctx, id); return err }); err != nil {
		return Agreement{}, "", err
	}
	res := resource(a)
	if !c.In(res.Mission) && !c.Of(res.Partner) {
		return Agreement{}, "", evidence.ErrNotFound
	}
	role, err := d.office.Authorise(ctx, c, action, res)
	return a, role, err
}

// Agreement answers with one agreement.
func (d *Desk) Agreement(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	a, _, err := d.may(ctx, c, authz.AgreementRead, id)
	if err != nil {
		return Agreement{}, err
	}
	return a, nil
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
	return a, err
}

// SendToReview hands the draft to Legal.
func (d *Desk) SendToReview(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementReview, id, "review", "", func(_ Tx, a Agreement, act Act) (Agreement, error) {
		return a.SendToReview(act)
	})
}

// Decide is Legal's decision on an agreement under review: "approved",
// "returned" or "rejected".
func (d *Desk) Decide(ctx context.Context, c authz.Caller, id, decision, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementApprove, id, decision, reason, func(_ Tx, a Agreement, act Act) (Agreement, error) {
		switch decision {
		case "approved":
			return a.Approve(act)
		case "returned":
			return a.Return(act)
		case "rejected":
			return a.Reject(act)
		default:
			return a, fmt.Errorf("%w: decision is approved, returned or rejected", people.ErrInvalid)
		}
	})
}

// Sign adds a signature: a compact JWS by the caller's own enrolled key over
// the document's digest. It is verified here, and again at each decision.
func (d *Desk) Sign(ctx context.Context, c authz.Caller, id, key, jws string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementSign, id, "sign", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		k, err := tx.Key(ctx, key)
		if errors.Is(err, evidence.ErrNotFound) || err == nil && k.Person != c.Person {
			return a, fmt.Errorf("%w: the key is not enrolled by you", people.ErrInvalid)
		} else if err != nil {
			return a, err
		}
		s := Signature{Key: key, Method: "jws", JWS: jws, Signatory: c.Person, Party: signing.PartyIOM}
		if act.Role == authz.PSG {
			s.Party = a.Document.Partner
		}
		public, err := signing.ParseJWK([]byte(k.Public))
		if err != nil {
			return a, fmt.Errorf("reading an enrolled key: %w", err)
		}
		said, err := signing.Open(jws, public)
		if err != nil {
			return a, fmt.Errorf("%w: %w", people.ErrInvalid, err)
		}
		s.Title, s.SignedAt, s.Received = said.Title, said.SignedAt, act.At
		if !k.ProvenAt(s.SignedAt) || !k.ProvenAt(s.Received) {
			return a, a.illegal("sign", "the signatory is proven: Legal has confirmed the key before the signature", "have Legal confirm the key, then sign again")
		}
		if err := signing.Verify(jws, public, a.statement(s)); err != nil {
			return a, fmt.Errorf("%w: %w", people.ErrInvalid, err)
		}
		return a.AddSignature(s, act)
	})
}

// statement is what a signature of the agreement must say.
func (a Agreement) statement(s Signature) signing.Statement {
	return signing.Statement{
		Agreement: a.ID, Version: a.Document.Version, Digest: a.Digest,
		Party: s.Party, Signatory: s.Signatory, Title: s.Title, SignedAt: s.SignedAt,
	}
}

// Activate puts a signed agreement in force.
func (d *Desk) Activate(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementActivate, id, "activate", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		var posts Posts
		for role, held := range map[authz.Role]*bool{authz.HOM: &posts.Controller, authz.FP: &posts.FocalPoint} {
			holders, err := tx.Holders(ctx, role, a.Document.Mission)
			if err != nil {
				return a, err
			}
			*held = slices.ContainsFunc(holders, func(g people.Grant) bool { return g.LiveAt(act.At) })
		}
		assessments, err := tx.AssessmentsOf(ctx, id)
		if err != nil {
			return a, err
		}
		assessed := slices.ContainsFunc(assessments, func(x assessment.Assessment) bool {
			return x.State == assessment.Approved && x.AgreementVersion == a.Document.Version && act.At.Before(x.ValidUntil)
		})
		return a.Activate(posts, assessed, act)
	})
}

// Suspend stops an agreement at once.
func (d *Desk) Suspend(ctx context.Context, c authz.Caller, id, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementSuspend, id, "suspend", reason, func(_ Tx, a Agreement, act Act) (Agreement, error) {
		return a.Suspend(act)
	})
}

// Lift is one of the two acts that lift a suspension.
func (d *Desk) Lift(ctx context.Context, c authz.Caller, id, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementLift, id, "lift", reason, func(_ Tx, a Agreement, act Act) (Agreement, error) {
		return a.Lift(act)
	})
}

// Terminate is the partner's notice, or one of the two acts of the
// organisation that end an agreement.
func (d *Desk) Terminate(ctx context.Context, c authz.Caller, id, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementTerminate, id, "terminate", reason, func(_ Tx, a Agreement, act Act) (Agreement, error) {
		return a.Terminate(act)
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
	n := 0
	var failed error
	for _, a := range due {
		_, err := d.store.Update(ctx, func(tx Tx) error {
			a, err := tx.Agreement(ctx, a.ID)
			if err != nil {
				return err
			}
			c := authz.System("")
			if a, err = a.Expire(Act{Event: "expire", Person: c.Person, Role: authz.SYS, At: now}); err != nil {
				return err
			}
			return d.save(ctx, tx, c, authz.SYS, "agreement.expire", a)
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
