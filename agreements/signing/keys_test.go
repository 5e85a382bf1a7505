package signing_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/agreements/signing"
)

// testKey is a key from a fixed seed.
func testKey(t testing.TB, seed byte) signing.PrivateKey {
	t.Helper()
	key, err := signing.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

const rfc8037Key = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`

func TestJWK(t *testing.T) {
	t.Parallel()
	var key signing.PublicKey
	if err := json.Unmarshal([]byte(rfc8037Key), &key); err != nil {
		t.Fatal(err)
	}
	t.Run("RFC 8037 A.3 thumbprint", func(t *testing.T) {
		t.Parallel()
		if got := key.Thumbprint(); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
			t.Fatalf("thumbprint %s", got)
		}
	})
	t.Run("round trip", func(t *testing.T) {
		t.Parallel()
		raw, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		back, err := signing.ParseJWK(raw)
		if err != nil || back != key {
			t.Fatalf("%v, %v", back, err)
		}
	})
	x := base64.RawURLEncoding.EncodeToString
	for name, raw := range map[string]string{
		"not JSON":            `x`,
		"null":                `null`,
		"other kty":           strings.Replace(rfc8037Key, "OKP", "EC", 1),
		"other curve":         strings.Replace(rfc8037Key, "Ed25519", "X25519", 1),
		"name in upper case":  strings.Replace(rfc8037Key, `"x"`, `"X"`, 1),
		"short":               `{"kty":"OKP","crv":"Ed25519","x":"` + x(make([]byte, 31)) + `"}`,
		"padded":              strings.Replace(rfc8037Key, `Ro"`, `Ro="`, 1),
		"stray bits":          strings.Replace(rfc8037Key, `Ro"`, `Rp"`, 1),
		"private key":         strings.Replace(rfc8037Key, `{`, `{"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",`, 1),
		"kid of another key":  strings.Replace(rfc8037Key, `{`, `{"kid":"other",`, 1),
		"for encryption":      strings.Replace(rfc8037Key, `{`, `{"use":"enc",`, 1),
		"for another alg":     strings.Replace(rfc8037Key, `{`, `{"alg":"HS256",`, 1),
		"member named twice":  strings.Replace(rfc8037Key, `{`, `{"kty":"OKP",`, 1),
		"point of order four": `{"kty":"OKP","crv":"Ed25519","x":"` + x(make([]byte, 32)) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := signing.ParseJWK([]byte(raw)); !errors.Is(err, signing.ErrKey) {
				t.Fatalf("ParseJWK = %v, %v; want ErrKey", got, err)
			}
		})
	}
}

// A key of small order lets a signature made without any private key verify.
// The test forges one under each refused point, which shows that the list is
// right, and that NewPublicKey refuses it, with either sign.
func TestSmallOrderKeysAreRefused(t *testing.T) {
	t.Parallel()
	identity := append([]byte{1}, make([]byte, 63)...) // R = identity, S = 0
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		point, err := hex.DecodeString(y)
		if err != nil {
			t.Fatal(err)
		}
		forged := false
		for i := 0; i < 200 && !forged; i++ {
			forged = ed25519.Verify(point, fmt.Appendf(nil, "document %d", i), identity)
		}
		if !forged {
			t.Errorf("%s: no forgery found, is it of small order?", y)
		}
		for _, sign := range []byte{0, 0x80} {
			point[31] = point[31]&0x7f | sign
			if _, err := signing.NewPublicKey(point); !errors.Is(err, signing.ErrKey) {
				t.Errorf("%x: error = %v; want ErrKey", point, err)
			}
		}
	}
}

// The key pair of RFC 8410 section 10.
const (
	rfc8410Private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"
	rfc8410Public  = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
)

func TestPEM(t *testing.T) {
	t.Parallel()
	private, err := signing.ParsePrivateKeyPEM([]byte(rfc8410Private))
	if err != nil {
		t.Fatal(err)
	}
	public, err := signing.ParsePublicKeyPEM([]byte(rfc8410Public))
	if err != nil || public != private.Public() {
		t.Fatalf("RFC 8410: %v, %v", public, err)
	}
	if text, err := private.EncodePEM(); err != nil || string(text) != rfc8410Private {
		t.Fatalf("encoded %q, %v", text, err)
	}
	if text, err := public.EncodePEM(); err != nil || string(text) != rfc8410Public {
		t.Fatalf("encoded %q, %v", text, err)
	}
	for name, text := range map[string]string{
		"empty": "", "public": rfc8410Public, "two blocks": rfc8410Private + rfc8410Private,
		"text before": "key:\n" + rfc8410Private, "text after": rfc8410Private + "x",
		"headers": strings.Replace(rfc8410Private, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1),
		"damaged": strings.Replace(rfc8410Private, "MC4C", "MC5C", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := signing.ParsePrivateKeyPEM([]byte(text)); !errors.Is(err, signing.ErrKey) {
				t.Fatalf("error = %v; want ErrKey", err)
			}
		})
	}
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := testKey(t, 1)
	path := filepath.Join(dir, "signatory.pem")
	if err := signing.SavePrivateKey(path, key); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if got, err := signing.LoadPrivateKey(path); err != nil || got.Public() != key.Public() {
		t.Fatalf("loaded another key, %v", err)
	}
	if err := signing.SavePrivateKey(path, testKey(t, 2)); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("overwrite error = %v; want fs.ErrExist", err)
	}
	public := filepath.Join(dir, "signatory.pub.pem")
	if err := signing.SavePublicKey(public, key.Public()); err != nil {
		t.Fatal(err)
	}
	if got, err := signing.LoadPublicKey(public); err != nil || got != key.Public() {
		t.Fatalf("public key %v, %v", got, err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := signing.LoadPrivateKey(path); !errors.Is(err, signing.ErrKeyFile) {
			t.Errorf("mode %04o: error = %v; want ErrKeyFile", mode, err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := signing.LoadPrivateKey(filepath.Join(dir, "d")); !errors.Is(err, signing.ErrKeyFile) {
		t.Errorf("folder: error = %v; want ErrKeyFile", err)
	}
	if _, err := signing.LoadPrivateKey(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: error = %v; want fs.ErrNotExist", err)
	}
}

func TestR55PrivateKeyRedactsItself(t *testing.T) {
	t.Parallel()
	key := testKey(t, 7)
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", key, "in", struct{ K signing.PrivateKey }{key})
	raw, err := json.Marshal(map[string]any{"key": key, "list": []signing.PrivateKey{key}})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb, key)
		fmt.Fprintf(&out, verb, struct{ K signing.PrivateKey }{key})
		fmt.Fprintf(&out, verb, struct{ hidden signing.PrivateKey }{key})
	}
	shown := strings.ToLower(out.String())
	for _, leak := range []string{"07070707", "7 7 7", "0x7", "bwch"} {
		if strings.Contains(shown, leak) {
			t.Fatalf("shows %q in %s", leak, shown)
		}
	}
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	if _, err := signing.GenerateKey(strings.NewReader("short")); err == nil {
		t.Error("short randomness made a key")
	}
	a, errA := signing.GenerateKey(rand.Reader)
	b, errB := signing.GenerateKey(rand.Reader)
	if errA != nil || errB != nil || a.Public() == b.Public() {
		t.Errorf("two keys are one: %v %v", errA, errB)
	}
	if !(signing.PrivateKey{}).Public().IsZero() {
		t.Error("the zero key has a public half")
	}
}
