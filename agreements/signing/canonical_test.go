package signing_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"safeconduct/agreements/signing"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   any
		want string
	}{
		"RFC 8785 section 3.2.2 literals and strings": {
			json.RawMessage(`{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`),
			`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		},
		"RFC 8785 section 3.2.3 sorts by UTF-16": {
			json.RawMessage(`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`),
			"{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}",
		},
		"numbers":                 {[]any{0.1, 1e-7, -0.5, 4.50, int64(1<<53 - 1)}, `[0.1,1e-7,-0.5,4.5,9007199254740991]`},
		"HTML is not escaped":     {map[string]string{"a": "<&>"}, `{"a":"<&>"}`},
		"genuine U+FFFD survives": {"\ufffd", "\"\ufffd\""},
		"backslash then ufffd":    {`\ufffd`, `"\\ufffd"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := signing.Canonical(tc.in)
			if err != nil || string(got) != tc.want {
				t.Fatalf("Canonical = %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]any{
		"integer above 2^53-1":   int64(1 << 53),
		"integer below":          int64(-1 << 53),
		"float above":            1e300,
		"more digits than fit":   json.RawMessage(`0.10000000000000000001`),
		"out of float64":         json.RawMessage(`1e400`),
		"underflow":              json.RawMessage(`1e-99999999`),
		"very long":              json.RawMessage(`0.` + strings.Repeat("1", 100)),
		"infinity":               math.Inf(1),
		"not UTF-8":              "a\xffb",
		"not UTF-8 in raw JSON":  json.RawMessage("\"a\xffb\""),
		"lone surrogate":         json.RawMessage(`"\ud800"`),
		"two members of a name":  json.RawMessage(`{"a":1,"a":2}`),
		"same name, escaped":     json.RawMessage(`{"a":1,"\u0061":2}`),
		"cannot be marshalled":   make(chan int),
		"replacement escape":     json.RawMessage(`"\uFFFD"`),
		"nested too large":       map[string]any{"a": []any{map[string]any{"b": uint64(math.MaxUint64)}}},
		"negative beyond, float": -1e16,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := signing.Canonical(in); !errors.Is(err, signing.ErrCanonical) {
				t.Fatalf("Canonical = %q, %v; want ErrCanonical", got, err)
			}
			if _, err := signing.DigestOf(in); !errors.Is(err, signing.ErrCanonical) {
				t.Fatalf("DigestOf error = %v; want ErrCanonical", err)
			}
		})
	}
}

func TestCanonicalIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.MapOf(rapid.String(), rapid.Int64Range(-1<<53+1, 1<<53-1)).Draw(t, "document")
		once, err := signing.Canonical(in)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := signing.Canonical(json.RawMessage(once))
		if err != nil || string(once) != string(twice) {
			t.Fatalf("%q then %q, %v", once, twice, err)
		}
		var back map[string]int64
		if err := json.Unmarshal(once, &back); err != nil || len(back) != len(in) {
			t.Fatalf("lost members: %v, %v", back, err)
		}
	})
}

func TestDigest(t *testing.T) {
	t.Parallel()
	d, err := signing.DigestOf(map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	if d.String() != want || d.IsZero() {
		t.Fatalf("digest of {} = %s", d)
	}
	raw, err := json.Marshal(struct {
		D signing.Digest `json:"d"`
		E signing.Digest `json:"e,omitzero"`
	}{D: d})
	if err != nil || string(raw) != `{"d":"`+want+`"}` {
		t.Fatalf("marshalled %s, %v", raw, err)
	}
	var back struct{ D signing.Digest }
	if err := json.Unmarshal(raw, &back); err != nil || back.D != d {
		t.Fatalf("read back %v, %v", back.D, err)
	}
	for name, text := range map[string]string{
		"empty": "", "no prefix": want[7:], "short": want[:len(want)-2], "long": want + "00",
		"upper case": "sha256:" + strings.ToUpper(want[7:]), "other hash": "sha512:" + want[7:], "not hex": want[:len(want)-1] + "g",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := signing.ParseDigest(text); !errors.Is(err, signing.ErrDigestText) {
				t.Fatalf("ParseDigest(%q) error = %v", text, err)
			}
		})
	}
}
