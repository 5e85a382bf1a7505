package planted

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
	"github.com/minio/minio-go/v7"

	"safeconduct/e2e/servers"
)

func (s *stage) database(dsn servers.Secret) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("pgx", dsn.Reveal())
	s.must(err)
	s.t.Cleanup(func() { _ = db.Close() }) // it was read only
	return db
}

// dumped is every row of every table as text: bytes are hexadecimal digits.
func (s *stage) dumped() []byte {
	s.t.Helper()
	db := s.database(s.system.DSN)
	var list string
	s.must(db.QueryRowContext(s.t.Context(), "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'").Scan(&list))
	var all bytes.Buffer
	for _, table := range strings.Fields(list) {
		var text []byte
		s.must(db.QueryRowContext(s.t.Context(), "SELECT COALESCE(string_agg(r::text, E'\\n'), '') FROM "+table+" r").Scan(&text))
		fmt.Fprintf(&all, "\n%s\n%s", table, text)
	}
	return all.Bytes()
}

// objects is every version of every object with its name and metadata.
func (s *stage) objects() []byte {
	s.t.Helper()
	c, err := s.all.MinIO.Client()
	s.must(err)
	var all bytes.Buffer
	for o := range c.ListObjects(s.t.Context(), s.system.Bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true, WithMetadata: true}) {
		s.must(o.Err)
		fmt.Fprintf(&all, "\n%s %v %v\n", o.Key, o.Metadata, o.UserMetadata)
		if o.IsDeleteMarker {
			continue
		}
		r, err := c.GetObject(s.t.Context(), s.system.Bucket, o.Key, minio.GetObjectOptions{VersionID: o.VersionID})
		s.must(err)
		_, err = io.Copy(&all, r)
		s.must(err)
		s.must(r.Close())
	}
	return all.Bytes()
}

// abort kills the program in the way that leaves a core where cores are left.
func (s *stage) abort() {
	s.t.Helper()
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", s.cmd.Process.Pid))
	s.must(err)
	fields := ""
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") {
			fields = strings.Join(strings.Fields(line), " ")
		}
	}
	if fields != "Max core file size 0 0 bytes" {
		s.t.Errorf("cores are allowed: %s", fields)
	}
	s.must(s.cmd.Process.Signal(syscall.SIGABRT))
	<-s.ended
	if !bytes.Contains(s.said(), []byte("SIGABRT")) {
		s.t.Error("it did not end by the signal")
	}
	cores, err := filepath.Glob(filepath.Join(s.home, "core*"))
	s.must(err)
	if len(cores) > 0 {
		s.t.Errorf("it left %v", cores)
	}
}

// control shows that another program does leave a core there, where this machine lets any.
func (s *stage) control() {
	dir := s.t.TempDir()
	c := exec.CommandContext(s.t.Context(), "sh", "-c", "ulimit -c unlimited; kill -ABRT $$")
	c.Dir = dir
	_ = c.Run() // it kills itself
	cores, err := filepath.Glob(filepath.Join(dir, "core*"))
	s.must(err)
	s.t.Logf("another program leaves %d cores on this machine", len(cores))
}
