package servertest

import (
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"safeconduct/e2e/servers"
)

// VaultLogin logs in by the role as the program does, and gives a client with
// that token for requests that the program would not send.
func VaultLogin(t testing.TB, v *servers.Vault, role servers.RoleFiles) (*api.Client, *api.SecretAuth) {
	t.Helper()
	client, err := v.Client()
	if err != nil {
		t.Fatal(err)
	}
	client.ClearToken()
	halves := map[string]any{}
	for name, file := range map[string]string{"role_id": role.RoleIDFile, "secret_id": role.SecretIDFile} {
		half, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		halves[name] = strings.TrimSpace(string(half))
	}
	secret, err := client.Logical().WriteWithContext(t.Context(), "auth/approle/login", halves)
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken(secret.Auth.ClientToken)
	return client, secret.Auth
}
