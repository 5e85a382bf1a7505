package e2e

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
	"github.com/minio/minio-go/v7"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/e2e/system"
)

// program builds the program once for the test that calls it.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "safeconduct")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "safeconduct/gateway/cmd/safeconduct").CombinedOutput()
	if err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return path
}

// command runs the program and answers with its standard output and exit code.
func command(t *testing.T, path string, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("running %v: %v", args, err)
	}
	t.Logf("%v: exit %d\n%s", args[0], cmd.ProcessState.ExitCode(), stderr.String())
	return stdout.String(), cmd.ProcessState.ExitCode()
}

type storyStep struct {
	Step    string   `json:"step"`
	Actor   string   `json:"actor"`
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Status  int      `json:"status"`
	Outcome string   `json:"outcome"`
	Codes   []string `json:"codes"`
}

// newSystem is a production system on servers of its own.
func newSystem(t *testing.T) *system.System {
	t.Helper()
	s, err := system.New(t.Context(), servertest.All(t, ""), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoryOnRealServers(t *testing.T) {
	s := newSystem(t)
	path := program(t)
	if _, code := command(t, path, "migrate", "--config", s.Config); code != 0 {
		t.Fatalf("migrate ends with %d", code)
	}

	// Names that are in no other place: whatever shows one shows a person.
	names := []string{"Xochiquetzal-Marker", "CASEMARK-001", "+57-555-MARKER"}
	file := filepath.Join(t.TempDir(), "own.csv")
	csv := "case_reference,given_name,phone\n" + names[1] + "," + names[0] + "," + names[2] + "\n"
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := command(t, path, "demo", "--config", s.Config, "--once", "--json", "--file", file, "--yes")
	if code != 0 {
		t.Fatalf("the demo ends with %d:\n%s", code, out)
	}
	steps := parseStory(t, out)

	t.Run("R46 R40 R47 refused until agreement, assessment and consent exist", func(t *testing.T) {
		for _, code := range []string{"AGR_MISSING", "AGR_UNSIGNED", "AGR_PART_SIGNED", "RBA_MISSING", "CONSENT_MISSING"} {
			if !slices.ContainsFunc(steps, func(s storyStep) bool { return s.Outcome == "refused" && slices.Contains(s.Codes, code) }) {
				t.Errorf("no step is refused with %s", code)
			}
		}
	})
	t.Run("CONSENT_WITHDRAWN stops the next pull", func(t *testing.T) {
		released := slices.IndexFunc(steps, func(s storyStep) bool { return s.Outcome == "released" })
		stopped := slices.IndexFunc(steps, func(s storyStep) bool { return slices.Contains(s.Codes, "CONSENT_WITHDRAWN") })
		if released < 0 || stopped < released {
			t.Errorf("released at step %d, stopped at %d", released, stopped)
		}
	})
	t.Run("R49 R55 no name in the bucket or in the database", func(t *testing.T) {
		searchBucket(t, s.Servers.MinIO, s.Bucket, names)
		searchDatabase(t, s.DSN, names)
	})
	t.Run("R52 the log verifies, and one altered row is found", func(t *testing.T) {
		if out, code := command(t, path, "log", "verify", "--config", s.Config); code != 0 {
			t.Fatalf("it ends with %d:\n%s", code, out)
		}
		db := open(t, s.DSN)
		for _, q := range []string{
			"DROP TRIGGER record_versions_change ON record_versions",
			"UPDATE record_versions SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"refused\"', '\"sealed\"'), 'UTF8') WHERE kind = 'transfer' AND id = (SELECT min(id) FROM transfers WHERE state = 'refused')",
		} {
			if _, err := db.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		out, code := command(t, path, "log", "verify", "--config", s.Config)
		if code != 5 || !strings.Contains(out, "record_versions") {
			t.Fatalf("it ends with %d:\n%s", code, out)
		}
	})
}

func parseStory(t *testing.T, out string) []storyStep {
	t.Helper()
	var steps []storyStep
	lines := bufio.NewScanner(strings.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s storyStep
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatalf("a line that is no step: %q", lines.Text())
		}
		if s.Step == "" || s.Codes == nil || !slices.Contains([]string{"done", "refused", "released"}, s.Outcome) {
			t.Errorf("an incomplete step: %s", lines.Text())
		}
		steps = append(steps, s)
	}
	return steps
}

func searchBucket(t *testing.T, s *servers.S3, bucket string, names []string) {
	t.Helper()
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for object := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if object.Err != nil {
			t.Fatal(object.Err)
		}
		if object.IsDeleteMarker {
			continue
		}
		n++
		r, err := client.GetObject(t.Context(), bucket, object.Key, minio.GetObjectOptions{VersionID: object.VersionID})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		search(t, "object "+object.Key, append(b, object.Key...), names)
	}
	if n == 0 {
		t.Error("nothing landed in the bucket")
	}
}

func open(t *testing.T, dsn servers.Secret) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// searchDatabase looks at every row of every table, as text and as bytes.
func searchDatabase(t *testing.T, dsn servers.Secret, names []string) {
	t.Helper()
	db := open(t, dsn)
	for _, table := range tablesOf(t, db) {
		var all []byte
		if err := db.QueryRowContext(t.Context(), "SELECT COALESCE(string_agg(r::text, E'\\n'), '') FROM "+table+" r").Scan(&all); err != nil {
			t.Fatal(err)
		}
		search(t, "table "+table, all, names)
		for _, name := range names { // bytea columns print as hexadecimal digits
			var n int
			if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table+" r WHERE r::text LIKE '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'", name).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				t.Errorf("%s lies in plain in table %s", name, table)
			}
		}
	}
}

func tablesOf(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return tables
}

func search(t *testing.T, where string, b []byte, names []string) {
	t.Helper()
	for _, name := range names {
		if bytes.Contains(b, []byte(name)) {
			t.Errorf("%s lies in plain in %s", name, where)
		}
	}
}
