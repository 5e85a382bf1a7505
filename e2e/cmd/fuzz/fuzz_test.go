package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// module writes a module whose one package has a target that holds and, where broken, one that does not.
func module(t *testing.T, broken bool) string {
	t.Helper()
	dir := t.TempDir()
	test := "package m\n\nimport \"testing\"\n\nfunc FuzzHolds(f *testing.F) {\n\tf.Add(\"a\")\n\tf.Fuzz(func(t *testing.T, s string) { _ = len(s) })\n}\n\nfunc Fuzzy() {}\n"
	if broken {
		test += "\nfunc FuzzBreaks(f *testing.F) {\n\tf.Add(\"a\")\n\tf.Fuzz(func(t *testing.T, s string) { t.Fatal(\"it breaks\") })\n}\n"
	}
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "m.go": "package m\n", "m_test.go": test} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func campaignOf(t *testing.T, ctx context.Context, root, cache string, more ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(ctx, append([]string{"-root", root, "-cache", cache, "-time", "100ms"}, more...), &out)
	return code, out.String()
}

func TestCampaign(t *testing.T) {
	root, cache := module(t, true), t.TempDir()
	code, said := campaignOf(t, t.Context(), root, cache, "-at-once", "2")
	if code != crashed || !strings.Contains(said, "it breaks") {
		t.Fatalf("%d\n%s", code, said)
	}
	rows := map[string]string{}
	for line := range strings.Lines(said) {
		if f := strings.Fields(line); len(f) == 6 && strings.HasPrefix(f[0], "m.Fuzz") {
			rows[f[0]] = f[5]
		}
	}
	if rows["m.FuzzHolds"] != "ok" || rows["m.FuzzBreaks"] != "CRASH" || len(rows) != 2 {
		t.Errorf("%v\n%s", rows, said)
	}
	kept, err := load(cache)
	if err != nil || kept["m.FuzzHolds"].CPU < 100*time.Millisecond || kept["m.FuzzHolds"].Execs == 0 {
		t.Fatalf("%+v, %v", kept["m.FuzzHolds"], err)
	}
	t.Run("goes on where it was", func(t *testing.T) {
		before := *kept["m.FuzzHolds"]
		if code, said := campaignOf(t, t.Context(), root, cache, "-run", "Holds"); code != clean {
			t.Fatalf("%d\n%s", code, said)
		}
		again, err := load(cache)
		if err != nil || *again["m.FuzzHolds"] != before {
			t.Errorf("what was done was done again: %+v, %v", again["m.FuzzHolds"], err)
		}
	})
	t.Run("begins anew where the package has changed", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(root, "m.go"), []byte("package m\n\nconst n = 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, said := campaignOf(t, t.Context(), root, cache, "-list"); code != clean || strings.Count(said, "not run") != 2 {
			t.Errorf("%d\n%s", code, said)
		}
	})
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, err := open(ctx, settings{each: time.Hour, slice: time.Hour, parallel: 1, atOnce: 2, only: everything(t), root: module(t, false), cache: t.TempDir()}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	c.run(ctx)
	if c.failed() {
		t.Error("an interruption is taken for a crash")
	}
}

func everything(t *testing.T) *regexp.Regexp {
	t.Helper()
	s, err := parse([]string{"-cache", t.TempDir()}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return s.only
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-time", "0s"}, {"-parallel", "0"}, {"-at-once", "0"}, {"-slice", "-1s"}, {"-run", "("}, {"more"}, {"-nonsense"}} {
		if code := run(t.Context(), args, &bytes.Buffer{}); code != misused {
			t.Errorf("%v ends with %d", args, code)
		}
	}
}

func TestTimeUp(t *testing.T) {
	for said, want := range map[string]bool{
		"fuzz: elapsed: 1s, execs: 17 (9/sec)\n--- FAIL: FuzzHolds (1.04s)\n    context deadline exceeded\nFAIL\nexit status 1\n": true,
		"--- FAIL: FuzzBreaks (1.04s)\n    --- FAIL: FuzzBreaks (0.00s)\n        m_test.go:14: context deadline exceeded\nFAIL\n": false,
		"--- FAIL: FuzzBreaks (1.04s)\n    context deadline exceeded\n    Failing input written to testdata\nFAIL\n":              false,
		"PASS\n": false,
	} {
		if got := timeUp.MatchString(said); got != want {
			t.Errorf("%v for %q", got, said)
		}
	}
}

func TestProgressOf(t *testing.T) {
	said := "fuzz: elapsed: 0s, gathering baseline coverage: 0/3 completed\nfuzz: elapsed: 3s, execs: 10 (3/sec), new interesting: 1 (total: 4)\n" +
		"fuzz: elapsed: 6s, execs: 250 (80/sec), new interesting: 7 (total: 10)\nPASS\n"
	if execs, fresh := progressOf(said); execs != 250 || fresh != 7 {
		t.Errorf("%d, %d", execs, fresh)
	}
	if execs, fresh := progressOf("nothing"); execs != 0 || fresh != 0 {
		t.Errorf("%d, %d", execs, fresh)
	}
}

// The campaign finds the targets of this module, each in a package with a test of its seeds.
func TestDiscoversOurs(t *testing.T) {
	all, err := discover(t.Context(), "../../..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, target := range all {
		names = append(names, strings.TrimPrefix(target.String(), "safeconduct/"))
	}
	for _, want := range []string{"transfer/seal.FuzzOpen", "agreements/signing.FuzzOpen", "config.FuzzFile", "gateway/api.FuzzUnambiguous"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not found in %v", want, names)
		}
	}
	for _, target := range all {
		if !seedsCounted(t, target.Dir) {
			t.Errorf("nothing in %s counts the seeds of its fuzz targets", target.Package)
		}
	}
}

// seedsCounted reports whether a test of the folder is about seeds.
func seedsCounted(t *testing.T, dir string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "func Test") && strings.Contains(line, "Seeds") {
				return true
			}
		}
		return false
	})
}
