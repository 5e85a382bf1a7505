package vaulttransit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/sealtest"
	"safeconduct/transfer/seal/vaulttransit"
)

func config(t testing.TB, f *fake) vaulttransit.Config {
	t.Helper()
	c := vaulttransit.Config{
		Address: f.URL, RoleIDFile: filepath.Join(t.TempDir(), "role"), SecretIDFile: filepath.Join(t.TempDir(), "secret"),
		Timeout: 2 * time.Second,
	}
	for file, id := range map[string]string{c.RoleIDFile: "role\n", c.SecretIDFile: "secret\n"} {
		if err := os.WriteFile(file, []byte(id), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func open(t *testing.T, f *fake) *vaulttransit.Client {
	t.Helper()
	c, err := vaulttransit.Open(t.Context(), config(t, f), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil && f.fault == nil {
			t.Errorf("closing: %v", err)
		}
	})
	return c
}

func TestKeys(t *testing.T) {
	sealtest.Run(t, func(t *testing.T) (seal.KeyWrapper, seal.KeyKeeper) {
		c := open(t, newFake(t))
		return c, c
	})
}

func TestKeyThatIsNotDerived(t *testing.T) {
	f := newFake(t)
	if err := f.ring.Ensure(t.Context(), notDerived); err != nil {
		t.Fatal(err)
	}
	_, w, err := f.ring.NewDataKey(t.Context(), notDerived, seal.NewBinding("ignored"))
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, f)
	sealtest.RunNotDerived(t, c, c, notDerived, seal.Wrapped("vault"+strings.TrimPrefix(string(w), "local")))
}

func TestSigner(t *testing.T) {
	sealtest.RunSigner(t, func(t *testing.T) (seal.Signer, func(context.Context) error) {
		f := newFake(t)
		return open(t, f).LogSigner("log"), func(ctx context.Context) error {
			_, err := f.ring.LogSigner().Rotate(ctx)
			return err
		}
	})
}

// What is sent: never a nonce, associated data or encrypt; and nothing from the
// environment.
func TestRequests(t *testing.T) {
	for name, value := range map[string]string{
		"VAULT_TOKEN": "hvs.stray", "VAULT_NAMESPACE": "stray", "VAULT_HEADERS": `{"Stray":"1"}`, "VAULT_ADDR": "https://stray.invalid",
	} {
		t.Setenv(name, value)
	}
	f := newFake(t)
	c := open(t, f)
	b := seal.NewBinding("i", "t")
	if err := c.Ensure(t.Context(), "agr-1"); err != nil {
		t.Fatal(err)
	}
	_, w, err := c.NewDataKey(t.Context(), "agr-1", b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unwrap(t.Context(), "agr-1", b, w); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Rewrap(t.Context(), "agr-1", b, w); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, body := range f.bodies {
		for _, no := range []string{"nonce", "associated_data", "/encrypt/", "batch_input"} {
			if strings.Contains(body, no) {
				t.Errorf("sent %s in %s", no, body)
			}
		}
		h := f.headers[i]
		if h.Get("X-Vault-Namespace") != "" || h.Get("Stray") != "" || h.Get("X-Vault-Token") == "hvs.stray" {
			t.Errorf("headers from the environment: %v", h)
		}
	}
}

func TestFaults(t *testing.T) {
	const secret = "c2VjcmV0IGtleSBtYXRlcmlhbA=="
	says := func(status int, text string) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, path string) bool {
			if !strings.HasPrefix(path, "transit/") {
				return false
			}
			refuse(w, status, text+secret)
			return true
		}
	}
	data := func(body fields) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, path string) bool {
			if !strings.HasPrefix(path, "transit/") {
				return false
			}
			reply(w, body)
			return true
		}
	}
	for name, c := range map[string]struct {
		fault func(http.ResponseWriter, string) bool
		want  error // nil: none of the sentinels
	}{
		"sealed":                     {says(503, "Vault is sealed"), seal.ErrUnavailable},
		"an internal error":          {says(500, "boom"), seal.ErrUnavailable},
		"too many requests":          {says(429, "slow down"), seal.ErrUnavailable},
		"the policy refuses":         {says(403, "permission denied"), seal.ErrDenied},
		"a token that stays unknown": {says(403, "invalid token"), seal.ErrUnavailable},
		"no such mount":              {says(404, "no handler for route"), nil},
		"not found":                  {says(404, ""), seal.ErrKeyUnknown},
		"another refusal":            {says(400, "no"), nil},
		"no JSON": {func(w http.ResponseWriter, p string) bool {
			_, _ = w.Write([]byte(secret))
			return strings.HasPrefix(p, "transit/")
		}, seal.ErrUnavailable},
		"no data":              {data(fields{}), nil},
		"no plaintext":         {data(fields{"data": fields{"ciphertext": "vault:v1:AAAA"}}), nil},
		"a short data key":     {data(fields{"data": fields{"plaintext": secret, "ciphertext": "vault:v1:AAAA"}}), nil},
		"a strange ciphertext": {data(fields{"data": fields{"plaintext": strings.Repeat("A", 43) + "=", "ciphertext": secret}}), nil},
		"not derived":          {data(fields{"data": fields{"plaintext": secret}}), seal.ErrNotDerived},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			cl := open(t, f)
			if err := cl.Ensure(t.Context(), "agr-1"); err != nil {
				t.Fatal(err)
			}
			f.mu.Lock()
			f.fault = c.fault
			f.mu.Unlock()
			key := seal.KeyName("agr-1")
			if c.want == seal.ErrNotDerived { //nolint:errorlint // a table's own entry
				key = "agr-other" // one that was not proved yet
			}
			_, _, err := cl.NewDataKey(t.Context(), key, seal.NewBinding("b"))
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			for _, sentinel := range []error{seal.ErrUnavailable, seal.ErrDenied, seal.ErrKeyUnknown, seal.ErrNotDerived, seal.ErrUnwrap} {
				if c.want == nil && errors.Is(err, sentinel) {
					t.Fatalf("%v is %v", err, sentinel)
				}
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "hvs.") {
				t.Fatalf("the error quotes the answer: %v", err)
			}
		})
	}
}

