package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/authz/identity"
	"safeconduct/gateway/cli"
)

// gateway answers a pull with content, and with the digest of announced.
func gateway(t *testing.T, content, announced []byte, whole func() bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/acknowledgement") {
			_, _ = fmt.Fprint(w, `{"id":"x","state":"acknowledged"}`)
			return
		}
		sum := sha256.Sum256(announced)
		w.Header().Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		if !whole() {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(content[len(content)/2:])
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// run runs the command line in dir's world and answers with its exit code and
// what it wrote.
func run(ctx context.Context, t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	secret, err := identity.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code = cli.Run(ctx, args, []string{"SAFECONDUCT_TOKEN=" + secret.Reveal()}, cli.IO{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	if all := stdout.String() + stderr.String(); strings.Contains(all, secret.Reveal()) {
		t.Error("it prints the token")
	}
	return code, stdout.String(), stderr.String()
}

func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Fatal("it left", entries, err)
	}
}

func TestFailedPullLeavesNothing(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 10_000)
	yes := func() bool { return true }
	t.Run("other bytes than announced", func(t *testing.T) {
		dir := t.TempDir()
		url := gateway(t, content, []byte("another"), yes)
		code, out, errs := run(t.Context(), t, "pull", "--url", url, "x", "--file", "1", "--out", filepath.Join(dir, "got"))
		if code != 1 || out != "" || !strings.Contains(errs, "not what was sent") {
			t.Fatal(code, out, errs)
		}
		empty(t, dir)
	})
	t.Run("interrupted", func(t *testing.T) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		url := gateway(t, content, content, func() bool {
			cancel()
			return false
		})
		if code, out, _ := run(ctx, t, "pull", "--url", url, "x", "--file", "1", "--out", filepath.Join(dir, "got")); code == 0 || out != "" {
			t.Fatal(code, out)
		}
		empty(t, dir)
	})
	t.Run("a file that appears meanwhile is not replaced", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "got")
		url := gateway(t, content, content, func() bool { return os.WriteFile(path, []byte("mine"), 0o600) == nil })
		if code, _, errs := run(t.Context(), t, "pull", "--url", url, "x", "--file", "1", "--out", path); code != 2 || !strings.Contains(errs, "--force") {
			t.Fatal(code, errs)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
			t.Fatal(string(b), err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Fatal(entries, err)
		}
	})
	t.Run("a file that is there already is not asked for", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "got")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		url := gateway(t, content, content, func() bool {
			t.Error("it was asked for")
			return false
		})
		if code, _, _ := run(t.Context(), t, "pull", "--url", url, "x", "--file", "1", "--out", path); code != 2 {
			t.Fatal(code)
		}
	})
	t.Run("a whole one is there, and confirmed", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "got")
		code, out, errs := run(t.Context(), t, "pull", "--url", gateway(t, content, content, yes), "x", "--file", "1", "--out", path)
		if b, err := os.ReadFile(path); code != 0 || err != nil || !bytes.Equal(b, content) || !strings.Contains(out, "confirmed") || errs != "" {
			t.Fatal(code, out, errs, err)
		}
	})
}
