package servers

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// small is a recipe that builds in seconds: a program of Go's own tree.
var small = recipe{name: "gofmt", env: "SAFECONDUCT_E2E_GOFMT", target: "cmd/gofmt", expect: "seconds"}

// pinned lays out a pinned module for small, with nothing of its name on PATH.
func pinned(t *testing.T) place {
	t.Helper()
	p := place{source: t.TempDir(), cache: t.TempDir()}
	pin(t, p, "module example.test/pinned\n\ngo 1.26.0\n")
	goOnly(t)
	return p
}

func pin(t *testing.T, p place, mod string) {
	t.Helper()
	dir := filepath.Join(p.source, small.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"go.mod": mod, "go.sum": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// goOnly leaves nothing on PATH but the go command, and gives its folder.
func goOnly(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(path, filepath.Join(dir, "go")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return dir
}

// notes is a progress writer for several goroutines.
type notes struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func TestBuildOnceForAll(t *testing.T) {
	p := pinned(t)
	if _, err := p.locate(small); !errors.Is(err, ErrMissing) {
		t.Fatalf("before: %v, want ErrMissing", err)
	}
	progress := &notes{}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			b := &builder{ctx: t.Context(), place: p, progress: progress}
			if err := b.obtain(small); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(progress.text.String(), "gofmt: building"); n != 1 {
		t.Errorf("built %d times, want once:\n%s", n, progress.text.String())
	}
	path, err := p.locate(small)
	if err != nil {
		t.Fatal(err)
	}
	program := exec.CommandContext(t.Context(), path)
	program.Stdin = strings.NewReader("package  x")
	if out, err := program.Output(); err != nil || string(out) != "package x\n" {
		t.Errorf("what was built does not run: %v %q", err, out)
	}
	left, err := filepath.Glob(filepath.Join(p.cache, "*", "*", "*.unfinished"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestBuildAgainWhenThePinChanges(t *testing.T) {
	p := pinned(t)
	before, err := p.built(small)
	if err != nil {
		t.Fatal(err)
	}
	pin(t, p, "module example.test/pinned\n\ngo 1.26.1\n")
	if after, err := p.built(small); err != nil || after == before {
		t.Errorf("the place is %s as before (%v)", after, err)
	}
}

func TestBuildThatFailsLeavesNothing(t *testing.T) {
	p := pinned(t)
	broken := small
	broken.target = "example.test/nowhere"
	b := &builder{ctx: t.Context(), place: p, progress: &notes{}}
	err := b.obtain(broken)
	if err == nil || !strings.Contains(err.Error(), "example.test/nowhere") {
		t.Errorf("the error does not say what failed: %v", err)
	}
	if _, err := p.locate(broken); !errors.Is(err, ErrMissing) {
		t.Errorf("after: %v, want ErrMissing", err)
	}
}

func TestBuildWaitsForTheLockAsLongAsTold(t *testing.T) {
	p := pinned(t)
	holder := &builder{ctx: t.Context(), place: p, progress: &notes{}}
	release, err := holder.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &builder{ctx: ctx, place: p, progress: &notes{}}
	if err := b.obtain(small); !errors.Is(err, context.Canceled) {
		t.Errorf("it answers %v, want context.Canceled", err)
	}
}

func TestLocate(t *testing.T) {
	p := pinned(t)
	dir := t.TempDir()
	program := filepath.Join(dir, small.name)
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}

	t.Run("on PATH", func(t *testing.T) {
		t.Setenv("PATH", dir)
		if got, err := p.locate(small); err != nil || got != program {
			t.Errorf("got %s %v, want %s", got, err, program)
		}
	})
	t.Run("named in the environment", func(t *testing.T) {
		t.Setenv(small.env, program)
		if got, err := p.locate(small); err != nil || got != program {
			t.Errorf("got %s %v, want %s", got, err, program)
		}
	})
	t.Run("named wrongly it is never built instead", func(t *testing.T) {
		t.Setenv(small.env, filepath.Join(dir, "absent"))
		b := &builder{ctx: t.Context(), place: p, progress: &notes{}}
		var missing *MissingError
		if err := b.obtain(small); !errors.As(err, &missing) || !strings.Contains(missing.Why, small.env) {
			t.Errorf("it answers %v", err)
		}
	})
	t.Run("a name that is no server", func(t *testing.T) {
		if _, err := Locate("", "redis"); err == nil {
			t.Error("it was found")
		}
		if err := Build(t.Context(), t.TempDir(), &notes{}, "redis"); err == nil {
			t.Error("it was built")
		}
	})
	t.Run("every recipe is pinned", func(t *testing.T) {
		source, err := sources()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recipes {
			mod, err := os.ReadFile(filepath.Join(source, r.name, "go.mod"))
			if err != nil || !strings.Contains(string(mod), "\ntool "+r.target+"\n") {
				t.Errorf("%s: build/%s/go.mod has no line for it (%v)", r.name, r.name, err)
			}
		}
	})
}

func TestCheckNamesTheLineThatMends(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, r := range recipes {
		t.Setenv(r.env, "")
	}
	for _, address := range []string{EnvPostgres, EnvVaultAddr, EnvS3Endpoint} {
		t.Setenv(address, "")
	}
	parts, err := Check(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]string{}
	for _, part := range parts {
		if part.Missing != nil {
			missing[part.Name] = part.Missing.Mend
		}
	}
	for _, name := range []string{"minio", "vault", "versitygw", "mcli"} {
		if missing[name] != buildLine+" "+name {
			t.Errorf("%s is mended by %q", name, missing[name])
		}
	}
	t.Setenv(EnvVaultAddr, "http://127.0.0.1:1")
	if parts, err = Check(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if part.Name == "vault" && part.Missing != nil {
			t.Error("a vault given by its address is missing")
		}
	}
}
