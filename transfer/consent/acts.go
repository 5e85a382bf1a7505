package consent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Attach names what shows that the person said so, and why it is not written
// where it is not. Another proof takes the place of an earlier one, which stays
// in the record's history.
func (o *Office) Attach(ctx context.Context, c authz.Caller, id string, p Proof, why NotWritten) (Record, error) {
	check := func() error {
		if why != "" && !why.known() {
			return fmt.Errorf("%w: reason_not_written is child, low_literacy, incapacity or other", people.ErrInvalid)
		}
		return p.check()
	}
	return o.change(ctx, c, authz.ConsentAttach, id, check, func(r Record, now time.Time) (Record, string, error) {
		r.Evidence = &Evidence{Proof: p, By: c.Person, At: now}
		if why != "" {
			r.NotWritten = why
		}
		return r, p.SHA256, nil
	})
}

// Certify is a named IOM staff member's word that verbal consent was given
// (R06). No role of a partner can. statement is the SHA-256 of what they
// signed, where there is a paper.
func (o *Office) Certify(ctx context.Context, c authz.Caller, id, statement string) (Record, error) {
	check := func() error {
		if statement != "" && !evidence.IsDigest(statement) {
			return fmt.Errorf("%w: a statement is named by its SHA-256, 64 hex digits", people.ErrInvalid)
		}
		return nil
	}
	return o.change(ctx, c, authz.ConsentCertify, id, check, func(r Record, now time.Time) (Record, string, error) {
		refuse := func(guard, mend string) (Record, string, error) {
			return r, "", &lifecycle.TransitionError{Entity: KindConsent, State: string(r.State), Event: "certify", Guard: guard, Mend: mend}
		}
		switch {
		case r.Form != Verbal:
			return refuse("only verbal consent is certified", "attach the document or the recording")
		case r.Certified != nil:
			return refuse("it is certified already", "nothing more is needed")
		}
		r.Certified = &Certification{By: c.Person, At: now, SHA256: statement}
		return r, "certified", nil
	})
}

// Assess records what is known of the person's capacity, and of who decides for
// them (R07-R09). What is left out stays as it was.
func (o *Office) Assess(ctx context.Context, c authz.Caller, id string, k Circumstances) (Record, error) {
	check := func() error {
		if k.empty() {
			return fmt.Errorf("%w: say something of capacity, guardian, views or assent", people.ErrInvalid)
		}
		return k.check()
	}
	return o.change(ctx, c, authz.ConsentAssess, id, check, func(r Record, now time.Time) (Record, string, error) {
		r.known(k, c.Person, now)
		return r, "assessed", nil
	})
}

// change is one act on a consent that is given, as decisions see it whole or
// not at all.
func (o *Office) change(ctx context.Context, c authz.Caller, action authz.Action, id string, check func() error, step func(Record, time.Time) (Record, string, error)) (Record, error) {
	r, role, err := o.may(ctx, c, action, id)
	if err != nil {
		return Record{}, err
	}
	if err := check(); err != nil {
		return Record{}, err
	}
	res := authz.Resource{Kind: KindConsent, ID: id, Mission: r.Mission}
	_, err = o.store.Update(ctx, func(tx Tx) error {
		if err := tx.LockSubjects(ctx, []string{r.Subject}); err != nil {
			return err
		}
		if r, err = tx.Consent(ctx, id); err != nil {
			return err
		}
		if !r.permits() {
			return &lifecycle.TransitionError{
				Entity: KindConsent, State: string(r.State), Event: "change", Guard: "only a consent that is given is added to", Mend: "record what the person says now",
			}
		}
		now := o.office.Time()
		changed, result, err := step(r, now)
		if err != nil {
			return err
		}
		r = changed
		r.Version, r.Actor, r.Updated = r.Version+1, c.Person, now
		if err := tx.SaveConsents(ctx, []Record{r}); err != nil {
			return err
		}
		e := o.office.Entry(c, role, evidence.Change, action, res)
		e.Result = result
		return tx.Record(ctx, e)
	})
	switch {
	case errors.Is(err, lifecycle.ErrIllegal):
		return Record{}, errors.Join(err, o.office.Deny(ctx, c, action, res, lifecycle.Code))
	case err != nil:
		return Record{}, err
	}
	return r, nil
}
