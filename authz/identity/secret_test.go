package identity_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"safeconduct/authz/identity"
)

func TestSecretRedactsItself(t *testing.T) {
	secret, err := identity.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	body := strings.TrimPrefix(secret.Reveal(), identity.Prefix)
	hidden := func(t *testing.T, text string) {
		t.Helper()
		if strings.Contains(text, body) || strings.Contains(text, fmt.Sprintf("%x", secret.Reveal())) ||
			strings.Contains(text, fmt.Sprintf("%X", secret.Reveal())) || strings.Contains(text, fmt.Sprintf("%x", body)) {
			t.Errorf("the secret shows: %s", text)
		}
	}
	type outer struct {
		Open   identity.Secret
		closed identity.Secret
		Ptr    *identity.Secret
	}
	wrapped := outer{secret, secret, &secret}
	for _, verb := range strings.Split("%v %+v %#v %s %q %x %X % x %#x %d %t %c %U %e %b %o %p %T %w %y", " ") {
		t.Run("R55 "+verb, func(t *testing.T) {
			for _, v := range []any{secret, &secret, wrapped, &wrapped, []identity.Secret{secret}, map[string]identity.Secret{"k": secret}} {
				hidden(t, fmt.Sprintf(verb, v))
			}
		})
	}
	t.Run("R55 JSON", func(t *testing.T) {
		text, err := json.Marshal(map[string]any{"a": secret, "b": &secret, "c": wrapped})
		if err != nil || !strings.Contains(string(text), "[redacted]") {
			t.Errorf("%s, %v", text, err)
		}
		hidden(t, string(text))
	})
	t.Run("R55 slog", func(t *testing.T) {
		var out bytes.Buffer
		for _, l := range []*slog.Logger{slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))} {
			l.Info("made", "secret", secret, "pointer", &secret, "in", wrapped, slog.Group("g", "s", secret))
		}
		hidden(t, out.String())
	})
	t.Run("R55 errors", func(t *testing.T) { hidden(t, fmt.Errorf("using %v: %s", secret, secret).Error()) })
}

func TestNewSecret(t *testing.T) {
	if _, err := identity.NewSecret(bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("a secret of 31 bytes of randomness")
	}
	s, err := identity.NewSecret(bytes.NewReader(make([]byte, 32)))
	if err != nil || s.Reveal() != "sct_"+strings.Repeat("A", 43) {
		t.Errorf("%q, %v", s.Reveal(), err)
	}
	again, err := identity.ParseSecret(s.Reveal())
	if err != nil || again.Hash() != s.Hash() || len(s.Hash()) != 64 {
		t.Errorf("%v", err)
	}
}

// secretSeeds are texts that a caller may present.
func secretSeeds() []string {
	whole := identity.Prefix + strings.Repeat("A", 43)
	return []string{
		whole,
		"",
		identity.Prefix,
		whole[4:],
		whole + "A",
		whole[:len(whole)-1],
		whole[:len(whole)-1] + "B", // stray bits: a second text of one secret
		whole[:len(whole)-1] + "=",
		whole[:len(whole)-1] + "\n",
		strings.ToUpper(whole),
		" " + whole,
		"sct_" + strings.Repeat("+", 43),
		"sct_" + strings.Repeat("\x00", 43),
		"sct_" + strings.Repeat("é", 21) + "A",
	}
}

func TestSecretSeeds(t *testing.T) {
	if n := len(secretSeeds()); n != 14 {
		t.Fatalf("%d seeds", n)
	}
	for i, s := range secretSeeds() {
		if _, err := identity.ParseSecret(s); (err == nil) != (i == 0) || err != nil && !errors.Is(err, identity.ErrUnknown) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// FuzzParseSecret: only what NewSecret could have made is taken, and one
// secret has one text.
func FuzzParseSecret(f *testing.F) {
	for _, s := range secretSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := identity.ParseSecret(text)
		if err != nil {
			if !errors.Is(err, identity.ErrUnknown) || s.Reveal() != "" {
				t.Fatalf("%v with %v", err, s)
			}
			return
		}
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, identity.Prefix))
		if err != nil || len(raw) != 32 {
			t.Fatalf("taken: %q, %v", text, err)
		}
		made, err := identity.NewSecret(bytes.NewReader(raw))
		if err != nil || made.Reveal() != text || s.Reveal() != text {
			t.Fatalf("%q is not the text of its bytes: %v", text, err)
		}
	})
}
