// Package identity says who is calling. A person proves who they are with an
// API token: opaque, expiring, revocable, kept as a hash only. The grants that
// go with it are read from the register at each request, never from the token.
package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/lifecycle"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// KindToken is the record kind of tokens.
const KindToken = "token"

// Prefix begins every secret, so that a leaked one can be recognised.
const Prefix = "sct_"

// ErrUnknown is the answer to a credential that is not known, has expired or
// was revoked: the three are not told apart (gate condition 1: AUTH_INVALID).
var ErrUnknown = errors.New("the credential is not valid")

// Token is an API token. The secret is not in it.
type Token struct {
	ID        string          `json:"id"`
	Version   int             `json:"version"`
	Person    string          `json:"person"`
	Hash      string          `json:"hash"` // hex SHA-256 of the secret
	Assurance authz.Assurance `json:"assurance"`
	Scope     []authz.Action  `json:"scope,omitempty"`
	// RolesAsOf bounds what the token carries: the roles held then, as far as
	// they are held still. Whoever issued it could have granted those; a role
	// granted later needs a token from who may grant that one.
	RolesAsOf time.Time `json:"roles_as_of"`
	// Root is the token that was handed over, for one that its holder made
	// with it: it ends with its root, in time and by revocation.
	Root    string     `json:"root,omitempty"`
	Expires time.Time  `json:"expires"` // exclusive
	Revoked *time.Time `json:"revoked,omitempty"`
	Ended   bool       `json:"ended,omitempty"` // the log says that its time is over
	Actor   string     `json:"actor"`
	Created time.Time  `json:"created"`
	Updated time.Time  `json:"updated"`
}

// LiveAt reports whether the token is honoured at t. A revoked one is not, nor
// one of which the log says that it is over, whatever the clock says.
func (t Token) LiveAt(at time.Time) bool { return t.Revoked == nil && !t.Ended && at.Before(t.Expires) }

// Secret is the secret of a token. It redacts itself wherever it is printed;
// only Reveal gives it away, once, to whom it is issued.
type Secret struct {
	// A function, because fmt does not ask an unexported field of somebody
	// else's struct to format itself. Of a function it can show the address only.
	text func() string
}

func secretOf(text string) Secret { return Secret{text: func() string { return text }} }

// NewSecret draws 256 random bits.
func NewSecret(random io.Reader) (Secret, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return Secret{}, fmt.Errorf("drawing a token: %w", err)
	}
	return secretOf(Prefix + base64.RawURLEncoding.EncodeToString(b)), nil
}

// ParseSecret takes what a caller presented. Anything that cannot be a secret
// is ErrUnknown.
func ParseSecret(text string) (Secret, error) {
	body, ok := strings.CutPrefix(text, Prefix)
	if !ok || len(body) != base64.RawURLEncoding.EncodedLen(32) {
		return Secret{}, ErrUnknown
	}
	// The decoder skips line breaks, which leave too few bytes.
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(body); err != nil || len(raw) != 32 {
		return Secret{}, ErrUnknown
	}
	return secretOf(text), nil
}

// Reveal is the secret itself; empty for the zero Secret.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// Hash is what is stored of the secret.
func (s Secret) Hash() string {
	sum := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(sum[:])
}

const redacted = "[redacted]"

// Format redacts, whatever the verb.
func (Secret) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, redacted) // fmt has nowhere to report to
}

// String redacts.
func (Secret) String() string { return redacted }

// GoString redacts.
func (Secret) GoString() string { return redacted }

// LogValue redacts.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText redacts.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON redacts.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// Tx is what identity needs of a transaction.
type Tx interface {
	evidence.Recorder
	people.PersonTx
	people.GrantTx
	people.GrantTurnTx
	people.StandingTx
	rulebook.Reader
	TokenTx
}

// TokenTx reads and writes tokens.
type TokenTx interface {
	Token(ctx context.Context, id string) (Token, error)
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// TokensOf lists the tokens of a person, oldest first.
	TokensOf(ctx context.Context, person string) ([]Token, error)
	// TokensDue lists those that are over at now, not revoked, and that the log
	// does not say so of, the longest over first, at most so many.
	TokensDue(ctx context.Context, now time.Time, most int) ([]Token, error)
	// SaveToken has the turn of the person's tokens until the transaction ends:
	// what is read after it, nobody else adds to.
	SaveToken(ctx context.Context, t Token) error
}

// Store is where tokens live.
type Store = evidence.Store[Tx]

// Desk issues tokens and recognises callers.
type Desk struct {
	office *evidence.Office
	store  Store
	random io.Reader
}

// NewDesk makes the desk.
func NewDesk(office *evidence.Office, store Store, random io.Reader) *Desk {
	return &Desk{office: office, store: store, random: random}
}

