package apptest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"

	"safeconduct/authz/evidence"
)

// Hand is an administrator of the database, who can write whatever they like
// and knows the canonical form; they have no key.
type Hand struct {
	t  *testing.T
	db *sql.DB
}

// NewHand takes away what guards against mistakes, as an administrator would.
func NewHand(t *testing.T, db *sql.DB, postgres bool) *Hand {
	t.Helper()
	h := &Hand{t, db}
	query := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
	if postgres {
		query = "SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal"
	}
	for _, drop := range h.texts(query) {
		h.Exec(drop)
	}
	return h
}

// Hand is the administrator of the embedded database of the world.
func (w *World) Hand() *Hand {
	w.T.Helper()
	db, err := sql.Open("sqlite", w.Database()+"?_pragma=busy_timeout(10000)")
	w.Must(err)
	w.T.Cleanup(func() { w.Must(db.Close()) })
	return NewHand(w.T, db, false)
}

// Exec runs one statement.
func (h *Hand) Exec(query string, args ...any) {
	h.t.Helper()
	r, err := h.db.ExecContext(h.t.Context(), query, args...)
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	if n, err := r.RowsAffected(); err == nil && n == 0 && query[:4] != "DROP" && query[:6] != "CREATE" {
		h.t.Fatalf("%s: it changed nothing", query)
	}
}

func (h *Hand) texts(query string, args ...any) []string {
	h.t.Helper()
	rows, err := h.db.QueryContext(context.WithoutCancel(h.t.Context()), query, args...)
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			h.t.Error(err)
		}
	}()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return all
}

// Text reads one value.
func (h *Hand) Text(query string, args ...any) string {
	h.t.Helper()
	all := h.texts(query, args...)
	if len(all) != 1 {
		h.t.Fatalf("%s: %d rows", query, len(all))
	}
	return all[0]
}

// Newest is the body of the newest version of a record, and that version.
func (h *Hand) Newest(kind, id string) (map[string]any, int) {
	h.t.Helper()
	var body []byte
	var version int
	if err := h.db.QueryRowContext(h.t.Context(), "SELECT body, version FROM record_versions WHERE kind = $1 AND id = $2 ORDER BY version DESC LIMIT 1", kind, id).Scan(&body, &version); err != nil {
		h.t.Fatalf("reading %s %s: %v", kind, id, err)
	}
	var said map[string]any
	if err := json.Unmarshal(body, &said); err != nil {
		h.t.Fatal(err)
	}
	return said, version
}

func (h *Hand) canonical(said map[string]any) []byte {
	h.t.Helper()
	body, err := evidence.Canonical(said)
	if err != nil {
		h.t.Fatal(err)
	}
	return body
}

// Alter rewrites the newest version of a record; its tag stays.
func (h *Hand) Alter(kind, id string, change func(said map[string]any)) {
	h.t.Helper()
	said, version := h.Newest(kind, id)
	change(said)
	h.Exec("UPDATE record_versions SET body = $1 WHERE kind = $2 AND id = $3 AND version = $4", h.canonical(said), kind, id, version)
}

// Forge writes a new record after the pattern of another, with that one's tag,
// and a row of its table with the columns given.
func (h *Hand) Forge(kind, table, pattern, id string, change func(said map[string]any), columns map[string]any) {
	h.t.Helper()
	said, version := h.Newest(kind, pattern)
	said["id"], said["version"] = id, 1
	change(said)
	h.Exec("INSERT INTO record_versions (kind, id, version, body, mac) SELECT kind, $1, 1, $2, mac FROM record_versions WHERE kind = $3 AND id = $4 AND version = $5",
		id, h.canonical(said), kind, pattern, version)
	names, marks, args := "id, version", "$1, 1", []any{id}
	for name, v := range columns {
		args = append(args, v)
		names += ", " + name
		marks += fmt.Sprintf(", $%d", len(args))
	}
	h.Exec("INSERT INTO "+table+" ("+names+") VALUES ("+marks+")", args...)
}

// RollBack makes the version before the newest the current one, with
// the columns given.
func (h *Hand) RollBack(kind, table, id string, columns map[string]any) {
	h.t.Helper()
	_, version := h.Newest(kind, id)
	set, args := "version = $1", []any{version - 1}
	for name, v := range columns {
		args = append(args, v)
		set += fmt.Sprintf(", %s = $%d", name, len(args))
	}
	args = append(args, id)
	h.Exec(fmt.Sprintf("UPDATE %s SET %s WHERE id = $%d", table, set, len(args)), args...)
}
