package demo

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func worldSeeds() []string {
	token := `"sct_` + strings.Repeat("A", 43) + `"`
	var all []string
	for _, role := range Roles() {
		all = append(all, `"`+lower(role)+`":`+token)
	}
	good := `{"url":"http://127.0.0.1:1","tokens":{` + strings.Join(all, ",") + `},"mission":"m","categories":["a"]}`
	return []string{good, strings.ReplaceAll(good, "A", "!"), strings.Replace(good, `"legal"`, `"x"`, 1), `{"tokens":null}`, `{}`, `null`, ``, `{`, `[]`, good + good}
}

func TestWorldSeeds(t *testing.T) {
	if n := len(worldSeeds()); n != 10 {
		t.Fatalf("%d seeds", n)
	}
}

// FuzzWorld: a world that is read is written and reads back as the same, and no error repeats a token.
func FuzzWorld(f *testing.F) {
	for _, s := range worldSeeds() {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, WorldFile), content, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := Load(dir)
		if err != nil {
			if len(content) > 20 && bytes.Contains([]byte(err.Error()), content[:20]) {
				t.Fatalf("an error repeats the file: %v", err)
			}
			return
		}
		if err := w.Save(dir); err != nil {
			t.Fatal(err)
		}
		back, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		for role, secret := range w.Tokens {
			if back.Tokens[role].Reveal() != secret.Reveal() {
				t.Fatalf("the token of %s is another", role)
			}
		}
		w.Tokens, back.Tokens = nil, nil
		if !reflect.DeepEqual(w, back) {
			t.Fatalf("%+v became %+v", w, back)
		}
	})
}
