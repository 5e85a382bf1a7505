package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
)

func missions() record[people.Mission] {
	return record[people.Mission]{
		kind: people.KindMission, table: "missions", columns: []string{"waits"},
		values:  func(m people.Mission) []any { return []any{yes(m.Suspension != nil)} },
		ident:   func(m people.Mission) (string, int) { return m.ID, m.Version },
		touches: func(m people.Mission) touch { return ofMission(m.ID) },
	}
}

func persons() record[people.Person] {
	return record[people.Person]{
		kind: people.KindPerson, table: "persons", columns: []string{"mission", "partner", "waits"},
		values: func(p people.Person) []any { return []any{p.Mission, p.Partner, yes(p.Suspension != nil)} },
		ident:  func(p people.Person) (string, int) { return p.ID, p.Version },
	}
}

func grants() record[people.Grant] {
	return record[people.Grant]{
		kind: people.KindGrant, table: "grants", columns: []string{"person", "role", "mission", "partner", "origin", "ends"},
		values: func(g people.Grant) []any {
			origin, ends := "", int64(0)
			if g.Origin != nil {
				origin = g.Origin.Grant
			}
			if !g.Ended {
				ends = micros(g.Until)
			}
			return []any{g.Person, string(g.Role), g.Mission, g.Partner, origin, ends}
		},
		ident: func(g people.Grant) (string, int) { return g.ID, g.Version },
		touches: func(g people.Grant) touch {
			if g.Role != authz.PDL { // who may pull is a fact of the transfer, who else may act is not
				return touch{}
			}
			return ofPartner(g.Partner)
		},
	}
}

func signingKeys() record[people.Key] {
	return record[people.Key]{
		kind: people.KindKey, table: "signing_keys", columns: []string{"person", "waits"},
		values: func(k people.Key) []any { return []any{k.Person, yes(k.Confirmed == nil && k.Revoked == nil)} },
		ident:  func(k people.Key) (string, int) { return k.ID, k.Version },
	}
}

func tokens() record[identity.Token] {
	return record[identity.Token]{
		kind: identity.KindToken, table: "tokens", columns: []string{"hash", "person", "ends"},
		values: func(t identity.Token) []any { return []any{t.Hash, t.Person, micros(t.Ends())} },
		ident:  func(t identity.Token) (string, int) { return t.ID, t.Version },
	}
}

// Mission implements people.MissionTx.
func (t *tx) Mission(ctx context.Context, id string) (people.Mission, error) {
	return one(ctx, t, missions(), "WHERE r.id = $1", id)
}

// Missions implements people.MissionTx.
func (t *tx) Missions(ctx context.Context) ([]people.Mission, error) {
	return find(ctx, t, missions(), "ORDER BY r.id")
}

// SaveMission implements people.MissionTx.
func (t *tx) SaveMission(ctx context.Context, m people.Mission) error {
	return save(ctx, t, missions(), m)
}

// Person implements people.PersonTx.
func (t *tx) Person(ctx context.Context, id string) (people.Person, error) {
	return one(ctx, t, persons(), "WHERE r.id = $1", id)
}

// SavePerson implements people.PersonTx.
func (t *tx) SavePerson(ctx context.Context, p people.Person) error {
	return save(ctx, t, persons(), p)
}

// Grant implements people.GrantTx.
func (t *tx) Grant(ctx context.Context, id string) (people.Grant, error) {
	return one(ctx, t, grants(), "WHERE r.id = $1", id)
}

// GrantsOf implements people.GrantTx.
func (t *tx) GrantsOf(ctx context.Context, person string) ([]people.Grant, error) {
	return find(ctx, t, grants(), "WHERE r.person = $1 ORDER BY r.id", person)
}

// GrantsOfEach implements people.SidesTx.
func (t *tx) GrantsOfEach(ctx context.Context, of []string) (map[string][]people.Grant, error) {
	return ofEach(ctx, t, grants(), "person", of, func(g people.Grant) string { return g.Person })
}

// KeysOfEach implements transfer.StandingTx.
func (t *tx) KeysOfEach(ctx context.Context, of []string) (map[string][]people.Key, error) {
	return ofEach(ctx, t, signingKeys(), "person", of, func(k people.Key) string { return k.Person })
}

