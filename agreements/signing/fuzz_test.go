package signing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/signing"
)

func jwkSeeds() []string {
	return []string{
		rfc8037Key, `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`,
		`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","use":"sig","alg":"EdDSA"}`,
		`{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, `{"kty":"OKP","kty":"OKP","crv":"Ed25519","x":""}`,
		`{"KTY":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="}`, `null`, `[]`, ``,
	}
}

func digestSeeds() []string {
	return []string{"sha256:" + strings.Repeat("0a", 32), "sha256:" + strings.Repeat("0A", 32), "sha256:", "sha512:00", ""}
}

func canonicalSeeds() []string {
	return []string{
		`{"b":1,"a":[true,null,"\u20ac"]}`, `1e21`, `0.1`, `-0`, `1e-400`, `9007199254740993`, `"\ud800"`, `{"a":1,"a":2}`, "\"\xff\"", `[`, ``, `{} {}`, `"\ufffd"`,
	}
}

func TestMoreFuzzSeeds(t *testing.T) {
	t.Parallel()
	if a, b, c, d := len(jwkSeeds()), len(digestSeeds()), len(canonicalSeeds()), len(pemSeeds(t)); a != 9 || b != 5 || c != 13 || d != 6 {
		t.Fatalf("%d keys, %d digests, %d texts, %d key files", a, b, c, d)
	}
}

// FuzzJWK: a key that is read is written and reads back as the same, is public, and no error repeats it.
func FuzzJWK(f *testing.F) {
	for _, s := range jwkSeeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		key, err := signing.ParseJWK(raw)
		if err != nil {
			if !errors.Is(err, signing.ErrKey) || len(err.Error()) > 100 || !key.IsZero() {
				t.Fatalf("error %v, key %v", err, key)
			}
			return
		}
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil || members["d"] != nil {
			t.Fatalf("a private key, or none, was taken: %v", err)
		}
		text, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := signing.ParseJWK(text); err != nil || again != key || again.Thumbprint() != key.Thumbprint() {
			t.Fatalf("it reads back as %v, %v", again, err)
		}
	})
}

// FuzzEnrolment: no proof that the key did not make is taken.
func FuzzEnrolment(f *testing.F) {
	key := testKey(f, 1)
	good, err := signing.Enrol(key, "per-1", signedAt)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for _, s := range hostile(f) {
		f.Add(s.text)
	}
	bounds := signing.Bounds{MaxAge: 10 * time.Minute, Skew: time.Minute}
	f.Fuzz(func(t *testing.T, jws string) {
		e, err := signing.VerifyEnrolment(jws, key.Public(), "per-1", signedAt, bounds)
		if err != nil {
			for _, known := range []error{signing.ErrSignature, signing.ErrAlgorithm, signing.ErrSubject, signing.ErrAge} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("error without a sentinel: %v", err)
		}
		if !strings.HasSuffix(jws, good[strings.LastIndex(good, "."):]) || e.Person != "per-1" {
			t.Fatalf("a proof of %q that nobody made was taken", e.Person)
		}
	})
}

// FuzzCanonical: what has a canonical form has one, which means what the text meant.
func FuzzCanonical(f *testing.F) {
	for _, s := range canonicalSeeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, err := signing.Canonical(json.RawMessage(raw))
		if err != nil {
			if !errors.Is(err, signing.ErrCanonical) {
				t.Fatalf("error without a sentinel: %v", err)
			}
			return
		}
		twice, err := signing.Canonical(json.RawMessage(once))
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q has the forms %q and %q, %v", raw, once, twice, err)
		}
		var before, after any
		if json.Unmarshal(raw, &before) != nil || json.Unmarshal(once, &after) != nil {
			t.Fatalf("%q or %q is no JSON", raw, once)
		}
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("%q means %v, its form %v", raw, before, after)
		}
	})
}

// FuzzDigest: the one text of a digest is the one that it is written as.
func FuzzDigest(f *testing.F) {
	for _, s := range digestSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := signing.ParseDigest(text)
		if err == nil && d.String() != text || err != nil && !errors.Is(err, signing.ErrDigestText) {
			t.Fatalf("%q is %s, %v", text, d, err)
		}
	})
}

func pemSeeds(t testing.TB) []string {
	t.Helper()
	key := testKey(t, 1)
	private, err := key.EncodePEM()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public().EncodePEM()
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		string(private), string(public), string(private) + string(public), "x" + string(public),
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "",
	}
}

// FuzzKeyFile: a key file that is read is written and reads back as the same, and no error repeats it.
func FuzzKeyFile(f *testing.F) {
	for _, s := range pemSeeds(f) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		private, err := signing.ParsePrivateKeyPEM(text)
		if err == nil {
			again, err := private.EncodePEM()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := signing.ParsePrivateKeyPEM(again); err != nil || back.Public() != private.Public() {
				t.Fatalf("a private key reads back as another, %v", err)
			}
		} else if !errors.Is(err, signing.ErrKey) || len(err.Error()) > 150 {
			t.Fatalf("error %v", err)
		}
		public, err := signing.ParsePublicKeyPEM(text)
		if err == nil {
			again, err := public.EncodePEM()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := signing.ParsePublicKeyPEM(again); err != nil || back != public {
				t.Fatalf("a public key reads back as another, %v", err)
			}
		} else if !errors.Is(err, signing.ErrKey) || len(err.Error()) > 150 {
			t.Fatalf("error %v", err)
		}
	})
}
