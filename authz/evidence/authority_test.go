package evidence_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"safeconduct/authz/evidence"
)

func authorityOf(t testing.TB, raw map[uint32][]byte) *evidence.Authority {
	t.Helper()
	a, err := evidence.NewAuthority(raw)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func rawKey(b byte) []byte { return bytes.Repeat([]byte{b}, evidence.AuthorityKeySize) }

func TestAuthority(t *testing.T) {
	first := authorityOf(t, map[uint32][]byte{1: rawKey(1)})
	tag := first.Tag("use", []byte("a"), []byte("b"))
	both := authorityOf(t, map[uint32][]byte{1: rawKey(1), 2: rawKey(2)})
	for name, tc := range map[string]struct {
		a     *evidence.Authority
		tag   []byte
		use   string
		parts []string
		want  bool
	}{
		"as it was written":          {first, tag, "use", []string{"a", "b"}, true},
		"by who has a newer key too": {both, tag, "use", []string{"a", "b"}, true},
		"for another use":            {first, tag, "uses", []string{"a", "b"}, false},
		"parts cut elsewhere":        {first, tag, "use", []string{"ab", ""}, false},
		"parts in another order":     {first, tag, "use", []string{"b", "a"}, false},
		"a part more":                {first, tag, "use", []string{"a", "b", ""}, false},
		"a part less":                {first, tag, "use", []string{"a"}, false},
		"no tag":                     {first, nil, "use", []string{"a", "b"}, false},
		"a tag cut short":            {first, tag[:len(tag)-1], "use", []string{"a", "b"}, false},
		"a tag of a key unknown":     {authorityOf(t, map[uint32][]byte{2: rawKey(1)}), tag, "use", []string{"a", "b"}, false},
		"a tag of another system":    {authorityOf(t, map[uint32][]byte{1: rawKey(9)}), tag, "use", []string{"a", "b"}, false},
	} {
		t.Run("R53 "+name, func(t *testing.T) {
			parts := make([][]byte, len(tc.parts))
			for i, p := range tc.parts {
				parts[i] = []byte(p)
			}
			if got := tc.a.Check(tc.tag, tc.use, parts...); got != tc.want {
				t.Errorf("believed: %v", got)
			}
		})
	}
	t.Run("the newest key signs", func(t *testing.T) {
		if newer := both.Tag("use"); first.Check(newer, "use") || !both.Check(newer, "use") {
			t.Error("an older key signed, or the newest does not verify")
		}
	})
	t.Run("R49 it shows no key", func(t *testing.T) {
		said, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(said), fmt.Sprintf("%v %+v %#v %s", first, first, first, first.LogValue())} {
			if strings.Contains(text, "map[") || !strings.Contains(text, "[redacted]") {
				t.Errorf("%s", text)
			}
		}
	})
	t.Run("keys that cannot be", func(t *testing.T) {
		for _, raw := range []map[uint32][]byte{nil, {0: rawKey(1)}, {1: rawKey(1)[1:]}} {
			if _, err := evidence.NewAuthority(raw); err == nil {
				t.Errorf("%d keys were taken", len(raw))
			}
		}
	})
}

func TestAuthorityChanges(t *testing.T) {
	a := authorityOf(t, map[uint32][]byte{1: rawKey(1)})
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "parts")
		other := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "other")
		same := len(parts) == len(other)
		for i := 0; same && i < len(parts); i++ {
			same = bytes.Equal(parts[i], other[i])
		}
		if got := a.Check(a.Tag("use", parts...), "use", other...); got != same {
			t.Fatalf("believed: %v, same: %v", got, same)
		}
	})
}

func TestDerive(t *testing.T) {
	a := authorityOf(t, map[uint32][]byte{1: rawKey(1)})
	if one, two := a.Derive("one"), a.Derive("two"); len(one) != 32 || bytes.Equal(one, two) || !bytes.Equal(one, a.Derive("one")) {
		t.Error("keys of two uses are the same, or one of one use is not")
	}
}
