package e2e

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"safeconduct/config"
	"safeconduct/deploy/postgres"
	"safeconduct/e2e/servers"
	"safeconduct/e2e/system"
	"safeconduct/gateway/app"
	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/duty"
)

// underRunTimeUser is the system as the running processes reach it: the owner of the tables keeps p.Config.
func underRunTimeUser(t *testing.T, p *plant) *system.System {
	t.Helper()
	password := rand.Text() // base32, which needs no quoting
	if _, err := open(t, p.Servers.Postgres.AdminDSN).ExecContext(t.Context(), "CREATE ROLE "+postgres.RunTimeUser+" LOGIN PASSWORD '"+password+"'"); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(p.DSN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword(postgres.RunTimeUser, password)
	file := filepath.Join(t.TempDir(), "run-time-url")
	if err := os.WriteFile(file, []byte(at.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := *p.System
	run.Config, run.DSN = p.config(in("database", "url_file", file)), servers.Secret(at.String())
	return &run
}

// TestRunTimeUser: the owner of the tables migrates and bootstraps, and everything else is done by a user that cannot touch
// what is evidence (R50, R52).
func TestRunTimeUser(t *testing.T) {
	p := newPlant(t)
	run := underRunTimeUser(t, p)
	owner := open(t, p.DSN)
	t.Run("does not start where nobody migrated", func(t *testing.T) { p.refuses(t, run.Config, []string{"permission denied", "run safeconduct migrate"}) })
	p.migrate()
	t.Run("nor where nobody gave it its rights", func(t *testing.T) { p.refuses(t, run.Config, []string{"permission denied"}) })
	p.sql(postgres.Rights())
	p.sql(postgres.Rights()) // which may be repeated
	t.Run("says who is to migrate what is behind", func(t *testing.T) {
		var newest int64
		if err := owner.QueryRowContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version) RETURNING version_id").Scan(&newest); err != nil {
			t.Fatal(err)
		}
		p.refuses(t, run.Config, []string{"run safeconduct migrate"})
		p.sql("INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)", newest)
	})
	t.Run("R50 makes no authority key", func(t *testing.T) {
		p.refuses(t, run.Config, []string{"run safeconduct bootstrap", "as the owner of the tables"})
	})
	setUp(t, p.Config)
	t.Run("plays the whole story, and what the clock does", func(t *testing.T) { playUnder(t, run, owner) })
	t.Run("R52 has the rights of the file, on every table", func(t *testing.T) { rightsOnTables(t, owner) })
	t.Run("R52 cannot alter what is evidence, by hand", func(t *testing.T) { refusedByHand(t, run.DSN, tablesOf(t, owner)) })
	t.Run("R52 the log verifies, for this user as well", func(t *testing.T) {
		if out, code := command(t, p.program, "log", "verify", "--config", run.Config); code != 0 {
			t.Errorf("it ends with %d:\n%s", code, out)
		}
	})
}

// setUp makes the authority key, as bootstrap does first.
func setUp(t *testing.T, file string) {
	t.Helper()
	c, err := config.Load(nil, nil, file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), c, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// playUnder plays the story, has an upload swept, and wants every job of the clock to be done.
func playUnder(t *testing.T, run *system.System, owner *sql.DB) {
	a, log := play(t, run, duty.Names()...)
	payload, err := demo.Sample()
	if err != nil {
		t.Fatal(err)
	}
	player := demo.Player{
		System:  demo.System{Services: a.Services, Parts: a.Parts, Origin: "safeconduct.test/log", URL: a.URL()},
		Payload: payload, Report: silent{}, Now: time.Now, Random: rand.Reader,
	}
	if _, _, err := player.Play(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if got := fetch(t, "GET", a.URL()+"/api/v1/missions", "no token", nil).status; got != 401 {
		t.Errorf("it answers %d", got)
	}
	const doomed = "00000000-0000-7000-8000-000000000001"
	if _, err := owner.ExecContext(t.Context(), "INSERT INTO uploads (id, transfer, file, key_name, wrapped, state, started, touched) VALUES ($1, $1, 1, 'agr-x', 'x', 'doomed', 0, 0)", doomed); err != nil {
		t.Fatal(err)
	}
	_, again := play(t, run, duty.Names()...) // what the clock does is done at once
	eventually(t, "what is doomed is destroyed", func() bool {
		var left int
		if err := owner.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM uploads WHERE id = $1", doomed).Scan(&left); err != nil {
			t.Fatal(err)
		}
		return left == 0
	})
	for _, text := range []string{log.String(), again.String()} {
		if strings.Contains(text, `"level":"ERROR"`) || strings.Contains(text, "permission denied") {
			t.Errorf("it logs an error:\n%s", text)
		}
	}
}

// rightsOnTables: a table that a migration adds is forgotten in the file until this says so.
func rightsOnTables(t *testing.T, owner *sql.DB) {
	appended := []string{"record_versions", "log_entries", "log_hashes", "log_checkpoints", "mission_keys", "transfer_subjects"}
	readOnly := []string{"authority_keys", "goose_db_version"}
	deletable := []string{"agreement_missions", "claims", "rates", "rejudgings", "river_job", "river_leader", "river_queue", "tallies", "uploads"}
	for _, table := range tablesOf(t, owner) {
		may := func(right string) (held bool) {
			if err := owner.QueryRowContext(t.Context(), "SELECT has_table_privilege($1, $2, $3)", postgres.RunTimeUser, table, right).Scan(&held); err != nil {
				t.Fatal(err)
			}
			return held
		}
		for right, want := range map[string]bool{
			"SELECT": true, "INSERT": !slices.Contains(readOnly, table), "DELETE": slices.Contains(deletable, table),
			"TRUNCATE": false, "REFERENCES": false, "TRIGGER": false,
		} {
			if may(right) != want {
				t.Errorf("%s on %s: %t, want %t", right, table, !want, want)
			}
		}
		if (slices.Contains(appended, table) || slices.Contains(readOnly, table)) && may("UPDATE") {
			t.Errorf("UPDATE on %s", table)
		}
	}
}

// refusedByHand tries as the run-time user what an administrator could.
func refusedByHand(t *testing.T, dsn servers.Secret, tables []string) {
	db := open(t, dsn)
	refused := func(statement string, codes ...string) {
		t.Helper()
		err := inTransaction(t.Context(), db, statement)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || !slices.Contains(codes, pg.Code) {
			t.Errorf("%s: %v", statement, err)
		}
	}
	const denied, appendOnly = "42501", "P0001"
	for _, table := range tables {
		for _, statement := range []string{
			"DROP TABLE %", "ALTER TABLE % ADD COLUMN x TEXT", "ALTER TABLE % DISABLE TRIGGER ALL", "ALTER TABLE % RENAME TO x", "TRUNCATE %",
			"ALTER TABLE % ENABLE ROW LEVEL SECURITY", "ALTER TABLE % OWNER TO " + postgres.RunTimeUser, "CREATE RULE x AS ON UPDATE TO % DO INSTEAD NOTHING",
			"CREATE TRIGGER x BEFORE INSERT ON % FOR EACH STATEMENT EXECUTE FUNCTION append_only()", "CREATE INDEX x ON % ((1))",
		} {
			refused(strings.ReplaceAll(statement, "%", table), denied)
		}
	}
	for _, statement := range []string{
		"DROP TRIGGER record_versions_change ON record_versions", "DROP FUNCTION append_only CASCADE", "SET session_replication_role = replica",
		"CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
		"CREATE TABLE x (y TEXT)", "CREATE VIEW x AS SELECT 1", "CREATE SCHEMA x", "SET ROLE safeconduct", "CREATE ROLE x", "COPY log_entries TO '/dev/null'",
		"UPDATE record_versions SET body = body", "UPDATE record_versions SET mac = NULL", "DELETE FROM record_versions",
		"UPDATE log_entries SET body = NULL, salt = NULL", "UPDATE log_entries SET commitment = commitment", "UPDATE log_entries SET mac = mac", "DELETE FROM log_entries",
		"UPDATE log_hashes SET hash = hash", "DELETE FROM log_hashes", "UPDATE log_checkpoints SET note = note", "DELETE FROM log_checkpoints",
		"UPDATE authority_keys SET wrapped = wrapped", "DELETE FROM authority_keys", "INSERT INTO authority_keys (version, key_name, wrapped) VALUES (2, 'x', 'x')",
		"UPDATE mission_keys SET wrapped = wrapped", "DELETE FROM mission_keys", "UPDATE uploads SET wrapped = wrapped", "DELETE FROM tokens", "DELETE FROM grants", "DELETE FROM consents",
		"UPDATE subjects SET mission = mission", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)", "DELETE FROM goose_db_version",
	} {
		refused(statement, denied)
	}
	for _, statement := range []string{"UPDATE log_entries SET seq = seq + 1000000 WHERE seq IS NOT NULL", "UPDATE log_entries SET seq = NULL WHERE seq IS NOT NULL"} {
		refused(statement, appendOnly)
	}
}

// inTransaction does it and undoes it, so that what is not refused leaves nothing.
func inTransaction(ctx context.Context, db *sql.DB, statement string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, statement)
	return errors.Join(err, tx.Rollback())
}
