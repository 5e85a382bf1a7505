package planted

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
)

func TestNothingPlantedIsLeft(t *testing.T) {
	s := newStage(t)
	s.serve()
	s.play()
	var answers bytes.Buffer
	s.try(&answers)
	s.breakOff(&answers)
	_, metrics := s.ask("/metrics")
	s.eventually("the collector has the spans of a delivery", func() bool {
		b := s.otlp.All()
		return bytes.Contains(b, []byte(`"send"`)) && bytes.Contains(b, []byte("safeconduct.transfer.released")) && bytes.Contains(b, []byte(`"gone"`))
	})
	rows, objects := s.dumped(), s.objects()
	s.control()
	s.abort()

	people, everything := needles(persons()...), needles(append(persons(), plantedReason)...)
	t.Run("R55 the search finds what is planted in each of these places", func(t *testing.T) { s.finds(t) })
	t.Run("R55 operations log", func(t *testing.T) { clean(t, "the log", s.said(), everything) })
	t.Run("R55 log of the operator's process", func(t *testing.T) { clean(t, "the operator's log", s.own.Bytes(), everything) })
	t.Run("R55 spans and metrics", func(t *testing.T) {
		clean(t, "OTLP", s.otlp.All(), everything)
		clean(t, "the scrape", metrics, everything)
	})
	t.Run("R55 problems and headers of answers", func(t *testing.T) { clean(t, "an answer", answers.Bytes(), people) }) // who may read the reason of a recall is told it
	t.Run("R49 R55 every table", func(t *testing.T) {
		clean(t, "the database", rows, people)
		if !bytes.Contains(rows, []byte("log_entries")) || len(hits(rows, needles(plantedReason))) == 0 {
			t.Error("the database was not read: the reason of a recall lies in it")
		}
	})
	t.Run("R49 R55 objects", func(t *testing.T) {
		clean(t, "the bucket", objects, everything)
		if len(objects) < 1<<20 {
			t.Errorf("only %d bytes landed", len(objects))
		}
	})
	t.Run("R49 R55 files of the servers and of the program: statements, audit, data, temporary files, cores", func(t *testing.T) {
		if n := cleanTree(t, s.watched, people); n < 10<<20 {
			t.Errorf("only %d bytes were searched", n)
		}
		audit, err := os.ReadFile(filepath.Join(s.watched, "vault-audit.log"))
		if err != nil || !bytes.Contains(audit, []byte("transit/datakey/plaintext")) {
			t.Errorf("Vault's audit log was not written: %v", err)
		}
	})
}

// finds plants a value where this test looks, and looks.
func (s *stage) finds(t *testing.T) {
	ctx, all := t.Context(), needles(controlled)
	db := s.database(s.system.DSN)
	for _, q := range []string{
		"CREATE TABLE control (a text, b bytea)", "INSERT INTO control VALUES ('', convert_to('x" + controlled + "', 'UTF8'))", // found as hexadecimal digits
	} {
		_, err := db.ExecContext(ctx, q)
		s.must(err)
	}
	if len(hits(s.dumped(), all)) == 0 {
		t.Error("not found in the database")
	}
	logged := false
	s.must(filepath.WalkDir(s.watched, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.Contains(path, "gateway") {
			content, _ := os.ReadFile(path) // servers remove files meanwhile
			logged = logged || bytes.Contains(content, []byte("INSERT INTO control"))
		}
		return nil
	}))
	if !logged {
		t.Error("PostgreSQL's log of statements is not in the searched files")
	}
	c, err := s.all.MinIO.Client()
	s.must(err)
	_, err = c.PutObject(ctx, s.system.Bucket, "control", strings.NewReader(controlled), int64(len(controlled)), minio.PutObjectOptions{})
	s.must(err)
	if len(hits(s.objects(), all)) == 0 {
		t.Error("not found in the bucket")
	}
}
