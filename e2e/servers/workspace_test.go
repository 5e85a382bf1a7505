package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWorkspaceOfADeadOwnerIsSwept(t *testing.T) {
	parent := t.TempDir()
	dead, err := newWorkspace(parent, "dead")
	if err != nil {
		t.Fatal(err)
	}
	// What the kernel does to the lock when a process dies.
	if err := dead.lock.Close(); err != nil {
		t.Fatal(err)
	}
	living, err := newWorkspace(parent, "living")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(parent, workspacePrefix+"not-ours")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := sweep(parent); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the dead owner's directory: %v, want it gone", err)
	}
	for _, path := range []string{living.path, other} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s was swept: %v", filepath.Base(path), err)
		}
	}
	if err := living.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(living.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed directory: %v, want it gone", err)
	}
	if err := living.remove(); err != nil {
		t.Errorf("removed twice: %v", err)
	}
}

func TestWorkspaceIsPrivate(t *testing.T) {
	w, err := newWorkspace(t.TempDir(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer w.remove() //nolint:errcheck // the test's own directory goes anyhow
	path, err := w.write("secret", "s")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{w.path: 0o700, path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want mode %v", filepath.Base(path), info.Mode(), err, want)
		}
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := Secret("hunter2")
	asJSON, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "s", s)
	printed := fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s) + string(asJSON) + logged.String()
	if strings.Contains(printed, "hunter2") {
		t.Errorf("it prints: %s", printed)
	}
	if s.Reveal() != "hunter2" {
		t.Error("Reveal does not give it")
	}
}
