package vaulttransit_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/vaulttransit"
)

type vaultSeed struct {
	status int
	body   string
}

func vaultSeeds() []vaultSeed {
	key := strings.Repeat("A", 43) + "="
	return []vaultSeed{
		{200, `{"data":{"plaintext":"` + key + `","ciphertext":"vault:v1:` + key + `","key_version":1,"derived":true}}`},
		{200, `{"data":{"plaintext":"AA==","ciphertext":"vault:v0:AA=="}}`},
		{200, `{"data":{"plaintext":7,"ciphertext":["vault:v1:AA=="]}}`},
		{200, `{"data":{"type":"ed25519","derived":false,"latest_version":1,"keys":{"1":{"public_key":"` + key + `"}},"signature":"vault:v1:AAAA"}}`},
		{200, `{"data":{"type":"ed25519","keys":{"0":{"public_key":""},"x":null}}}`},
		{200, `{"data":{"type":"aes256-gcm96","derived":true,"latest_version":99999999999999999999,"min_decryption_version":-1}}`},
		{200, `{"data":{"batch_results":[{"error":"x"}]}}`},
		{200, `{"data":null}`},
		{200, `{`},
		{200, ``},
		{204, ``},
		{400, `{"errors":["encryption key not found"]}`},
		{400, `{"errors":["missing 'context' for key derivation; the key was created using a derived key"]}`},
		{400, `{"errors":"x"}`},
		{403, `{"errors":["1 error occurred:\n\t* permission denied\n\n"]}`},
		{404, `<html>not found</html>`},
		{200, `{"data":{"expiration_time":"2031-05-06T07:08:09.123456789Z","secret_id_accessor":"accessor"}}`},
	}
}

func TestVaultSeeds(t *testing.T) {
	if n := len(vaultSeeds()); n != 17 {
		t.Fatalf("%d seeds", n)
	}
}

// standIn logs everybody in, and answers all else with what it is given.
type standIn struct{ seed atomic.Pointer[vaultSeed] }

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if strings.HasPrefix(r.URL.Path, "/v1/auth/") && !strings.HasSuffix(r.URL.Path, "/lookup") {
		_, _ = io.WriteString(w, `{"auth":{"client_token":"token","lease_duration":3600,"renewable":true,"metadata":{"role_name":"duty"}}}`)
		return
	}
	seed := s.seed.Load()
	w.WriteHeader(seed.status)
	_, _ = io.WriteString(w, seed.body)
}

// FuzzAnswers: whatever stands in Vault's place answers, a key that is handed on has its length and a wrapped one its
// form, and no error repeats the answer, which may hold a key.
func FuzzAnswers(f *testing.F) {
	for i, s := range vaultSeeds() {
		f.Add(uint8(i), s.status, s.body)
	}
	s := &standIn{}
	server := httptest.NewServer(s)
	f.Cleanup(server.Close)
	c, err := vaulttransit.Open(context.WithoutCancel(f.Context()), config(f, &fake{Server: server}), slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() }) // the token need not be revoked there
	f.Fuzz(func(t *testing.T, act uint8, status int, body string) {
		if status < 200 || status > 499 || status == http.StatusTooManyRequests || status == http.StatusPreconditionFailed || status/100 == 3 {
			status = 200 // what is tried again takes its time
		}
		s.seed.Store(&vaultSeed{status, body})
		told := func(err error) {
			if err != nil && len(body) > 24 && strings.Contains(err.Error(), body[4:24]) {
				t.Fatalf("an error repeats the answer: %v", err)
			}
		}
		ctx, b := t.Context(), seal.NewBinding("agr", "transfer")
		switch act % 7 {
		case 0:
			key, w, err := c.NewDataKey(ctx, "agr-1", b)
			told(err)
			if err == nil && (len(key.Bytes()) != 32 || !strings.HasPrefix(string(w), "vault:v")) {
				t.Fatalf("a key of %d bytes, wrapped as %q", len(key.Bytes()), w)
			}
			key.Destroy()
		case 1:
			key, err := c.Unwrap(ctx, "agr-1", b, "vault:v1:AAAA")
			told(err)
			if err == nil && len(key.Bytes()) != 32 {
				t.Fatalf("a key of %d bytes", len(key.Bytes()))
			}
			key.Destroy()
		case 2:
			w, err := c.Rewrap(ctx, "agr-1", b, "vault:v1:AAAA")
			told(err)
			if err == nil && !strings.HasPrefix(string(w), "vault:v") {
				t.Fatalf("wrapped as %q", w)
			}
		case 3:
			told(c.Ensure(ctx, "agr-1"))
		case 4:
			keys, err := c.LogSigner("log").PublicKeys(ctx)
			told(err)
			for _, k := range keys {
				if k.Version < 1 || len(k.Key) != 32 {
					t.Fatalf("version %d of %d bytes", k.Version, len(k.Key))
				}
			}
		case 5:
			_, err := c.LoginEnds(ctx)
			told(err)
		default:
			sig, version, err := c.LogSigner("log").Sign(ctx, []byte("message"))
			told(err)
			if err == nil && (len(sig) != 64 || version < 1) {
				t.Fatalf("%d bytes under version %d", len(sig), version)
			}
			if err == nil && errors.Is(err, seal.ErrDenied) {
				t.Fatal("denied, and signed")
			}
		}
	})
}