// idsAtOnce bounds how many ids one statement lists.
const idsAtOnce = 500

// ofEach lists the records of each person, by the column that names them: one
// query for each idsAtOnce.
func ofEach[T any](ctx context.Context, t *tx, r record[T], column string, of []string, person func(T) string) (map[string][]T, error) {
	each := make(map[string][]T, len(of))
	for args, in := range listed(of) {
		all, err := find(ctx, t, r, "WHERE r."+column+" IN "+in+" ORDER BY r.id", args...)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			each[person(v)] = append(each[person(v)], v)
		}
	}
	return each, nil
}

// listed hands over ids, each once, as the arguments and the list of a
// statement: idsAtOnce at a time.
func listed(ids []string) iter.Seq2[[]any, string] {
	return func(yield func([]any, string) bool) {
		for some := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(ids))), idsAtOnce) {
			args, in := make([]any, len(some)), make([]string, len(some))
			for i, id := range some {
				args[i], in[i] = id, "$"+strconv.Itoa(i+1)
			}
			if !yield(args, "("+strings.Join(in, ", ")+")") {
				return
			}
		}
	}
}

// Holders implements people.GrantTx.
func (t *tx) Holders(ctx context.Context, role authz.Role, mission string) ([]people.Grant, error) {
	return find(ctx, t, grants(), "WHERE r.mission = $1 AND r.role = $2 ORDER BY r.id", mission, string(role))
}

// SaveGrant implements people.GrantTx.
func (t *tx) SaveGrant(ctx context.Context, g people.Grant) error {
	return save(ctx, t, grants(), g)
}

// Key implements people.KeyTx.
func (t *tx) Key(ctx context.Context, id string) (people.Key, error) {
	return one(ctx, t, signingKeys(), "WHERE r.id = $1", id)
}

// KeysOf implements people.KeyTx.
func (t *tx) KeysOf(ctx context.Context, person string) ([]people.Key, error) {
	return find(ctx, t, signingKeys(), "WHERE r.person = $1 ORDER BY r.id", person)
}

// SaveKey implements people.KeyTx.
func (t *tx) SaveKey(ctx context.Context, k people.Key) error {
	return save(ctx, t, signingKeys(), k)
}

// Token implements identity.TokenTx.
func (t *tx) Token(ctx context.Context, id string) (identity.Token, error) {
	return one(ctx, t, tokens(), "WHERE r.id = $1", id)
}

// TokenByHash implements identity.TokenTx.
func (t *tx) TokenByHash(ctx context.Context, hash string) (identity.Token, error) {
	return one(ctx, t, tokens(), "WHERE r.hash = $1", hash)
}

// TokensOf implements identity.TokenTx.
func (t *tx) TokensOf(ctx context.Context, person string) ([]identity.Token, error) {
	return find(ctx, t, tokens(), "WHERE r.person = $1 ORDER BY r.id", person)
}

// TokensDue implements identity.TokenTx.
func (t *tx) TokensDue(ctx context.Context, now time.Time, most int) ([]identity.Token, error) {
	return due(ctx, t, tokens(), most, whereDue, now.UnixMicro())
}

// SaveToken implements identity.TokenTx.
func (t *tx) SaveToken(ctx context.Context, k identity.Token) error {
	return save(ctx, t, tokens(), k)
}

// Empty reports whether nobody was ever registered. Of several transactions
// that ask at once each waits for the end of the one before, so that one alone
// finds it empty and fills it.
func (t *tx) Empty(ctx context.Context) (bool, error) {
	if t.store.engine == Postgres {
		if err := t.query(ctx, func(*sql.Rows) error { return nil }, "SELECT pg_advisory_xact_lock(hashtextextended('the first people', 0))"); err != nil {
			return false, fmt.Errorf("waiting for others who may register the first people: %w", err)
		}
	}
	var n int64
	if err := t.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM persons").Scan(&n); err != nil {
		return false, fmt.Errorf("counting persons: %w", err)
	}
	return n == 0, nil
}
