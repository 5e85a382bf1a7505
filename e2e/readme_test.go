package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// blocks are the indented commands of the README below a heading, in order.
func blocks(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(text), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("the README has no heading %q", heading)
	}
	below, _, _ = strings.Cut(below, "\n## ")
	var all []string
	for _, line := range strings.Split(below, "\n") {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			all = append(all, command)
		}
	}
	return all
}

// TestReadme runs every command of the README's first five minutes as it
// stands, the gateway in the background.
func TestReadme(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(program(t), filepath.Join(dir, "bin", "safeconduct")); err != nil {
		t.Fatal(err)
	}
	var serving string
	script := []string{"set -euo pipefail"}
	for _, line := range blocks(t, "## The first five minutes") {
		switch {
		case line == "make build": // done above, as the Makefile does it
		case strings.HasPrefix(line, "./bin/safeconduct demo "):
			serving = line
		default:
			script = append(script, line)
		}
	}
	if serving == "" {
		t.Fatal("the README serves no demo")
	}
	serve(t, dir, serving)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", strings.Join(script, "\n")) // the README's own commands
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the README's commands fail: %v\n%s", err, out)
	}
	for _, says := range []string{`"state":"available"`, "Nothing was altered"} {
		if !strings.Contains(string(out), says) {
			t.Errorf("the README's commands never say %s:\n%s", says, out)
		}
	}
}

// serve starts the command and returns when its demo.json is there.
func serve(t *testing.T, dir, line string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "bash", "-c", "exec "+line) // the README's own command
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the demo ends with %v:\n%s", err, output.String())
		}
	})
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 1200 { // a minute
		if _, err := os.Stat(filepath.Join(dir, "demo-data", "demo.json")); err == nil {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the demo ended: %v\n%s", err, output.String())
		case <-tick.C:
		}
	}
	t.Fatalf("the demo never served:\n%s", output.String())
}
