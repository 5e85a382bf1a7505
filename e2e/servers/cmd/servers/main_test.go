package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
)

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"fly"}, {"check", "twice"}, {"run", "x"}, {"build", "--sudo"}} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, io.Discard, &stderr); code != exitUsage {
			t.Errorf("%v exits %d, want %d", args, code, exitUsage)
		}
		if !strings.Contains(stderr.String(), "usage:") {
			t.Errorf("%v prints no usage: %s", args, stderr.String())
		}
	}
}

func TestCheckExitsThreeWhenSomethingIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, name := range []string{servers.EnvMinIO, servers.EnvVault, servers.EnvVersityGW, servers.EnvMCli} {
		t.Setenv(name, "")
	}
	var stdout bytes.Buffer
	if code := run(t.Context(), []string{"check"}, &stdout, io.Discard); code != exitMissing {
		t.Errorf("it exits %d, want %d", code, exitMissing)
	}
	if !strings.Contains(stdout.String(), "go run ./e2e/servers/cmd/servers build vault") {
		t.Errorf("it does not say what mends vault:\n%s", stdout.String())
	}
}

// TestRun starts all three, takes their environment from what is printed, checks
// that it is enough to use them, and interrupts.
func TestRun(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	t.Setenv("TMPDIR", servertest.Passable(t))
	for _, address := range []string{servers.EnvPostgres, servers.EnvVaultAddr, servers.EnvVaultToken, servers.EnvS3Endpoint, servers.EnvS3AccessKey, servers.EnvS3SecretKey} {
		t.Setenv(address, "")
	}
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		code := run(ctx, []string{"run"}, writer, &stderr)
		ended <- code
		_ = writer.Close() // a pipe in memory never fails to close
	}()

	const lines = 6
	environment := readLines(t, reader, lines)
	if len(environment) != lines {
		t.Fatalf("it printed %d lines and exited %d: %s", len(environment), <-ended, stderr.String())
	}
	for _, line := range environment {
		name, value, found := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !found || !strings.HasPrefix(value, "'") {
			t.Fatal("a line is not an assignment")
		}
		t.Setenv(name, strings.Trim(value, "'"))
	}
	all, err := servers.StartAll(t.Context(), t.TempDir())
	if err != nil {
		t.Fatalf("use what was printed: %v", err)
	}
	if err := all.Stop(); err != nil {
		t.Fatal(err)
	}
	interrupt()
	if code := <-ended; code != 0 {
		t.Errorf("interrupted it exits %d: %s", code, stderr.String())
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "safeconduct-e2e-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func readLines(t *testing.T, r io.Reader, n int) []string {
	t.Helper()
	var all []byte
	one := make([]byte, 1)
	for bytes.Count(all, []byte("\n")) < n {
		if _, err := r.Read(one); err != nil {
			break
		}
		all = append(all, one[0])
	}
	return strings.Split(strings.TrimSuffix(string(all), "\n"), "\n")
}