// Issue makes a token for a person and returns its secret, once. For oneself
// it carries at most the assurance that one has now; for another it is handed
// over in person (AssuranceVouched), and only by who may grant every role that
// it would carry: whoever issues could otherwise act beyond their own rights.
func (d *Desk) Issue(ctx context.Context, c authz.Caller, person string, life time.Duration, scope []authz.Action) (Token, Secret, error) {
	if life <= 0 {
		return Token{}, Secret{}, fmt.Errorf("%w: a token ends after it begins", people.ErrInvalid)
	}
	var p people.Person
	var held []people.Grant
	if err := d.store.View(ctx, func(tx Tx) (err error) {
		if p, err = tx.Person(ctx, person); err != nil {
			return err
		}
		if p.ID != c.Person && !p.KnownTo(c) {
			return evidence.ErrNotFound // as an unknown one, in the number of queries too
		}
		held, err = tx.GrantsOf(ctx, person)
		return err
	}); err != nil {
		return Token{}, Secret{}, err
	}
	assurance, role, err := d.mayIssue(ctx, c, authz.TokenIssue, p, held)
	if err != nil {
		return Token{}, Secret{}, err
	}
	if person == c.Person && len(c.Scope) > 0 {
		if len(scope) == 0 {
			scope = c.Scope
		}
		for _, a := range scope {
			if !slices.Contains(c.Scope, a) {
				return Token{}, Secret{}, fmt.Errorf("%w: a token cannot reach further than the one it is made with", people.ErrInvalid)
			}
		}
	}
	secret, err := NewSecret(d.random)
	if err != nil {
		return Token{}, Secret{}, err
	}
	now := d.office.Time()
	t := Token{
		ID: d.office.NewID(), Version: 1, Person: person, Hash: secret.Hash(), Assurance: assurance, Scope: scope,
		RolesAsOf: now, Expires: now.Add(life), Actor: c.Person, Created: now, Updated: now,
	}
	if person == c.Person {
		if err := d.narrow(ctx, c, &t); err != nil {
			return Token{}, Secret{}, err
		}
	}
	res := authz.Resource{Kind: KindToken, ID: t.ID, Mission: p.Mission, Partner: p.Partner, Owner: person}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		book, err := tx.Rulebook(ctx)
		if err != nil {
			return err
		}
		rules := book.At(now).Rules
		if most := rules.TokenLife(); life > most {
			return fmt.Errorf("%w: a token lives at most %d days", people.ErrInvalid, int(most.Hours()/24))
		}
		if err := tx.LockGrants(ctx, person); err != nil {
			return err
		}
		if person != c.Person { // one's own carries no more than the one it is made with
			held, err := tx.GrantsOf(ctx, person)
			if err != nil {
				return err
			}
			t.RolesAsOf = d.office.Time()
			if err := d.grantable(c, held, t.RolesAsOf); err != nil {
				return err
			}
		}
		if err := tx.SaveToken(ctx, t); err != nil {
			return err
		}
		if err := fewMade(ctx, tx, t, rules.MadeTokens()); err != nil {
			return err
		}
		return tx.Record(ctx, d.office.Entry(c, role, evidence.Change, authz.TokenIssue, res))
	})
	if err != nil {
		return Token{}, Secret{}, d.recorded(ctx, c, err) // once the transaction has ended
	}
	return t, secret, nil
}

// narrow bounds a token that a caller makes for themselves by the one they make
// it with: a stolen token must not renew itself.
func (d *Desk) narrow(ctx context.Context, c authz.Caller, t *Token) error {
	t.RolesAsOf = c.RolesAsOf
	return d.store.View(ctx, func(tx Tx) error {
		with, err := tx.Token(ctx, c.Token)
		if err != nil {
			return err
		}
		if with.Root != "" {
			// One generation: revoking a token then ends all that came of it.
			return fmt.Errorf("%w: a token that was made with another makes none; use the one that was handed over", people.ErrInvalid)
		}
		t.Root = with.ID
		if t.Expires.After(with.Expires) {
			t.Expires = with.Expires
		}
		return nil
	})
}

// fewMade refuses a token beyond the most that were made with one; it is saved already.
func fewMade(ctx context.Context, tx TokenTx, t Token, most int) error {
	if t.Root == "" {
		return nil
	}
	all, err := tx.TokensOf(ctx, t.Person)
	if err != nil {
		return err
	}
	made := 0
	for _, k := range all {
		if k.Root == t.Root && k.LiveAt(t.Created) {
			made++
		}
	}
	if made > most {
		return fmt.Errorf("%w: %d tokens that were made with this one are live, and more may not be; revoke one that is not needed", people.ErrInvalid, most)
	}
	return nil
}

func (d *Desk) mayIssue(ctx context.Context, c authz.Caller, action authz.Action, p people.Person, held []people.Grant) (authz.Assurance, authz.Role, error) {
	res := authz.Resource{Kind: KindToken, Mission: p.Mission, Partner: p.Partner, Owner: p.ID}
	if p.ID == c.Person {
		// A narrow token that leaks must not renew or free itself.
		return c.Assurance, "", d.office.AuthoriseOwn(ctx, c, action, res)
	}
	role, err := d.office.Authorise(ctx, c, action, res)
	if err != nil {
		return "", "", err
	}
	if err := d.grantable(c, held, d.office.Time()); err != nil {
		return "", "", d.recorded(ctx, c, err)
	}
	return authz.AssuranceVouched, role, nil
}

// Revoke ends a token from now on: one's own, or one that the caller may issue.
func (d *Desk) Revoke(ctx context.Context, c authz.Caller, id string) (Token, error) {
	t, role, res, err := d.mayRevoke(ctx, c, id)
	if err != nil {
		return Token{}, err
	}
	_, err = d.store.Update(ctx, func(tx Tx) (err error) {
		if t, err = tx.Token(ctx, id); err != nil {
			return err
		}
		now := d.office.Time()
		if !t.LiveAt(now) {
			return &lifecycle.TransitionError{
				Entity: KindToken, State: "ended", Event: "revoke", Guard: "it has not ended", Mend: "nothing: it opens nothing any more", Cause: evidence.ErrConflict,
			}
		}
		t.Version, t.Revoked, t.Actor, t.Updated = t.Version+1, &now, c.Person, now
		if err := tx.SaveToken(ctx, t); err != nil {
			return err
		}
		return tx.Record(ctx, d.office.Entry(c, role, evidence.Change, authz.TokenRevoke, res))
	})
	return t, d.office.Ended(ctx, c, authz.TokenRevoke, res, err)
}
