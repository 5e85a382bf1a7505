package servers_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
)

func TestVault(t *testing.T) {
	private(t)
	dir := t.TempDir()
	v, err := servers.StartVault(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, dir, v.Stop) })
	client, _ := servertest.VaultLogin(t, v, v.Role)
	write(t, client, "transit/keys/agr-1", map[string]any{"derived": true})

	t.Run("role files are private", func(t *testing.T) {
		for _, path := range []string{v.Role.RoleIDFile, v.Role.SecretIDFile} {
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %v, want mode 0600", info.Mode(), err)
			}
		}
	})

	t.Run("the key of the log signs with ed25519", func(t *testing.T) {
		answer := write(t, client, "transit/sign/"+servers.LogKey, map[string]any{"input": encode("note")})
		if signature, ok := answer.Data["signature"].(string); !ok || !strings.HasPrefix(signature, "vault:v1:") {
			t.Errorf("signature is %v", answer.Data["signature"])
		}
	})

	t.Run("sealed it refuses, unsealed the same token works", func(t *testing.T) {
		if err := v.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := dataKey(t.Context(), client)
		if code := status(err); code != http.StatusServiceUnavailable {
			t.Errorf("sealed it answers %d: %v", code, err)
		}
		if err := v.Unseal(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustDataKey(t, client)
	})

	for _, fault := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"restart", v.Restart},
		{"crash and resume", func(ctx context.Context) error { return errors.Join(v.Crash(), v.Resume(ctx)) }},
	} {
		t.Run(fault.name+" keeps keys, tokens and address", func(t *testing.T) {
			if err := fault.do(t.Context()); err != nil {
				t.Fatal(err)
			}
			mustDataKey(t, client)
		})
	}

	t.Run("frozen it does not answer, thawed it does", func(t *testing.T) {
		if err := v.Freeze(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := dataKey(ctx, client); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("frozen it answers %v", err)
		}
		if err := v.Thaw(); err != nil {
			t.Fatal(err)
		}
		mustDataKey(t, client)
	})

	t.Run("a role's tokens live as long as asked", func(t *testing.T) {
		role, err := v.NewRole(t.Context(), "brief", servers.Login{Duties: servers.Duties(), TTL: 3 * time.Second, MaxTTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		_, auth := servertest.VaultLogin(t, v, role)
		if auth.LeaseDuration != 3 || !auth.Renewable {
			t.Errorf("it lives %d s, renewable %t", auth.LeaseDuration, auth.Renewable)
		}
	})

	t.Run("given by its address it is used and not stopped", func(t *testing.T) {
		t.Setenv(servers.EnvVaultAddr, v.Address)
		t.Setenv(servers.EnvVaultToken, v.Token.Reveal())
		given, err := servers.StartVault(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		other, _ := servertest.VaultLogin(t, given, given.Role)
		mustDataKey(t, other)
		for name, err := range map[string]error{"seal": given.Seal(t.Context()), "halt": given.Halt()} {
			if !errors.Is(err, servers.ErrExternal) {
				t.Errorf("%s: %v, want ErrExternal", name, err)
			}
		}
		if err := given.Stop(); err != nil {
			t.Fatal(err)
		}
		mustDataKey(t, client)
	})
}

func write(t *testing.T, client *api.Client, path string, data map[string]any) *api.Secret {
	t.Helper()
	answer, err := client.Logical().WriteWithContext(t.Context(), path, data)
	if err != nil {
		t.Fatalf("write %s: %v", path, err)
	}
	return answer
}

func dataKey(ctx context.Context, client *api.Client) (*api.Secret, error) {
	return client.Logical().WriteWithContext(ctx, "transit/datakey/plaintext/agr-1",
		map[string]any{"context": encode("instrument and transfer")})
}

func mustDataKey(t *testing.T, client *api.Client) (wrapped string) {
	t.Helper()
	answer, err := dataKey(t.Context(), client)
	if err != nil {
		t.Fatalf("data key: %v", err)
	}
	wrapped, ok := answer.Data["ciphertext"].(string)
	if !ok {
		t.Fatal("the answer holds no wrapped key")
	}
	return wrapped
}

func status(err error) int {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
