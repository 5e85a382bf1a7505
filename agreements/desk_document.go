package agreements

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// What is done to the document under way: the agreement's until it is active,
// and after that the amendment's, if there is one.

// Revise writes another document into a draft, such as one that Legal returned.
// Mission and partner stay: with others it is another agreement.
func (d *Desk) Revise(ctx context.Context, c authz.Caller, id string, doc Document) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementDraft, id, "revise", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		return a.onDocument(act, func(a Agreement, act Act) (Agreement, error) {
			if err := a.in(act.Event, Draft); err != nil {
				return a, err
			}
			doc, digest, err := d.again(ctx, tx, c, a, doc, act)
			if err != nil {
				return a, err
			}
			a = a.next(Draft, act)
			// Whoever wrote any of it does not activate it (separation of duties 3).
			if act.Person != a.Drafter && !slices.Contains(a.Editors, act.Person) {
				a.Editors = append(slices.Clip(a.Editors), act.Person)
			}
			a.Document, a.Digest, a.Documents = doc, digest, doc.Version
			return a, nil
		})
	})
}

// again is another document of the agreement, under a version that none had:
// what was assessed or signed before is not this one (condition 16).
func (d *Desk) again(ctx context.Context, tx Tx, c authz.Caller, a Agreement, doc Document, act Act) (Document, signing.Digest, error) {
	if doc.Mission != a.Document.Mission || doc.Partner != a.Document.Partner {
		return doc, signing.Digest{}, fmt.Errorf("%w: mission and partner of an agreement stay; draft another one", people.ErrInvalid)
	}
	return d.written(ctx, tx, c, doc.of(a.ID, max(a.Documents, a.Document.Version)+1), act.At)
}

// Amend drafts the next version of an active agreement, which rules as it is
// until that one is active; or the renewal of one that has expired.
func (d *Desk) Amend(ctx context.Context, c authz.Caller, id string, doc Document) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementAmend, id, "amend", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		if err := a.in(act.Event, Active, Expired); err != nil {
			return a, err
		}
		doc, digest, err := d.again(ctx, tx, c, a, doc, act)
		if err != nil {
			return a, err
		}
		return a.Amend(doc, digest, act)
	})
}

// WithdrawAmendment gives up an amendment that is on its way.
func (d *Desk) WithdrawAmendment(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementAmend, id, "withdraw_amendment", "", func(_ Tx, a Agreement, act Act) (Agreement, error) {
		return a.WithdrawAmendment(act)
	})
}

// SendToReview hands the draft to Legal.
func (d *Desk) SendToReview(ctx context.Context, c authz.Caller, id string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementReview, id, "review", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		known, err := tx.Categories(ctx)
		if err != nil {
			return a, err
		}
		return a.onDocument(act, func(a Agreement, act Act) (Agreement, error) { return a.categorised(act, terms.InForce(known, act.At)) })
	})
}

// ApproveDeviation is Legal's approval of a clause under review that is not the
// template's, with the reason.
func (d *Desk) ApproveDeviation(ctx context.Context, c authz.Caller, id, code, reason string) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementDeviate, id, "approve_deviation", reason, func(tx Tx, a Agreement, act Act) (Agreement, error) {
		next, err := a.onDocument(act, func(a Agreement, act Act) (Agreement, error) { return a.ApproveDeviation(code, act) })
		return next, cmp.Or(err, a.notItsAuthor(ctx, tx, act))
	})
}

// Decide is Legal's decision on an agreement under review: "approved",
// "returned" or "rejected".
func (d *Desk) Decide(ctx context.Context, c authz.Caller, id, decision, reason string) (Agreement, error) {
	decide, known := map[string]func(Agreement, Act) (Agreement, error){
		"approved": Agreement.Approve, "returned": Agreement.Return, "rejected": Agreement.Reject,
	}[decision]
	return d.change(ctx, c, authz.AgreementApprove, id, decision, reason, func(tx Tx, a Agreement, act Act) (Agreement, error) {
		if !known {
			return a, fmt.Errorf("%w: decision is approved, returned or rejected", people.ErrInvalid)
		}
		next, err := a.onDocument(act, decide)
		return next, cmp.Or(err, a.notItsAuthor(ctx, tx, act))
	})
}

// Sign adds a signature: a compact JWS by the caller's own enrolled key over
// the document's digest. It is verified here, and again at each decision.
func (d *Desk) Sign(ctx context.Context, c authz.Caller, id, key, jws string) (Agreement, error) {
	add := func(tx Tx, a Agreement, act Act) (Agreement, error) {
		k, err := tx.Key(ctx, key)
		if errors.Is(err, evidence.ErrNotFound) || err == nil && k.Person != c.Person {
			return a, fmt.Errorf("%w: the key is not enrolled by you", people.ErrInvalid)
		} else if err != nil {
			return a, err
		}
		s := Signature{Key: key, Method: MethodJWS, JWS: jws, Signatory: c.Person, Party: signing.PartyIOM}
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
	}
	return d.change(ctx, c, authz.AgreementSign, id, "sign", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		if m := a.Amendment; m != nil && !m.State.given() && a.outside(c) { // to the partner there is none yet: see seenBy
			return add(tx, a, act)
		}
		return a.onDocument(act, func(a Agreement, act Act) (Agreement, error) { return add(tx, a, act) })
	})
}

// statement is what a signature of the agreement must say.
func (a Agreement) statement(s Signature) signing.Statement {
	return signing.Statement{
		Agreement: a.ID, Version: a.Document.Version, Digest: a.Digest,
		Party: s.Party, Signatory: s.Signatory, Title: s.Title, SignedAt: s.SignedAt,
	}
}
