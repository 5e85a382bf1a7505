package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"safeconduct/gateway/edge"
)

const (
	emptySum    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	emptyDigest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
)

func digestSeeds() map[string]struct {
	sum string
	ok  bool
} {
	type want = struct {
		sum string
		ok  bool
	}
	return map[string]want{
		"":                               {"", true},
		emptyDigest:                      {emptySum, true},
		"sha-512=:AAAA:":                 {"", true},
		"sha-512=:AAAA:, " + emptyDigest: {emptySum, true},
		emptyDigest + "," + emptyDigest:  {emptySum, true},
		"sha-256=:AAAA:":                 {"", false},
		"sha-256=47DEQpj8HBSa":           {"", false},
		"sha-256":                        {"", false},
		"sha-256=::":                     {"", false},
		"sha-256=:":                      {"", false},
		"=:AAAA:":                        {"", false},
		emptyDigest + ",sha-256=:" + strings.Repeat("A", 43) + "=:": {"", false},
		"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=:":    {"", false}, // stray bits
	}
}

func TestContentDigest(t *testing.T) {
	for field, want := range digestSeeds() {
		t.Run(field, func(t *testing.T) {
			sum, err := contentDigest(http.Header{"Content-Digest": {field}})
			if sum != want.sum || (err == nil) != want.ok {
				t.Errorf("%q, %v", sum, err)
			}
		})
	}
	if got := reprDigest(emptySum); got != emptyDigest {
		t.Errorf("reprDigest writes %s", got)
	}
}

func FuzzContentDigest(f *testing.F) {
	for field := range digestSeeds() {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		sum, err := contentDigest(http.Header{"Content-Digest": {field}})
		if err != nil || sum == "" {
			return
		}
		again, err := contentDigest(http.Header{"Content-Digest": {reprDigest(sum)}})
		if err != nil || again != sum {
			t.Errorf("%q reads as %s, and that as %s, %v", field, sum, again, err)
		}
	})
}

func rangeSeeds() map[string]int64 {
	return map[string]int64{
		"bytes=0-": 0, "bytes=10-": 10, "Bytes=10-": 10, "bytes= 10- ": 10, "bytes=9223372036854775807-": 1<<63 - 1,
		"bytes=9223372036854775808-": -1, "bytes=-5": -1, "bytes=1-2": -1, "bytes=1-,3-": -1, "bytes=": -1, "bytes=-": -1,
		"rows=1-": -1, "bytes 1-": -1, "bytes=+1-": -1, "bytes=1--": -1, "": -1, "bytes=0x1-": -1,
	}
}

func TestRangeFrom(t *testing.T) {
	for field, want := range rangeSeeds() {
		t.Run(field, func(t *testing.T) {
			n, ok := rangeFrom(http.Header{"Range": {field}})
			if ok != (want >= 0) || ok && n != want {
				t.Errorf("%d, %t; want %d", n, ok, want)
			}
		})
	}
	if _, ok := rangeFrom(http.Header{"Range": {"bytes=1-", "bytes=2-"}}); ok {
		t.Error("two fields are one range")
	}
}

func FuzzRangeFrom(f *testing.F) {
	for field := range rangeSeeds() {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		if n, ok := rangeFrom(http.Header{"Range": {field}}); ok && n < 0 {
			t.Errorf("%q is %d", field, n)
		}
	})
}

func bodySeeds() map[string]error {
	return map[string]error{
		`{}`: nil, `null`: nil, `[1,"a",{"b":[true]}]`: nil, `{"a":{"a":1}}`: nil, "{\"a\":1}\n": nil,
		``: errJSON, `{`: errJSON, `{"a"}`: errJSON, `[1`: errJSON, `{} {}`: errJSON, `tru`: errJSON, `[1,]`: errJSON,
		`{"a":1,"a":1}`: errTwice, `{"a":1,"A":1}`: errTwice, `[{"k":1,"\u212a":1}]`: errTwice, // U+212A is a Kelvin, which folds to k
		`"\ud83d\ude00"`: nil, `"\\ud800"`: nil, `"\u0041\\"`: nil, `"\ud800"`: errHalf, `"\udc00\ud800"`: errHalf, `"\uD800x"`: errHalf,
		`{"\udfff":1}`: errHalf, `"\ud800\u0041"`: errHalf, `"\ud8`: errJSON, `"\`: errJSON,
		"\"\xff\"": errText, `"a\u0000"`: errNUL, `{"a\u0000":1}`: errNUL, strings.Repeat("[", 40): errDepth,
	}
}

func TestUnambiguous(t *testing.T) {
	for text, want := range bodySeeds() {
		t.Run(text, func(t *testing.T) {
			if err := unambiguous([]byte(text)); err != want { //nolint:errorlint // the very error
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}

func FuzzUnambiguous(f *testing.F) {
	for text := range bodySeeds() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if unambiguous([]byte(text)) != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%q is taken for JSON", text)
		}
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return // a number beyond all bounds
		}
		if again, err := json.Marshal(v); err != nil || strings.Contains(string(again), `\u0000`) || !strings.Contains(text, "\ufffd") && !strings.Contains(strings.ToLower(text), `\ufffd`) && strings.Contains(string(again), "\ufffd") {
			t.Errorf("%q reads as %q, %v", text, again, err)
		}
	})
}

func TestSeeds(t *testing.T) {
	if a, b, c := len(digestSeeds()), len(rangeSeeds()), len(bodySeeds()); a != 13 || b != 17 || c != 29 {
		t.Errorf("the parsers have %d, %d and %d seeds", a, b, c)
	}
}

func querySeeds() map[string]bool {
	return map[string]bool{
		"": true, "a=1&b=2": true, "a": true, "a=%e2%82%ac": true, "a=+": true,
		"a=1&a=1": false, "a=%zz": false, "a=%": false, ";": false, "a=%00": false, "%00": false, "a=%ff": false, "a&a": false,
	}
}

func TestPlainQuery(t *testing.T) {
	if n := len(querySeeds()); n != 13 {
		t.Errorf("%d seeds", n)
	}
	for raw, plain := range querySeeds() {
		if err := plainQuery(raw); (err == nil) != plain {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

// FuzzPlainQuery: a query that passes reads the same when it is written anew, and its refusal repeats nothing of it.
func FuzzPlainQuery(f *testing.F) {
	for raw := range querySeeds() {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if err := plainQuery(raw); err != nil {
			if !errors.Is(err, edge.ErrMalformed) || len(err.Error()) > 100 {
				t.Errorf("%v", err)
			}
			return
		}
		values, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		if again := values.Encode(); plainQuery(again) != nil {
			t.Errorf("%q is plain, and %q is not", raw, again)
		}
	})
}

func TestServed(t *testing.T) {
	for declared, want := range map[string][2]string{
		"text/csv": {"text/csv", "csv"}, "text/csv; charset=utf-8": {"text/csv", "csv"}, "TEXT/CSV": {"text/csv", "csv"},
		"text/html": {"application/octet-stream", "bin"}, "image/svg+xml": {"application/octet-stream", "bin"},
		"": {"application/octet-stream", "bin"}, "text/csv\r\nX: y": {"application/octet-stream", "bin"},
	} {
		t.Run(declared, func(t *testing.T) {
			mediaType, extension := served(declared)
			if mediaType != want[0] || extension != want[1] {
				t.Errorf("%s, %s", mediaType, extension)
			}
		})
	}
}

func TestRegisterNeedsEveryService(t *testing.T) {
	if err := (Services{}).check(); err == nil || !strings.Contains(err.Error(), "People") {
		t.Errorf("no service at all: %v", err)
	}
}
