package ledger_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/ledger"
)

func entry(t testing.TB, id, kind, body string) ledger.Entry {
	t.Helper()
	e, err := ledger.NewEntry(id, kind, []byte(body), bytes.NewReader(bytes.Repeat([]byte{7}, ledger.SaltSize)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The vector was computed with Python's hmac and hashlib from doc.go.
func TestEntryVector(t *testing.T) {
	e := entry(t, "0190a1b2-0000-7000-8000-000000000001", "transfer.released", `{"transfer":"t1"}`)
	if got := hex.EncodeToString(e.Commitment); got != vectorCommitment {
		t.Errorf("commitment %s, want %s", got, vectorCommitment)
	}
	leaf := "0000000000000001" + "00000011" + hex.EncodeToString([]byte("transfer.released")) + vectorCommitment
	if got := hex.EncodeToString(ledger.Leaf(e)); got != leaf {
		t.Errorf("leaf %s, want %s", got, leaf)
	}
	h := tlog.RecordHash(ledger.Leaf(e))
	if got := hex.EncodeToString(h[:]); got != vectorLeafHash {
		t.Errorf("leaf hash %s, want %s", got, vectorLeafHash)
	}
}

func TestNewEntryRefuses(t *testing.T) {
	salt := strings.NewReader(strings.Repeat("x", 1000))
	for name, args := range map[string][3]string{
		"no id":       {"", "k", "{}"},
		"id space":    {"a b", "k", "{}"},
		"id long":     {strings.Repeat("a", 65), "k", "{}"},
		"no kind":     {"a", "", "{}"},
		"kind letter": {"a", "Kind", "{}"},
		"kind long":   {"a", strings.Repeat("k", 65), "{}"},
		"no body":     {"a", "k", ""},
	} {
		if _, err := ledger.NewEntry(args[0], args[1], []byte(args[2]), salt); !errors.Is(err, ledger.ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	if _, err := ledger.NewEntry("a", "k", []byte("{}"), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("broken randomness: %v", err)
	}
}

func TestCheckEntry(t *testing.T) {
	good := entry(t, "a", "k", "{}")
	if err := ledger.CheckEntry(good); err != nil {
		t.Fatal(err)
	}
	erased := good
	erased.Salt, erased.Body = nil, nil
	if err := ledger.CheckEntry(erased); err != nil || !erased.Erased() {
		t.Errorf("erased: %v", err)
	}
	for name, change := range map[string]func(e *ledger.Entry){
		"id":                  func(e *ledger.Entry) { e.ID = "b" },
		"version":             func(e *ledger.Entry) { e.Version = 2 },
		"version wraps":       func(e *ledger.Entry) { e.Version += 1 << 32 },
		"kind":                func(e *ledger.Entry) { e.Kind = "l" },
		"between id and kind": func(e *ledger.Entry) { e.ID, e.Kind = "ak", "k" },
		"commitment":          func(e *ledger.Entry) { e.Commitment = make([]byte, 32) },
		"commitment short":    func(e *ledger.Entry) { e.Commitment = e.Commitment[:31] },
		"salt padded":         func(e *ledger.Entry) { e.Salt = append(bytes.Clone(e.Salt), 0) },
		"salt gone":           func(e *ledger.Entry) { e.Salt = nil },
		"body gone":           func(e *ledger.Entry) { e.Body = nil },
		"body":                func(e *ledger.Entry) { e.Body = []byte("{ }") },
	} {
		e := good
		change(&e)
		if err := ledger.CheckEntry(e); !errors.Is(err, ledger.ErrEntry) {
			t.Errorf("%s altered: %v", name, err)
		}
	}
}

// HMAC pads its key with zeros, so a salt that ends in zeros must not pass cut.
func TestCheckEntryZeroSalt(t *testing.T) {
	e, err := ledger.NewEntry("a", "k", []byte("{}"), bytes.NewReader(make([]byte, ledger.SaltSize)))
	if err != nil {
		t.Fatal(err)
	}
	e.Salt = e.Salt[:ledger.SaltSize-1]
	if err := ledger.CheckEntry(e); !errors.Is(err, ledger.ErrEntry) {
		t.Errorf("cut salt: %v", err)
	}
}

func TestEntryRedacts(t *testing.T) {
	e := entry(t, "a", "k", `{"name":"Amina"}`)
	encoded, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), e.LogValue().String(), string(encoded)}
	for _, s := range shown {
		if strings.Contains(s, "Amina") || strings.Contains(s, "7 7 7") || strings.Contains(s, "BwcH") {
			t.Errorf("content shows in %s", s)
		}
	}
}

var erasureSeeds = []string{
	`{"erased":[{"id":"a","seq":0}]}`, `{"by":["p1","p2"],"erased":[{"id":"a","seq":1},{"id":"b","seq":2}],"reason":"R"}`,
	`{}`, `{"erased":[]}`, `{"erased":[{"id":"","seq":1}]}`, `{"erased":[{"id":"a","seq":-1}]}`, `[]`, ``, `{"erased":3}`,
}

func TestErasedRefs(t *testing.T) {
	if len(erasureSeeds) != 9 {
		t.Errorf("%d seeds", len(erasureSeeds))
	}
	for i, body := range erasureSeeds {
		refs, err := ledger.ErasedRefs([]byte(body))
		if i < 2 && (err != nil || len(refs) != i+1) {
			t.Errorf("%s: %v %v", body, refs, err)
		}
		if i >= 2 && !errors.Is(err, ledger.ErrErasure) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzErasedRefs(f *testing.F) {
	for _, s := range erasureSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		refs, err := ledger.ErasedRefs(body)
		if (err == nil) != (len(refs) > 0) {
			t.Errorf("%v %v", refs, err)
		}
		if err != nil && !errors.Is(err, ledger.ErrErasure) {
			t.Error(err)
		}
	})
}

const (
	vectorCommitment = "34a2adce01a82fb0d68525e6196244a8b0f4207fcb5b6692bc1814b063ce6faf"
	vectorLeafHash   = "2c3f344942a19183ced85b2c09c5d86a4e5c4a7a51ff64259f60dea91c9f2313"
)
