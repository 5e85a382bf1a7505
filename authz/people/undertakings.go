package people

import (
	"context"
	"fmt"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people/undertaking"
	"safeconduct/authz/rulebook"
)

// KindUndertaking is the record kind of signed undertakings.
const KindUndertaking = "undertaking"

// Undertaking is the confidentiality undertaking that a person signed, by their
// own act under their own token (R23).
type Undertaking struct {
	ID       string    `json:"id"`
	Version  int       `json:"version"`
	Person   string    `json:"person"`
	Text     string    `json:"text_version"`
	Language string    `json:"language"`
	Digest   string    `json:"text_digest"` // hex SHA-256 of the text that was shown
	Signed   time.Time `json:"signed"`
	Expires  time.Time `json:"expires"`           // exclusive
	Expired  bool      `json:"expired,omitempty"` // the log says so; what counts is the instant
	Actor    string    `json:"actor"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

// ValidAt reports whether the undertaking unlocks roles at an instant, by the
// rules that are in force then: an older text does not.
func (u Undertaking) ValidAt(r rulebook.Undertaking, at time.Time) bool {
	return u.Text == r.Version && u.livesAt(at) && at.Before(u.Signed.AddDate(0, 0, r.LifeDays))
}

// livesAt reports whether the undertaking's own life includes the instant.
func (u Undertaking) livesAt(at time.Time) bool { return !at.Before(u.Signed) && at.Before(u.Expires) }

// Ref names the version that was read.
func (u Undertaking) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindUndertaking, ID: u.ID, Version: u.Version}
}

// UndertakingTx reads and writes undertakings, and lists those that have ended
// and of which the log does not say so.
type UndertakingTx interface {
	Undertaking(ctx context.Context, id string) (Undertaking, error)
	SaveUndertaking(ctx context.Context, u Undertaking) error
	UndertakingsDue(ctx context.Context, now time.Time, most int) ([]Undertaking, error)
}

// UndertakingText is the text that is in force, for everybody who is known.
func (r *Register) UndertakingText(ctx context.Context, language string) (undertaking.Text, error) {
	var rules rulebook.Rules
	if err := r.store.View(ctx, func(tx Tx) (err error) { rules, err = r.rules(ctx, tx, r.office.Time()); return err }); err != nil {
		return undertaking.Text{}, err
	}
	text, err := undertaking.Find(rules.Undertaking.Version, language)
	if err != nil {
		return undertaking.Text{}, fmt.Errorf("%w: the undertaking is there in en, fr and es", ErrInvalid)
	}
	return text, nil
}

// SignUndertaking records that the caller undertakes confidentiality, in the
// text of that version and digest, which must be the one in force.
func (r *Register) SignUndertaking(ctx context.Context, c authz.Caller, version, language, digest string) (Undertaking, error) {
	res := authz.Resource{Kind: KindUndertaking, Owner: c.Person}
	if err := r.office.AuthoriseOwn(ctx, c, authz.UndertakingSign, res); err != nil {
		return Undertaking{}, err
	}
	text, err := undertaking.Find(version, language)
	if err != nil || text.Digest != digest {
		return Undertaking{}, fmt.Errorf("%w: version, language and digest are not of one text of the undertaking; read it, and sign what you read", ErrInvalid)
	}
	now := r.office.Time()
	u := Undertaking{
		ID: r.office.NewID(), Version: 1, Person: c.Person, Text: text.Version, Language: text.Language, Digest: text.Digest,
		Signed: now, Actor: c.Person, Created: now, Updated: now,
	}
	res.ID = u.ID
	_, err = r.store.Update(ctx, func(tx Tx) error {
		p, err := tx.Person(ctx, c.Person)
		if err != nil {
			return err
		}
		rules, err := r.rules(ctx, tx, now)
		if err != nil {
			return err
		}
		if text.Version != rules.Undertaking.Version {
			return fmt.Errorf("%w: that text of the undertaking is no longer in force; read the new one, and sign it", ErrInvalid)
		}
		u.Expires = now.AddDate(0, 0, rules.Undertaking.LifeDays)
		if err := tx.SaveUndertaking(ctx, u); err != nil {
			return err
		}
		res.Mission, res.Partner = p.Mission, p.Partner
		return tx.Record(ctx, r.office.Entry(c, "", evidence.Change, authz.UndertakingSign, res))
	})
	if err != nil {
		return Undertaking{}, err
	}
	return u, nil
}

// Undertaking answers with an undertaking of the caller's own.
func (r *Register) Undertaking(ctx context.Context, c authz.Caller, id string) (Undertaking, error) {
	var u Undertaking
	err := r.store.View(ctx, func(tx Tx) (err error) { u, err = tx.Undertaking(ctx, id); return err })
	if err == nil && u.Person != c.Person {
		err = evidence.ErrNotFound // another's is as unknown as none
	}
	if err != nil {
		return Undertaking{}, err
	}
	return u, nil
}
