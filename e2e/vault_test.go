package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/sealtest"
	"safeconduct/transfer/seal/vaulttransit"
)

const vaultTimeout = 3 * time.Second

// vaultClient logs in to v by role for the length of the test.
func vaultClient(t *testing.T, v *servers.Vault, role servers.RoleFiles, log *slog.Logger) *vaulttransit.Client {
	t.Helper()
	c, err := vaulttransit.Open(t.Context(), vaulttransit.Config{
		Address: v.Address, RoleIDFile: role.RoleIDFile, SecretIDFile: role.SecretIDFile, Timeout: vaultTimeout,
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return c
}

func vaultDuty(t *testing.T, v *servers.Vault, duty string) *vaulttransit.Client {
	t.Helper()
	role, err := v.DutyRole(t.Context(), duty)
	if err != nil {
		t.Fatal(err)
	}
	return vaultClient(t, v, role, slog.New(slog.DiscardHandler))
}

// vaultRoot writes to v as root.
func vaultRoot(t *testing.T, v *servers.Vault, path string, body map[string]any) map[string]any {
	t.Helper()
	c, err := v.Client()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := c.Logical().WriteWithContext(t.Context(), path, body)
	if err != nil {
		t.Fatal(err)
	}
	if secret == nil {
		return nil
	}
	return secret.Data
}

// byDuty wraps with one login and unwraps with another.
type byDuty struct{ intake, release *vaulttransit.Client }

func (d byDuty) NewDataKey(ctx context.Context, n seal.KeyName, b seal.Binding) (seal.DataKey, seal.Wrapped, error) {
	return d.intake.NewDataKey(ctx, n, b)
}

func (d byDuty) Unwrap(ctx context.Context, n seal.KeyName, b seal.Binding, w seal.Wrapped) (seal.DataKey, error) {
	return d.release.Unwrap(ctx, n, b, w)
}

func TestVaultKeys(t *testing.T) {
	v := servertest.Vault(t)
	t.Run("one login for all duties", func(t *testing.T) {
		sealtest.Run(t, func(t *testing.T) (seal.KeyWrapper, seal.KeyKeeper) {
			c := vaultClient(t, v, v.Role, slog.New(slog.DiscardHandler))
			return c, c
		})
	})
	t.Run("a login for each duty", func(t *testing.T) {
		w := byDuty{vaultDuty(t, v, "intake"), vaultDuty(t, v, "release")}
		k := vaultDuty(t, v, "keeper")
		sealtest.Run(t, func(*testing.T) (seal.KeyWrapper, seal.KeyKeeper) { return w, k })
	})
	t.Run("a key that is not derived", func(t *testing.T) {
		name := sealtest.FreshName()
		vaultRoot(t, v, "transit/keys/"+string(name), nil)
		made := vaultRoot(t, v, "transit/datakey/plaintext/"+string(name), nil)
		wrapped, ok := made["ciphertext"].(string)
		if !ok {
			t.Fatal("no data key was made")
		}
		w := byDuty{vaultDuty(t, v, "intake"), vaultDuty(t, v, "release")}
		sealtest.RunNotDerived(t, w, vaultDuty(t, v, "keeper"), name, seal.Wrapped(wrapped))
	})
	t.Run("a key that can be exported is refused", func(t *testing.T) {
		name := sealtest.FreshName()
		vaultRoot(t, v, "transit/keys/"+string(name), map[string]any{"derived": true, "exportable": true})
		if err := vaultDuty(t, v, "keeper").Ensure(t.Context(), name); !errors.Is(err, seal.ErrDenied) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("a duty does not do another's work", func(t *testing.T) {
		name, b := sealtest.FreshName(), seal.NewBinding("i", "t")
		intake, release, keeper := vaultDuty(t, v, "intake"), vaultDuty(t, v, "release"), vaultDuty(t, v, "keeper")
		if err := keeper.Ensure(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		_, w, err := intake.NewDataKey(t.Context(), name, b)
		if err != nil {
			t.Fatal(err)
		}
		for what, do := range map[string]func() error{
			"intake opens":   func() error { _, err := intake.Unwrap(t.Context(), name, b, w); return err },
			"keeper opens":   func() error { _, err := keeper.Unwrap(t.Context(), name, b, w); return err },
			"release seals":  func() error { _, _, err := release.NewDataKey(t.Context(), name, b); return err },
			"keeper seals":   func() error { _, _, err := keeper.NewDataKey(t.Context(), name, b); return err },
			"release trims":  func() error { return release.Trim(t.Context(), name, 1) },
			"intake creates": func() error { return intake.Ensure(t.Context(), sealtest.FreshName()) },
			"release signs":  func() error { _, _, err := release.LogSigner(servers.LogKey).Sign(t.Context(), nil); return err },
		} {
			if err := do(); !errors.Is(err, seal.ErrDenied) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestVaultSigner(t *testing.T) {
	v := servertest.Vault(t)
	const key = "transit/keys/" + servers.LogKey
	s := vaultDuty(t, v, "sequencer").LogSigner(servers.LogKey)
	root, err := v.Client()
	if err != nil {
		t.Fatal(err)
	}
	remake := func(t *testing.T, properties map[string]any) {
		t.Helper()
		vaultRoot(t, v, key+"/config", map[string]any{"deletion_allowed": true})
		if _, err := root.Logical().DeleteWithContext(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		vaultRoot(t, v, key, properties)
	}
	sealtest.RunSigner(t, func(t *testing.T) (seal.Signer, func(context.Context) error) {
		remake(t, map[string]any{"type": "ed25519"})
		return s, func(ctx context.Context) error {
			_, err := root.Logical().WriteWithContext(ctx, key+"/rotate", nil)
			return err
		}
	})
	for name, properties := range map[string]map[string]any{
		"a key of another type is refused": {"type": "ecdsa-p256"},
		"a derived key is refused":         {"type": "ed25519", "derived": true},
	} {
		t.Run(name, func(t *testing.T) {
			remake(t, properties)
			if _, err := s.PublicKeys(t.Context()); !errors.Is(err, seal.ErrInvalid) {
				t.Errorf("public keys: %v", err)
			}
			if _, _, err := s.Sign(t.Context(), []byte("x")); err == nil {
				t.Error("it signed")
			}
		})
	}
}

// session is a key in use, whose Vault a test then disturbs.
type session struct {
	vault  *servers.Vault
	role   servers.RoleFiles
	client *vaulttransit.Client
	events chan string
	name   seal.KeyName
}

func newSession(t *testing.T, v *servers.Vault, login servers.Login) *session {
	t.Helper()
	role, err := v.NewRole(t.Context(), "session-"+strings.ToLower(rand.Text()[:8]), login)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{vault: v, role: role, events: make(chan string, 1000), name: sealtest.FreshName()}
	s.client = vaultClient(t, v, role, slog.New(slog.NewTextHandler(lines(s.events), &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err := s.client.Ensure(t.Context(), s.name); err != nil {
		t.Fatal(err)
	}
	return s
}

type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func (s *session) await(t *testing.T, event string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case got := <-s.events:
			if strings.Contains(got, event) {
				return
			}
		case <-late:
			t.Fatalf("no event %q", event)
		}
	}
}

func (s *session) use(t *testing.T) error {
	t.Helper()
	b := seal.NewBinding("i", "t")
	_, w, err := s.client.NewDataKey(t.Context(), s.name, b)
	if err != nil {
		return err
	}
	_, err = s.client.Unwrap(t.Context(), s.name, b, w)
	return err
}

func (s *session) works(t *testing.T) {
	t.Helper()
	if err := s.use(t); err != nil {
		t.Fatal(err)
	}
}

func (s *session) isUnavailable(t *testing.T) {
	t.Helper()
	begun := time.Now()
	err := s.use(t)
	if !errors.Is(err, seal.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	if took := time.Since(begun); took > 3*vaultTimeout {
		t.Fatalf("it took %v to say so", took)
	}
	for _, file := range []string{s.role.RoleIDFile, s.role.SecretIDFile} {
		if id, rerr := os.ReadFile(file); rerr == nil && strings.Contains(err.Error(), strings.TrimSpace(string(id))) {
			t.Fatal("the error quotes the login")
		}
	}
}

func TestVaultDisturbed(t *testing.T) {
	v := servertest.Vault(t)
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	all := servers.Login{Duties: servers.Duties()}
	t.Run("sealed and unsealed", func(t *testing.T) {
		s := newSession(t, v, all)
		must(t, v.Seal(t.Context()))
		s.isUnavailable(t)
		_, err := vaulttransit.Open(t.Context(), vaulttransit.Config{
			Address: v.Address, RoleIDFile: s.role.RoleIDFile, SecretIDFile: s.role.SecretIDFile, Timeout: time.Second,
		}, slog.New(slog.DiscardHandler))
		if !errors.Is(err, seal.ErrUnavailable) {
			t.Errorf("opening: %v", err)
		}
		must(t, v.Unseal(t.Context()))
		s.works(t)
	})
	t.Run("lost and back", func(t *testing.T) {
		s := newSession(t, v, all)
		must(t, v.Crash())
		s.isUnavailable(t)
		must(t, v.Resume(t.Context()))
		s.works(t)
	})
	t.Run("hanging", func(t *testing.T) {
		s := newSession(t, v, all)
		must(t, v.Freeze())
		s.isUnavailable(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begun := time.Now()
		_, _, err := s.client.NewDataKey(ctx, s.name, seal.NewBinding("x"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 2*time.Second {
			t.Errorf("the caller's deadline: %v after %v", err, time.Since(begun))
		}
		must(t, v.Thaw())
		s.works(t)
	})
	t.Run("the token is revoked", func(t *testing.T) {
		s := newSession(t, v, all)
		s.revoke(t)
		s.works(t)
		s.await(t, "no longer knows")
	})
	t.Run("the token is used up", func(t *testing.T) {
		s := newSession(t, v, servers.Login{Duties: servers.Duties(), Uses: 4})
		for range 5 {
			s.works(t)
		}
	})
	t.Run("the token is renewed", func(t *testing.T) {
		s := newSession(t, v, servers.Login{Duties: servers.Duties(), TTL: 3 * time.Second, MaxTTL: time.Hour})
		for range 4 { // 2 s apart: longer than it lives unrenewed
			s.await(t, "was renewed")
			s.works(t)
		}
	})
	t.Run("the token reaches the end of its life", func(t *testing.T) {
		s := newSession(t, v, servers.Login{Duties: servers.Duties(), TTL: 3 * time.Second, MaxTTL: 3 * time.Second})
		for range 2 {
			s.await(t, "logged in to Vault again")
			s.works(t)
		}
	})
	t.Run("the secret id is withdrawn, then replaced", func(t *testing.T) {
		s := newSession(t, v, all)
		id, err := os.ReadFile(s.role.SecretIDFile)
		must(t, err)
		must(t, os.WriteFile(s.role.SecretIDFile, []byte("11111111-2222-3333-4444-555555555555\n"), 0o600))
		s.revoke(t)
		s.isUnavailable(t)
		must(t, os.Remove(s.role.SecretIDFile))
		s.isUnavailable(t)
		must(t, os.WriteFile(s.role.SecretIDFile, id, 0o600))
		s.works(t)
	})
}

// revoke ends all tokens of all AppRoles.
func (s *session) revoke(t *testing.T) {
	t.Helper()
	vaultRoot(t, s.vault, "sys/leases/revoke-prefix/auth/approle/login", map[string]any{"sync": true})
}