func TestLostTokenIsReplacedOnceForAll(t *testing.T) {
	f := newFake(t)
	c := open(t, f)
	if err := c.Ensure(t.Context(), "agr-1"); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.token = "another"
	f.mu.Unlock()
	var workers sync.WaitGroup
	for range 20 {
		workers.Go(func() {
			if _, _, err := c.NewDataKey(t.Context(), "agr-1", seal.NewBinding("b")); err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
	workers.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.logins != 2 {
		t.Fatalf("%d logins, want 2", f.logins)
	}
}

func TestLoginThatFails(t *testing.T) {
	f := newFake(t)
	good := config(t, f)
	for name, c := range map[string]struct {
		change func(*vaulttransit.Config)
		want   string
	}{
		"refused":           {func(*vaulttransit.Config) { f.refused = true }, "refused (status 400)"},
		"no role id file":   {func(c *vaulttransit.Config) { c.RoleIDFile = "/nonexistent" }, "role_id_file"},
		"no secret id file": {func(c *vaulttransit.Config) { c.SecretIDFile = "/nonexistent" }, "secret_id_file"},
		"empty id file":     {func(c *vaulttransit.Config) { c.SecretIDFile = os.DevNull }, "is empty"},
		"nobody there":      {func(c *vaulttransit.Config) { c.Address = "http://127.0.0.1:1" }, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := good
			c.change(&changed)
			_, err := vaulttransit.Open(t.Context(), changed, slog.New(slog.DiscardHandler))
			if !errors.Is(err, seal.ErrUnavailable) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret ID secret") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// Vault locks out who tries a refused login again and again; and then refuses
// the right one, too.
func TestARefusedLoginIsNotTriedAgain(t *testing.T) {
	f := newFake(t)
	where := config(t, f)
	c, err := vaulttransit.Open(t.Context(), where, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	login := func(id string) {
		t.Helper()
		if err := os.WriteFile(where.SecretIDFile, []byte(id), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.mu.Lock()
	f.token, f.bodies = "another", nil
	f.mu.Unlock()
	login("used up")
	for range 20 {
		if err := c.Ensure(t.Context(), "agr-1"); !errors.Is(err, seal.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
	}
	f.mu.Lock()
	tried := strings.Count(strings.Join(f.bodies, "\n"), "auth/approle/login")
	f.mu.Unlock()
	if tried != 1 {
		t.Errorf("%d logins were tried", tried)
	}
	login("secret")
	if err := c.Ensure(t.Context(), "agr-1"); err != nil {
		t.Errorf("with the right login: %v", err)
	}
}

func TestOpenNeedsALogin(t *testing.T) {
	good := config(t, newFake(t))
	for _, take := range []func(*vaulttransit.Config){
		func(c *vaulttransit.Config) { c.RoleIDFile = "" }, func(c *vaulttransit.Config) { c.SecretIDFile = "" },
	} {
		changed := good
		take(&changed)
		if _, err := vaulttransit.Open(t.Context(), changed, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "secret_id_file is missing") {
			t.Errorf("got %v", err)
		}
	}
}

// TestProbes: each tells a derived key from one that is not, and from none.
func TestProbes(t *testing.T) {
	f := newFake(t)
	if err := f.ring.Ensure(t.Context(), notDerived); err != nil {
		t.Fatal(err)
	}
	if err := open(t, f).Ensure(t.Context(), "agr-1"); err != nil {
		t.Fatal(err)
	}
	c := open(t, f)
	for name, probe := range map[string]vaulttransit.Probe{
		"sealing": c.ProveBySealing, "opening": c.ProveByOpening, "config": c.ProveByConfig,
	} {
		for key, want := range map[seal.KeyName]error{"agr-1": nil, notDerived: seal.ErrNotDerived, "agr-2": seal.ErrKeyUnknown, "../sys": seal.ErrInvalid} {
			if err := probe(t.Context(), key); !errors.Is(err, want) {
				t.Errorf("by %s, %s: %v, want %v", name, key, err, want)
			}
		}
	}
	if err := c.LogSigner("log").Check(t.Context()); err != nil {
		t.Errorf("the key of the log: %v", err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	f := newFake(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var log bytes.Buffer
	c, err := vaulttransit.Open(t.Context(), config(t, f), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	revoked := f.token == "none"
	f.mu.Unlock()
	if !revoked {
		t.Error("the token was not revoked")
	}
	if strings.Contains(log.String(), "hvs.") {
		t.Errorf("a token was logged: %s", &log)
	}
	if _, _, err := c.NewDataKey(t.Context(), "agr-1", seal.NewBinding("b")); !errors.Is(err, seal.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
	f.CloseClientConnections()
}

func TestConfigValidate(t *testing.T) {
	good := vaulttransit.Config{Address: "https://vault.example.org:8200"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*vaulttransit.Config)
		want   string
	}{
		"no address":       {func(c *vaulttransit.Config) { c.Address = "" }, "address is missing"},
		"no URL":           {func(c *vaulttransit.Config) { c.Address = "vault:8200" }, "address"},
		"with a password":  {func(c *vaulttransit.Config) { c.Address = "https://u:hunter2@v" }, "address is not the URL"},
		"http far away":    {func(c *vaulttransit.Config) { c.Address = "http://vault.example.org" }, "use https"},
		"another scheme":   {func(c *vaulttransit.Config) { c.Address = "ftp://vault.example.org" }, "use https"},
		"mount":            {func(c *vaulttransit.Config) { c.Mount = "/transit/" }, "mount is not"},
		"mount upwards":    {func(c *vaulttransit.Config) { c.Mount = "../sys" }, "mount is not"},
		"approle mount":    {func(c *vaulttransit.Config) { c.AppRoleMount = "a b" }, "approle_mount is not"},
		"timeout short":    {func(c *vaulttransit.Config) { c.Timeout = time.Millisecond }, "timeout is"},
		"timeout negative": {func(c *vaulttransit.Config) { c.Timeout = -time.Second }, "timeout is"},
	} {
		changed := good
		c.change(&changed)
		if err := changed.Validate(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, address := range []string{"http://localhost:1", "http://127.0.0.1:8200", "http://[::1]:8200/"} {
		c := good
		c.Address = address
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
