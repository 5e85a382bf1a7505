package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"safeconduct/transfer/seal"
)

func TestDataKeyShowsNothing(t *testing.T) {
	key := keyOf(t, 'k')
	type holder struct {
		Key    seal.DataKey
		hidden seal.DataKey
	}
	h := holder{key, key}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "holder", h)
	j, err := json.Marshal(map[string]any{"a": key, "b": h, "c": &key})
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{log.String(), string(j), key.String(), fmt.Sprint(key, &key, h, &h)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%o"} {
		shown = append(shown, fmt.Sprintf(verb+verb+verb, key, h, []any{key, &h}))
	}
	for _, s := range shown {
		if strings.Contains(s, "kk") || strings.Contains(s, "6b6b") || strings.Contains(s, "6B6B") || strings.Contains(s, "107 107") || strings.Contains(s, "153 153") {
			t.Errorf("shows the key: %s", s)
		}
		if !strings.Contains(s, "[redacted]") {
			t.Errorf("does not say that it hides: %s", s)
		}
	}
}

func TestDataKeyDestroyReachesCopies(t *testing.T) {
	raw := bytes.Repeat([]byte{7}, seal.DataKeySize)
	key, err := seal.NewDataKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	dup, held := key, key.Bytes()
	if !bytes.Equal(held, raw) {
		t.Fatal("another key")
	}
	dup.Destroy()
	if !bytes.Equal(held, make([]byte, seal.DataKeySize)) || raw[0] != 7 {
		t.Fatal("the key was not zeroed, or its source was")
	}
	seal.DataKey{}.Destroy()
	for _, k := range []seal.DataKey{{}, key} {
		if _, err := seal.NewSealer(k, here); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("sealing without a key: %v", err)
		}
	}
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := seal.NewDataKey(make([]byte, n)); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("key of %d bytes: %v", n, err)
		}
	}
}

func TestKeyName(t *testing.T) {
	for name, ok := range map[string]bool{
		"agr-01hx": true, "mis-1": true, "a": true, strings.Repeat("a", 80): true,
		"": false, strings.Repeat("a", 81): false, "Agr": false, "a_b": false, "a.b": false, "a/b": false, "a\n": false, "ä": false,
	} {
		_, err := seal.ParseKeyName(name)
		if (err == nil) != ok || err != nil && !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// decode reads a binding back: what can be read back is injective.
func decode(b seal.Binding) (parts []string) {
	for len(b) > 0 {
		n := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		parts, b = append(parts, string(b[4:4+n])), b[4+n:]
	}
	return parts
}

func TestBindingIsInjective(t *testing.T) {
	if got := string(seal.NewBinding("ab", "", "c")); got != "\x00\x00\x00\x02ab\x00\x00\x00\x00\x00\x00\x00\x01c" {
		t.Fatalf("encoding %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("a\x00\x01é")), 0, 4, -1), 0, 5)
		p, q := list.Draw(t, "p"), list.Draw(t, "q")
		if !slices.Equal(decode(seal.NewBinding(p...)), p) {
			t.Fatalf("%q does not read back", p)
		}
		if slices.Equal(p, q) != bytes.Equal(seal.NewBinding(p...), seal.NewBinding(q...)) {
			t.Fatalf("%q and %q", p, q)
		}
	})
}

var wrappedSeeds = []string{ // read only
	"vault:v1:AAAA", "local:v12:AAAA", "vault:v2147483647:AA==", "", "vault:v1:", "vault:v0:AAAA", "vault:v-1:AAAA",
	"vault:v+1:AAAA", "vault:v01:AAAA", "vault:1:AAAA", "other:v1:AAAA", "vault:v1:AA=A", "vault:v1:AAAA\n", "vault:v1:AA\nAA",
	"vault:v1:AAAA:x", "vault:v99999999999999999999:AAAA", "vault:v1:AB==", "vault::AAAA",
}

func TestWrappedSeeds(t *testing.T) {
	good := 0
	for _, s := range wrappedSeeds {
		if v, err := seal.Wrapped(s).Version(); err == nil {
			good++
			if v < 1 {
				t.Errorf("%q: version %d", s, v)
			}
		} else if !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if len(wrappedSeeds) != 18 || good != 3 {
		t.Fatalf("%d seeds, %d of them good", len(wrappedSeeds), good)
	}
}

func FuzzWrapped(f *testing.F) {
	for _, s := range wrappedSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w := seal.Wrapped(s)
		version, err := w.Version()
		if err != nil {
			if !errors.Is(err, seal.ErrInvalid) {
				t.Fatalf("error %v", err)
			}
			return
		}
		scheme, _, _ := strings.Cut(s, ":")
		v, payload, err := w.Payload(scheme)
		if err != nil || v != version || seal.NewWrapped(scheme, v, payload) != w {
			t.Fatalf("%q does not write back: %v", s, err)
		}
		if _, _, err := w.Payload(scheme + "x"); !errors.Is(err, seal.ErrInvalid) {
			t.Fatalf("taken for another service's: %v", err)
		}
	})
}
