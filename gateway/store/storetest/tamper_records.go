package storetest

import (
	"errors"
	"strings"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
)

const tampered = "transfer-1"

func addTransfer(t *testing.T, b *bench) {
	t.Helper()
	in := []string{"s-1", "", "s-2"}
	body, err := evidence.Canonical(in)
	if err != nil {
		t.Fatal(err)
	}
	x := transferKind().fresh(tampered, full)
	x.SubjectsDigest = evidence.DigestOf(body)
	b.must(t, func(tx Tx) error {
		return errors.Join(tx.SaveTransfer(t.Context(), x), tx.SaveTransferSubjects(t.Context(), tampered, in))
	})
	x.Version++
	b.must(t, func(tx Tx) error { return tx.SaveTransfer(t.Context(), x) })
}

// keep copies every table, and gives it back after each change.
func (l *logged) keep(t *testing.T, names []string) (giveBack func(t *testing.T)) {
	t.Helper()
	names = append(names, "log_entries")
	for _, name := range names {
		l.exec(t, "CREATE TABLE kept_"+name+" AS SELECT * FROM "+name)
	}
	return func(t *testing.T) {
		t.Helper()
		for _, name := range names {
			l.exec(t, "DELETE FROM "+name, "INSERT INTO "+name+" SELECT * FROM kept_"+name)
		}
	}
}

// aRow says where one row of a table is, and how a finding must name it.
func aRow(table string) (where, row string) {
	switch table {
	case "record_versions":
		return "kind = 'consent' AND version = 1", "consent"
	case "decision_facts":
		return "1 = 1", "seq="
	case "authority_keys":
		return "1 = 1", "version="
	case "transfer_subjects":
		return "row_number = 1", tampered
	case "agreement_missions":
		return "mission = (SELECT MIN(mission) FROM agreement_missions)", "agreement=agreement-1"
	default:
		return "1 = 1", "id=" // there is one record of each kind
	}
}

func tamperRecords(t *testing.T, l *logged) {
	names := l.tables(t)
	if len(names) != 37 {
		t.Errorf("%d tables hold the business: %v; is each compared with the log?", len(names), names)
	}
	giveBack := l.keep(t, names)
	try := func(name, table, row string, statements ...string) {
		t.Run("R52 "+name, func(t *testing.T) {
			l.exec(t, statements...)
			if v := l.verify(t); !named(v, table, row) {
				t.Errorf("%s %s is not found: %v", table, row, v.Findings)
			}
			giveBack(t)
			l.sound(t)
		})
	}
	for _, table := range names {
		where, row := aRow(table)
		for column, other := range l.columns(t, table) {
			try(table+"."+column+" altered", table, row, "UPDATE "+table+" SET "+column+" = "+other+" WHERE "+where)
		}
		try(table+" row deleted", table, row, "DELETE FROM "+table+" WHERE "+where)
	}
	try("a record rolled back", "grants", "id=grant-1", "UPDATE grants SET version = 1")
	try("a record rolled back with its version", "grants", "id=grant-1", "UPDATE grants SET version = 1", "DELETE FROM record_versions WHERE kind = 'grant' AND version = 2")
	try("a record gone without trace", "record_versions", "grant id=grant-1", "DELETE FROM grants", "DELETE FROM record_versions WHERE kind = 'grant'")
	try("a token row inserted", "tokens", "id=forged", "INSERT INTO tokens (id, version, hash, person) VALUES ('forged', 1, 'h', 'p')")
	try("a token inserted with its version", "record_versions", "token id=forged",
		"INSERT INTO tokens (id, version, hash, person) VALUES ('forged', 1, 'h', 'p')",
		"INSERT INTO record_versions (kind, id, version, body) SELECT kind, 'forged', 1, body FROM record_versions WHERE kind = 'token' AND version = 1")
	try("a version of no kind", "record_versions", "nothing id=x", "INSERT INTO record_versions (kind, id, version, body) SELECT 'nothing', 'x', 1, body FROM record_versions WHERE kind = 'token' AND version = 1")
	try("a person added to a transfer", "transfer_subjects", tampered, "INSERT INTO transfer_subjects (transfer, row_number, subject) VALUES ('"+tampered+"', 4, 's-3')")
	try("the last row of a transfer numbered otherwise", "transfer_subjects", tampered, "UPDATE transfer_subjects SET row_number = 7 WHERE row_number = 3")
	try("people of no transfer", "transfer_subjects", "transfer=none", "INSERT INTO transfer_subjects (transfer, row_number, subject) VALUES ('none', 1, 's-3')")
	try("rows of a transfer swapped", "transfer_subjects", tampered,
		"UPDATE transfer_subjects SET row_number = 9 WHERE row_number = 1", "UPDATE transfer_subjects SET row_number = 1 WHERE row_number = 3", "UPDATE transfer_subjects SET row_number = 3 WHERE row_number = 9")
	try("an agreement named for another mission", "agreement_missions", "mission=forged", "INSERT INTO agreement_missions (partner, mission, agreement) SELECT partner, 'forged', agreement FROM agreement_missions WHERE mission = (SELECT MIN(mission) FROM agreement_missions)")
	try("missions of no agreement", "agreement_missions", "agreement=none", "INSERT INTO agreement_missions (partner, mission, agreement) VALUES ('x', 'm', 'none')")
	namedTwice(t, l, giveBack)
	if l.Engine() == store.SQLite {
		try("a value of another type", "grants", "rowid=", "UPDATE grants SET person = CAST(person AS BLOB)")
		try("a place of another type", "log_entries", "rowid=", "UPDATE log_entries SET seq = 'x' WHERE seq = 3")
	}
}

// columns are those of a table, each with another value of its type.
func (l *logged) columns(t *testing.T, table string) map[string]string {
	t.Helper()
	types := "SELECT name || ' ' || type FROM pragma_table_info(" + quoted(table) + ")"
	if l.Engine() == store.Postgres {
		types = "SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = " + quoted(table) + " AND table_schema = 'public'"
	}
	others := map[string]string{}
	for _, c := range l.texts(t, types) {
		switch name, kind := cut(c); kind {
		case "TEXT", "text":
			others[name] = name + " || 'x'"
		case "BIGINT", "bigint":
			others[name] = name + " + 7"
		case "BYTEA", "bytea":
			others[name] = "(SELECT body FROM record_versions WHERE kind = 'token' AND version = 1)"
		default:
			t.Fatalf("column %s of %s", c, table)
		}
	}
	return others
}

// namedTwice alters a record, and adds an entry in good form that evidences
// the altered one: the sequencer takes it in and signs.
func namedTwice(t *testing.T, l *logged, giveBack func(*testing.T)) {
	t.Run("R52 an altered record under an entry of its own", func(t *testing.T) {
		other := []byte(`{"id":"grant-1"}`)
		if _, err := l.db.ExecContext(t.Context(), "UPDATE record_versions SET body = $1 WHERE kind = 'grant' AND version = 2", other); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"0-before-all", "z-behind-all"} {
			l.forge(t, id, evidence.Ref{Kind: "grant", ID: "grant-1", Version: 2, Digest: evidence.DigestOf(other)})
			v := l.verify(t)
			if !named(v, "record_versions", "grant id=grant-1 version=2") || !named(v, "log_entries", "id="+id) {
				t.Errorf("waiting as %s: %v", id, v.Findings)
			}
		}
		giveBack(t)
		l.sound(t)
	})
}

func cut(s string) (name, kind string) {
	name, kind, _ = strings.Cut(s, " ")
	return name, kind
}
