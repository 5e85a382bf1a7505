package localkeys_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
	"safeconduct/transfer/seal/sealtest"
)

func open(t *testing.T) *localkeys.Ring {
	t.Helper()
	ring, err := localkeys.Open(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestKeys(t *testing.T) {
	sealtest.Run(t, func(t *testing.T) (seal.KeyWrapper, seal.KeyKeeper) {
		ring := open(t)
		return ring, ring
	})
}

// Two rings on one file stand for two processes: neither may lose what the
// other wrote, or use what it trimmed.
func TestKeysOfTwoProcesses(t *testing.T) {
	sealtest.Run(t, func(t *testing.T) (seal.KeyWrapper, seal.KeyKeeper) {
		path := filepath.Join(t.TempDir(), "keys.json")
		a, err := localkeys.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := localkeys.OpenExisting(path)
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	})
}

func TestSigner(t *testing.T) {
	sealtest.RunSigner(t, func(t *testing.T) (seal.Signer, func(context.Context) error) {
		s := open(t).LogSigner()
		return s, func(ctx context.Context) error {
			_, err := s.Rotate(ctx)
			return err
		}
	})
}

func TestRingSurvivesReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	ring, err := localkeys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := seal.NewBinding("i", "t")
	if err := ring.Ensure(t.Context(), "agr-1"); err != nil {
		t.Fatal(err)
	}
	key, wrapped, err := ring.NewDataKey(t.Context(), "agr-1", b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := localkeys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := again.Unwrap(t.Context(), "agr-1", b, wrapped)
	if err != nil || string(got.Bytes()) != string(key.Bytes()) {
		t.Fatalf("unwrap after reopening: %v, or another key", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys.json.*"))
	if err != nil || len(left) > 0 {
		t.Fatalf("temporary files left: %v, %v", left, err)
	}
}

func TestRingRefusesWhatIsNotOne(t *testing.T) {
	whole := func(t *testing.T, path string) {
		t.Helper()
		ring, err := localkeys.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := ring.Ensure(t.Context(), "agr-1"); err != nil {
			t.Fatal(err)
		}
	}
	replace := func(old, fresh string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			whole(t, path)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(b), old) {
				t.Fatalf("the ring does not contain %q", old)
			}
			put(t, path, strings.Replace(string(b), old, fresh, 1), 0o600)
		}
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"readable by the group": {func(t *testing.T, path string) { whole(t, path); chmod(t, path, 0o640) }, "chmod 600"},
		"readable by others":    {func(t *testing.T, path string) { whole(t, path); chmod(t, path, 0o604) }, "chmod 600"},
		"read-only":             {func(t *testing.T, path string) { whole(t, path); chmod(t, path, 0o400) }, "chmod 600"},
		"empty":                 {func(t *testing.T, path string) { put(t, path, "", 0o600) }, "broken JSON"},
		"cut": {func(t *testing.T, path string) {
			whole(t, path)
			if err := os.Truncate(path, 100); err != nil {
				t.Fatal(err)
			}
		}, "broken JSON"},
		"followed by text":     {replace("\n}", "\n} x"), "text after its end"},
		"of another format":    {replace("keyring-v1", "keyring-v2"), "its format is not"},
		"with an unknown part": {replace(`"log"`, `"lag"`), "broken JSON"},
		"without a version":    {replace(`"min": 1`, `"min": 2`), "agr-1 lacks a version"},
		"with a bad name":      {replace("agr-1", "agr/1"), "character other than"},
		"without the log key": {func(t *testing.T, path string) {
			put(t, path, `{"format":"safeconduct-keyring-v1","log":{},"keys":{}}`, 0o600)
		}, "log's key"},
		"with a short secret": {func(t *testing.T, path string) {
			put(t, path, `{"format":"safeconduct-keyring-v1","log":{"1":"AAAA"},"keys":{}}`, 0o600)
		}, "log's key"},
		"a directory": {func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		"a symbolic link": {func(t *testing.T, path string) {
			whole(t, path+".real")
			if err := os.Symlink(path+".real", path); err != nil {
				t.Fatal(err)
			}
		}, "symbolic link"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			c.make(t, path)
			_, err := localkeys.Open(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v, want %q and the path", err, c.want)
			}
		})
	}
}

func TestRingThatIsGoneIsNotBegunAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := localkeys.OpenExisting(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("opening an absent ring: %v", err)
	}
	ring, err := localkeys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := ring.Ensure(t.Context(), "agr-1"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("ensuring in a lost ring: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a new ring was made: %v", err)
	}
}

func TestPublicKeysOfReadsOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "keys.json")
	ring, err := localkeys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("checkpoint")
	if _, _, err := ring.LogSigner().Sign(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	want, err := ring.LogSigner().PublicKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, 0o444)
	chmod(t, dir, 0o500)
	t.Cleanup(func() { chmod(t, dir, 0o700) })
	got, err := localkeys.PublicKeysOf(path)
	if err != nil || len(got) != 1 || !got[0].Key.Equal(want[0].Key) || got[0].Version != 1 {
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the directory holds %v, %v", entries, err)
	}
}

func TestRingDoesNotPrintItsKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	ring, err := localkeys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Log map[string]string }
	if err := json.Unmarshal(b, &file); err != nil || len(file.Log["1"]) != 44 {
		t.Fatalf("reading the seed: %v", err)
	}
	j, err := json.Marshal(ring)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(ring), fmt.Sprintf("%+v %#v %v", ring, ring, ring.LogSigner()), string(j), ring.LogValue().String()} {
		if strings.Contains(s, file.Log["1"]) || !strings.Contains(s, "keys.json") && !strings.Contains(s, "0x") {
			t.Fatalf("printed %q", s)
		}
	}
}

func put(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
