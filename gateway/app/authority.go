package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
)

// AuthorityKey is the transit key under which the authority key is wrapped. It
// is derived, and every duty may unwrap with it.
const AuthorityKey seal.KeyName = "safeconduct-authority"

// kindAuthority is how the log names a version of the authority key.
const kindAuthority = "authority_key"

// firstAuthority is the one version of the authority key that there may be: it
// is not rotated yet.
const firstAuthority uint32 = 1

// errAuthorityRows names no row, which somebody else may have written.
var errAuthorityRows = errors.New("authority_keys must hold one row, version 1 under " + string(AuthorityKey) +
	": whoever wrote another could have tagged rows with it; verify the log, and restore the table from a backup")

func authorityBinding(version uint32) seal.Binding {
	return seal.NewBinding("authority", fmt.Sprint(version))
}

// openAuthority gives the store the key under which its rows are authenticated,
// unwrapped from the key service into memory. A database that holds nothing yet
// gets one, which is logged; one that holds records and no key is refused: with
// a new key, whatever was written by hand would be believed no less.
func openAuthority(ctx context.Context, p Parts, office *evidence.Office) error {
	rows, err := p.Store.AuthorityKeys(ctx)
	if errors.Is(err, store.ErrNoAuthority) {
		return fmt.Errorf("%w: restore the table authority_keys from a backup; a database that a build without authority keys filled cannot be used, begin with an empty one", err)
	}
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		err := makeAuthority(ctx, p, office)
		if err == nil || !errors.Is(err, evidence.ErrExists) {
			return err
		}
		if rows, err = p.Store.AuthorityKeys(ctx); err != nil { // another process was first
			return err
		}
	}
	// Duty intake may draw data keys under AuthorityKey: a version that somebody
	// added with its login would be believed as the first (ADR 6).
	if len(rows) != 1 || rows[0].Version != firstAuthority || rows[0].Name != AuthorityKey {
		return errAuthorityRows
	}
	key, err := p.Keys.Unwrap(ctx, AuthorityKey, authorityBinding(firstAuthority), rows[0].Wrapped)
	if err != nil {
		return fmt.Errorf("unwrapping the authority key: %w", err)
	}
	defer key.Destroy()
	authority, err := evidence.NewAuthority(map[uint32][]byte{firstAuthority: key.Bytes()})
	if err != nil {
		return err
	}
	p.Store.SetAuthority(authority)
	return checkEvidenced(ctx, p, rows[0])
}

func makeAuthority(ctx context.Context, p Parts, office *evidence.Office) error {
	key, wrapped, err := newAuthority(ctx, p)
	if err != nil {
		return err
	}
	defer key.Destroy()
	authority, err := evidence.NewAuthority(map[uint32][]byte{firstAuthority: key.Bytes()})
	if err != nil {
		return err
	}
	p.Store.SetAuthority(authority)
	e := office.Entry(authz.System(""), authz.SYS, evidence.Change, store.ActionAuthority, authz.Resource{Kind: kindAuthority})
	err = p.Store.AddAuthorityKey(ctx, store.AuthorityKey{Version: firstAuthority, Name: AuthorityKey, Wrapped: wrapped}, e)
	if errors.Is(err, store.ErrForbidden) {
		return fmt.Errorf("%w: %w", errNotOwner, err)
	}
	return err
}

// errNotOwner says that the run-time user of the database makes no authority key (deploy/postgres).
var errNotOwner = errors.New("the authority key is made as the owner of the tables: run safeconduct bootstrap with their database.url_file")

// newAuthority draws a key. The transit key is the keeper's to make, and the data
// key intake's: where they are two processes, the keeper must have been there.
func newAuthority(ctx context.Context, p Parts) (seal.DataKey, seal.Wrapped, error) {
	var elsewhere *duty.OtherError
	if err := p.Keeper.Ensure(ctx, AuthorityKey); err != nil && !errors.As(err, &elsewhere) {
		return seal.DataKey{}, "", fmt.Errorf("making the authority key: %w", err)
	}
	key, wrapped, err := p.Keys.NewDataKey(ctx, AuthorityKey, authorityBinding(firstAuthority))
	if err != nil {
		return seal.DataKey{}, "", fmt.Errorf("making the authority key, which takes the duties keeper and intake, once and in this order: %w", err)
	}
	return key, wrapped, nil
}

// Tampered is the code of the entry that an alarm leaves.
const Tampered = "AUTHORITY_TAMPERED"

// AlarmEvery bounds how often one row is recorded as altered.
const AlarmEvery = time.Minute

// maxAlarms bounds what is remembered of recent alarms; beyond, each is
// recorded.
const maxAlarms = 10_000

// alarm records that a row is not as this system wrote it: in the log of
// operations, in the evidence log, and in a metric.
type alarm struct {
	office *evidence.Office
	log    *slog.Logger
	count  func(ctx context.Context, kind string)
	mu     sync.Mutex
	last   map[evidence.Ref]time.Time
}

func (a *alarm) raise(ctx context.Context, row *evidence.TamperedError) {
	if ctx.Value(proving{}) != nil {
		return // it accuses the key, under which nothing may be recorded
	}
	if a.count != nil {
		a.count(ctx, row.Ref.Kind)
	}
	if a.recent(row.Ref) {
		return
	}
	a.log.ErrorContext(ctx, "a stored row is not as this system wrote it; what rests on it is denied", "kind", row.Ref.Kind, "id", evidence.Opaque(row.Ref.ID), "version", row.Ref.Version, "what", row.What)
	if err := a.office.Deny(ctx, authz.System(""), "authority.check", authz.Resource{Kind: row.Ref.Kind, ID: row.Ref.ID}, Tampered); err != nil {
		a.log.ErrorContext(ctx, "an alarm could not be recorded", "error", err)
		a.forget(row.Ref)
	}
}

// recent reports whether the row was recorded within AlarmEvery, and takes it
// down where it was not.
func (a *alarm) recent(ref evidence.Ref) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.office.Time()
	if last, ok := a.last[ref]; ok && now.Sub(last) < AlarmEvery {
		return true
	}
	for old, at := range a.last {
		if now.Sub(at) >= AlarmEvery {
			delete(a.last, old)
		}
	}
	if len(a.last) < maxAlarms {
		a.last[ref] = now
	}
	return false
}

func (a *alarm) forget(ref evidence.Ref) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.last, ref)
}
