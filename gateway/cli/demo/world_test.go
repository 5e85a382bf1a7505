package demo_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/gateway/cli/demo"
)

func TestWorld(t *testing.T) {
	dir := t.TempDir()
	if _, err := demo.Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	w := demo.World{
		URL: "http://localhost:1", Tokens: map[authz.Role]identity.Secret{}, Mission: "m", Partner: "p", Purpose: "u", Agreement: "a", Assessment: "s",
		Categories: []string{"c"},
	}
	for _, role := range demo.Roles() {
		secret, err := identity.NewSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		w.Tokens[role] = secret
	}
	for range 2 { // the second one replaces
		if err := w.Save(dir); err != nil {
			t.Fatal(err)
		}
	}
	got, err := demo.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range demo.Roles() {
		if got.Tokens[role].Reveal() != w.Tokens[role].Reveal() {
			t.Errorf("another token of %s", role)
		}
	}
	got.Tokens, w.Tokens = nil, nil
	if !reflect.DeepEqual(got, w) {
		t.Fatal(got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatal("it leaves other files:", entries, err)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	b, err := os.ReadFile(filepath.Join(dir, demo.WorldFile))
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(b, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"url", "tokens", "mission", "partner", "purpose", "agreement", "assessment"} {
		if members[name] == nil {
			t.Errorf("no member %s", name)
		}
	}
	tokens, _ := members["tokens"].(map[string]any)
	for _, role := range strings.Fields("ro hom fp leg dpo psg pdl oig") {
		if text, _ := tokens[role].(string); !strings.HasPrefix(text, identity.Prefix) {
			t.Errorf("no token of %s", role)
		}
	}
	for _, broken := range []string{"", "{}", "[", `{"tokens":{"ro":"x"}}`} {
		if err := os.WriteFile(filepath.Join(dir, demo.WorldFile), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := demo.Load(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}
