package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

// keySeeds are texts that are no verifier keys of one log.
var keySeeds = []string{ // read only
	"", "\n", "no key", "a+b+c", "safeconduct.test/log+00000000+AAAA",
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TX", // of another hash
}

func TestVerifierKeys(t *testing.T) {
	b := build(t, 3)
	text, err := ledger.VerifierKeys(ledgertest.Origin, b.Keys.Public())
	if err != nil {
		t.Fatal(err)
	}
	v, err := ledger.ParseVerifier(text)
	if err != nil || v.Origin() != ledgertest.Origin {
		t.Fatalf("%v of %q", err, text)
	}
	if c, version, err := v.Open(b.Rows.Checkpoints[0].Note); err != nil || c.Size != 3 || version != 1 {
		t.Errorf("%+v by %d, %v", c, version, err)
	}
	elsewhere, err := ledger.VerifierKeys("elsewhere", ledgertest.NewKeys("other").Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range append([]string{string(text) + string(text), string(text) + string(elsewhere)}, keySeeds...) {
		if _, err := ledger.ParseVerifier([]byte(bad)); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ledger.VerifierKeys("two\nlines", b.Keys.Public()); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Errorf("two lines: %v", err)
	}
}

// FuzzParseVerifier: what is taken names one origin and as many keys as lines.
func FuzzParseVerifier(f *testing.F) {
	if len(keySeeds) != 6 {
		f.Fatalf("%d seeds", len(keySeeds))
	}
	for _, s := range keySeeds {
		f.Add([]byte(s))
	}
	text, err := ledger.VerifierKeys(ledgertest.Origin, ledgertest.NewKeys("log").Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := ledger.ParseVerifier(text)
		if err != nil {
			return
		}
		for line := range strings.Lines(strings.TrimSpace(string(text))) {
			if !bytes.HasPrefix([]byte(strings.TrimSpace(line)), []byte(v.Origin()+"+")) {
				t.Errorf("%q is of %q", line, v.Origin())
			}
		}
	})
}
