package vaulttransit_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
)

// fake answers as Vault 1.21 does, for what the adapter asks of it, over a local
// key ring. The real server is in package e2e.
type fake struct {
	*httptest.Server
	ring *localkeys.Ring

	mu      sync.Mutex
	keys    map[string]*fakeKey
	logins  int
	token   string                                        // the one that is known
	fault   func(w http.ResponseWriter, path string) bool // answers in its place, if it returns true
	refused bool                                          // of logins
	role    string                                        // its name, as logins tell it
	ends    map[string]string                             // expiration times of secret ids
	bodies  []string                                      // of all requests
	headers []http.Header
}

type fakeKey struct{ latest, available, decryption, encryption int }

const notDerived = "agr-not-derived"

func newFake(t *testing.T) *fake {
	t.Helper()
	ring, err := localkeys.Open(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{ring: ring, keys: map[string]*fakeKey{}, role: "duty"}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

type fields map[string]any

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := fields{}
	raw := json.NewDecoder(r.Body)
	if r.Method != http.MethodGet {
		_ = raw.Decode(&body) // an empty body has no fields
	}
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	f.mu.Lock()
	defer f.mu.Unlock()
	text, _ := json.Marshal(body)
	f.bodies, f.headers = append(f.bodies, path+" "+string(text)), append(f.headers, r.Header.Clone())
	if f.fault != nil && f.fault(w, path) {
		return
	}
	if path == "auth/approle/login" {
		f.login(w, body)
		return
	}
	if r.Header.Get("X-Vault-Token") != f.token {
		refuse(w, http.StatusForbidden, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
		return
	}
	switch path {
	case "auth/approle/role/duty/secret-id/lookup":
		f.lookup(w, body)
	case "auth/token/renew-self":
		reply(w, fields{"auth": fields{"client_token": f.token, "lease_duration": 3600, "renewable": true}})
	case "auth/token/revoke-self":
		f.token = "none"
		w.WriteHeader(http.StatusNoContent)
	default:
		f.transit(w, r, strings.TrimPrefix(path, "transit/"), body)
	}
}

func (f *fake) login(w http.ResponseWriter, body fields) {
	if f.refused || body["role_id"] != "role" || body["secret_id"] != "secret" {
		refuse(w, http.StatusBadRequest, fmt.Sprint("invalid role or secret ID ", body["secret_id"]))
		return
	}
	f.logins++
	f.token = "hvs.token-" + strconv.Itoa(f.logins)
	reply(w, fields{"auth": fields{"client_token": f.token, "lease_duration": 3600, "renewable": true, "metadata": fields{"role_name": f.role}}})
}

func (f *fake) lookup(w http.ResponseWriter, body fields) {
	end, ok := f.ends[body.text("secret_id")]
	if !ok {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	reply(w, fields{"data": fields{"expiration_time": end, "secret_id_accessor": "accessor"}})
}

func (f *fake) transit(w http.ResponseWriter, r *http.Request, path string, body fields) {
	parts := strings.Split(path, "/")
	name := parts[len(parts)-1]
	switch parts[0] {
	case "keys":
		f.keysAPI(w, r, parts[1:], body)
	case "sign":
		input, _ := base64.StdEncoding.DecodeString(body.text("input"))
		signature, version, err := f.ring.LogSigner().Sign(r.Context(), input)
		answer(w, fields{"signature": string(seal.NewWrapped("vault", version, signature))}, err)
	default:
		f.wrapping(w, r, parts[0], seal.KeyName(name), body)
	}
}

func (f *fake) wrapping(w http.ResponseWriter, r *http.Request, op string, name seal.KeyName, body fields) {
	if f.keys[string(name)] == nil && name != notDerived {
		refuse(w, http.StatusBadRequest, "encryption key not found")
		return
	}
	b, _ := base64.StdEncoding.DecodeString(body.text("context"))
	if name == notDerived {
		b = seal.NewBinding("ignored")
	} else if len(b) == 0 {
		refuse(w, http.StatusBadRequest, "missing 'context' for key derivation; the key was created using a derived key")
		return
	}
	given := seal.Wrapped("local" + strings.TrimPrefix(body.text("ciphertext"), "vault"))
	var key seal.DataKey
	var wrapped seal.Wrapped
	var err error
	switch op {
	case "datakey":
		key, wrapped, err = f.ring.NewDataKey(r.Context(), name, b)
	case "decrypt":
		key, err = f.ring.Unwrap(r.Context(), name, b, given)
	case "rewrap":
		wrapped, err = f.ring.Rewrap(r.Context(), name, b, given)
	}
	answer(w, fields{
		"plaintext":  base64.StdEncoding.EncodeToString(key.Bytes()),
		"ciphertext": "vault" + strings.TrimPrefix(string(wrapped), "local"),
	}, err)
}

func (f *fake) keysAPI(w http.ResponseWriter, r *http.Request, parts []string, body fields) {
	name := parts[0]
	k := f.keys[name]
	action := strings.Join(parts[1:], "")
	switch {
	case r.Method == http.MethodGet:
		public, err := f.ring.LogSigner().PublicKeys(r.Context())
		versions := fields{}
		for _, p := range public {
			versions[strconv.Itoa(p.Version)] = fields{"public_key": base64.StdEncoding.EncodeToString(p.Key)}
		}
		answer(w, fields{"type": "ed25519", "derived": false, "keys": versions}, err)
		return
	case name == notDerived:
		reply(w, fields{"data": fields{"derived": false, "type": "aes256-gcm96"}})
		return
	case action == "" && k == nil:
		if err := f.ring.Ensure(r.Context(), seal.KeyName(name)); err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
		k = &fakeKey{latest: 1, decryption: 1}
		f.keys[name] = k
	case k == nil:
		refuse(w, http.StatusBadRequest, map[string]string{"config": "no existing key named x could be found"}[action]+"key not found")
		return
	case action == "rotate":
		k.latest, _ = f.ring.Rotate(r.Context(), seal.KeyName(name))
	case action == "config":
		k.decryption = body.number("min_decryption_version", k.decryption)
		k.encryption = body.number("min_encryption_version", k.encryption)
	case action == "trim":
		k.available = body.number("min_available_version", k.available)
	}
	// The ring has one limit where Vault has two.
	if err := f.ring.Trim(r.Context(), seal.KeyName(name), k.decryption); err != nil || k.available > k.decryption || k.available > k.encryption {
		refuse(w, http.StatusBadRequest, "versions out of order")
		return
	}
	reply(w, fields{"data": fields{
		"derived": true, "type": "aes256-gcm96", "latest_version": k.latest, "min_available_version": k.available,
		"min_decryption_version": k.decryption, "min_encryption_version": k.encryption,
	}})
}

func (b fields) text(name string) string {
	s, _ := b[name].(string)
	return s
}

func (b fields) number(name string, otherwise int) int {
	if n, ok := b[name].(float64); ok {
		return int(n)
	}
	return otherwise
}

func answer(w http.ResponseWriter, data fields, err error) {
	switch {
	case errors.Is(err, seal.ErrUnwrap):
		refuse(w, http.StatusBadRequest, "cipher: message authentication failed")
	case err != nil:
		refuse(w, http.StatusBadRequest, "invalid ciphertext")
	default:
		reply(w, fields{"data": data})
	}
}

func reply(w http.ResponseWriter, body fields) { _ = json.NewEncoder(w).Encode(body) }

func refuse(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(fields{"errors": []string{text}})
}
