package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/seal"
)

// What is authenticated, for evidence.Authority.
const (
	useRecord = "record"
	useEntry  = "entry"
)

// KindEntry is how an alarm names an entry of the log.
const KindEntry = "log_entry"

// errNoAuthority is a mistake of whoever composes the system.
var errNoAuthority = errors.New("the store was given no authority: it believes no row")

// SetAuthority sets the key under which rows are authenticated; before first
// use. Without one, no record is read or written.
func (s *Store) SetAuthority(a *evidence.Authority) { s.opts.Authority = a }

// SetAlarm sets what is called when a row is met that is not as this system
// wrote it, after the transaction that met it was rolled back.
func (s *Store) SetAlarm(alarm func(context.Context, *evidence.TamperedError)) { s.opts.Alarm = alarm }

// alarmWait bounds the recording of an alarm, which outlives the request.
const alarmWait = 10 * time.Second

// alarmed raises the alarm where err is about a row that was tampered with.
func (s *Store) alarmed(ctx context.Context, err error) error {
	var row *evidence.TamperedError
	if errors.As(err, &row) {
		s.sound(ctx, row)
	}
	return err
}

func (s *Store) sound(ctx context.Context, row *evidence.TamperedError) {
	if s.opts.Alarm == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), alarmWait)
	defer cancel()
	s.opts.Alarm(ctx, row)
}

// An entry's body is authenticated through its commitment, so that erasing the
// body leaves the tag good.
func entryParts(e ledger.Entry) [][]byte {
	return [][]byte{[]byte(e.ID), binary.BigEndian.AppendUint64(nil, uint64(e.Version)), []byte(e.Kind), e.Commitment} // versions are positive
}

// stored is one row as find reads it.
type stored struct {
	mac, body []byte
	later     bool // there is a later version than the row says
	id        string
	version   int
	columns   []any
}

// believe decodes a row after it has been found to be the one that this system
// wrote last: its tag is good, nothing later is there, and what it was looked
// up by is what the record says. A row that was deleted altogether, or rolled
// back together with its later versions, only verification finds.
func believe[T any](of *Store, r record[T], s stored) (T, error) {
	var none, v T
	tampered := func(what string) (T, error) {
		return none, &evidence.TamperedError{Ref: evidence.Ref{Kind: r.kind, ID: s.id, Version: s.version}, What: what}
	}
	if of.opts.Authority == nil {
		return none, errNoAuthority
	}
	if s.body == nil {
		return tampered("its current version is gone")
	}
	known, ok := tagged(of.opts.Authority, s.mac, r.kind, s.id, s.version, s.body)
	if !ok {
		return tampered("its tag does not fit")
	}
	if s.later {
		return tampered("there is a later version")
	}
	read := decode
	if known > of.schema {
		read = decodeAll
	}
	if err := read(s.body, &v); err != nil {
		return none, err
	}
	if id, version := r.ident(v); id != s.id || version != s.version {
		return tampered("it is filed under another id or version")
	}
	for i, want := range r.values(v) {
		if r.knew(known, r.columns[i]) && !sameValue(want, s.columns[i]) {
			return tampered("column " + r.columns[i] + " contradicts it")
		}
	}
	return v, nil
}

// compared decodes a row for verification, which finds by itself what is wrong
// with it and has no key.
func compared[T any](s stored, all *[]T) error {
	if s.body == nil {
		return nil
	}
	var v T
	err := decode(s.body, &v)
	*all = append(*all, v)
	return err
}

// tagColumn is where the tag of a version lies; a copy of before there were
// tags can be verified, too.
func (t *tx) tagColumn() string {
	if t.comparing {
		return "NULL"
	}
	return "v.mac"
}

// sameValue compares what a record would be looked up by with what a driver
// read.
func sameValue(want, have any) bool {
	switch w := want.(type) {
	case string:
		switch h := have.(type) {
		case string:
			return h == w
		case []byte:
			return string(h) == w
		}
	case int:
		return have == int64(w)
	case int64:
		return have == w
	}
	return false
}

// AuthorityKey is one version of the authority key, wrapped.
type AuthorityKey struct {
	Version uint32
	Name    seal.KeyName
	Wrapped seal.Wrapped
}

// ErrNoAuthority says that there are records and no key under which they could
// be authenticated.
var ErrNoAuthority = errors.New("the database holds records and no authority key")

// AuthorityKeys lists the versions of the authority key, oldest first. Where
// there are none, there must be no record either: ErrNoAuthority.
func (s *Store) AuthorityKeys(ctx context.Context) ([]AuthorityKey, error) {
	var all []AuthorityKey
	err := s.view(ctx, func(t *tx) (err error) {
		if all, err = t.authorityKeys(ctx); err != nil {
			return err
		}
		if len(all) > 0 {
			return nil
		}
		var n int64
		if err := t.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM record_versions LIMIT 1) r").Scan(&n); err != nil {
			return fmt.Errorf("looking for records: %w", err)
		}
		if n > 0 {
			return ErrNoAuthority
		}
		return nil
	})
	return all, err
}

func (t *tx) authorityKeys(ctx context.Context) ([]AuthorityKey, error) {
	var all []AuthorityKey
	err := t.query(ctx, func(rows *sql.Rows) error {
		var k AuthorityKey
		var name, wrapped string
		if err := rows.Scan(&k.Version, &name, &wrapped); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		k.Name, k.Wrapped = seal.KeyName(name), seal.Wrapped(wrapped)
		all = append(all, k)
		return nil
	}, "SELECT version, key_name, wrapped FROM authority_keys ORDER BY version")
	if err != nil {
		return nil, fmt.Errorf("reading the authority keys: %w", err)
	}
	return all, nil
}

// ActionAuthority is the action of the entry of an authority key.
const ActionAuthority = "system.authority"

// said is what the entry of a key says of it.
func (k AuthorityKey) said() string {
	return string(k.Name) + ":" + evidence.DigestOf([]byte(k.Wrapped))
}

// AddAuthorityKey writes a version of the authority key together with the entry
// that evidences it. ErrExists: there is one of that version. ErrForbidden: only
// the owner of the tables may.
func (s *Store) AddAuthorityKey(ctx context.Context, k AuthorityKey, e evidence.Entry) error {
	e.Action, e.Subject.Version, e.Result = ActionAuthority, int(k.Version), k.said()
	_, err := s.update(ctx, func(t *tx) error {
		if err := t.insertAuthority(ctx, k); err != nil {
			return err
		}
		return t.Record(ctx, e)
	})
	return err
}

func (t *tx) insertAuthority(ctx context.Context, k AuthorityKey) error {
	return t.insert(ctx, "authority_keys", []string{"version", "key_name", "wrapped"}, [][]any{{int64(k.Version), string(k.Name), string(k.Wrapped)}})
}
