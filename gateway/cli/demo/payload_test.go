package demo_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"safeconduct/gateway/cli/demo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, content, mediaType string) (demo.Payload, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := demo.Open(path, mediaType)
	if err == nil {
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return p, err
}

func TestSample(t *testing.T) {
	p, err := demo.Sample()
	if err != nil || len(p.Cases) != 3 || !slices.Equal(p.Fields, demo.Fields()) {
		t.Fatal(p.Cases, p.Fields, err)
	}
}

func TestOpen(t *testing.T) {
	for _, tc := range []struct {
		name, content, mediaType string
		cases, fields            []string
	}{
		{"a subset of the fields", "case_reference,notes\nA,x\nB,y\n", "text/csv", []string{"A", "B"}, []string{"case_reference", "notes"}},
		{"each person once", "case_reference\nA\nB\nA\n", "text/csv", []string{"A", "B"}, []string{"case_reference"}},
		{"a byte order mark", "\xef\xbb\xbfcase_reference\nA\n", "text/csv", []string{"A"}, []string{"case_reference"}},
		{"semicolons", "notes;case_reference\nx;A\n", "text/csv", []string{"A"}, []string{"notes", "case_reference"}},
		{"quoted lines", "case_reference,notes\nA,\"x\ny\"\n", "text/csv", []string{"A"}, []string{"case_reference", "notes"}},
		{"no such column", "#country+code,#date\nCO,2020\n", "text/csv", []string{"DEMO-INVENTED-1"}, demo.Fields()},
		{"no table", "\"", "text/csv", []string{"DEMO-INVENTED-1"}, demo.Fields()},
		{"empty", "", "text/csv", []string{"DEMO-INVENTED-1"}, demo.Fields()},
		{"another type", "case_reference\nA\n", "application/pdf", []string{"DEMO-INVENTED-1"}, demo.Fields()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := open(t, tc.content, tc.mediaType)
			if err != nil || !slices.Equal(p.Cases, tc.cases) || !slices.Equal(p.Fields, tc.fields) {
				t.Fatal(p.Cases, p.Fields, err)
			}
			if b, err := io.ReadAll(p); err != nil || string(b) != tc.content {
				t.Fatal("it is not at its beginning", len(b), err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tc := range []struct{ name, content string }{
		{"a field that the agreement does not cover", "case_reference,religion\nA,secret\n"},
		{"a column twice", "case_reference,case_reference\nA,A\n"},
		{"a person without case number", "case_reference,notes\n,secret\n"},
		{"a broken row", "case_reference,notes\nA,secret,z\n"},
		{"no person", "case_reference,notes\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := open(t, tc.content, "text/csv")
			if !errors.Is(err, demo.ErrPayload) || strings.Contains(err.Error(), "secret") {
				t.Fatal(err)
			}
		})
	}
	if _, err := demo.Open(t.TempDir(), "text/csv"); !errors.Is(err, demo.ErrPayload) {
		t.Fatal("a folder:", err)
	}
}

func TestOpenTakesTheVolumeAndNoMore(t *testing.T) {
	persons := func(n int) string {
		var b strings.Builder
		b.WriteString("case_reference\n")
		for i := range n {
			b.WriteString(strings.Repeat("A", 1+i%100) + strings.Repeat("B", i/100) + "\n")
		}
		return b.String()
	}
	if p, err := open(t, persons(demo.MaxSubjects), "text/csv"); err != nil || len(p.Cases) != demo.MaxSubjects {
		t.Fatal(len(p.Cases), err)
	}
	if _, err := open(t, persons(demo.MaxSubjects+1), "text/csv"); !errors.Is(err, demo.ErrPayload) {
		t.Fatal(err)
	}
}

func payloadSeeds() []string {
	return []string{
		"case_reference,notes\nA,x\n", "case_reference;notes\nA;x\n", "case_reference\tnotes\nA\tx\n", "\xef\xbb\xbfcase_reference\nA\n",
		"\"case_reference\nA", "case_reference\n\"A\nB\"\n", ",,,\n,,,\n", "", "\n\n", "\x00\xff", "case_reference,case_reference\nA,B\n",
	}
}

func TestPayloadSeeds(t *testing.T) {
	if n := len(payloadSeeds()); n != 11 {
		t.Fatalf("%d seeds", n)
	}
}

func FuzzOpen(f *testing.F) {
	for _, s := range payloadSeeds() {
		f.Add(s)
	}
	covered := demo.Fields()
	f.Fuzz(func(t *testing.T, content string) {
		p, err := open(t, content, "text/csv")
		if err != nil {
			if !errors.Is(err, demo.ErrPayload) {
				t.Fatal(err)
			}
			return
		}
		if len(p.Cases) == 0 || len(p.Cases) > demo.MaxSubjects || slices.Contains(p.Cases, "") {
			t.Fatalf("%d persons", len(p.Cases))
		}
		for _, field := range p.Fields {
			if !slices.Contains(covered, field) {
				t.Fatalf("field %q", field)
			}
		}
	})
}
