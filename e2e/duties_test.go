package e2e

import (
	"encoding/base64"
	"errors"
	"net/http"
	"testing"

	"github.com/hashicorp/vault/api"

	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/duty"
)

// right is one thing that can be asked of Vault, and the duties that may.
type right struct {
	name   string
	method string // of the API; write where it is empty
	path   string
	body   map[string]any
	of     []duty.Duty
}

// nobody holds of what no duty may.
var nobody []duty.Duty // empty, never written

const boundTo = "aW5zdHJ1bWVudCBhbmQgdHJhbnNmZXI=" // base64

// rights lists every right of every duty, and what nobody may; wrapped has a data key under each key.
func rights(wrapped map[string]string) []right {
	all := duty.All()
	intake, release, keeper, sequencer := []duty.Duty{duty.Intake}, []duty.Duty{duty.Release}, []duty.Duty{duty.Keeper}, []duty.Duty{duty.Sequencer}
	with := func(key string) map[string]any { return map[string]any{"context": boundTo, "ciphertext": wrapped[key]} }
	derived := map[string]any{"derived": true}
	asking := map[string]any{"secret_id": boundTo}
	return []right{
		{"a data key for a payload", "", "transit/datakey/plaintext/agr-1", map[string]any{"context": boundTo}, intake},
		{"a data key for a mission", "", "transit/datakey/plaintext/mis-1", map[string]any{"context": boundTo}, intake},
		{"opens a mission's key", "", "transit/decrypt/mis-1", with("mis-1"), intake},
		{"opens a payload's key", "", "transit/decrypt/agr-1", with("agr-1"), release},
		{"makes a derived key", "", "transit/keys/agr-2", derived, keeper},
		{"rotates", "", "transit/keys/agr-1/rotate", nil, keeper},
		{"rewraps", "", "transit/rewrap/agr-1", with("agr-1"), keeper},
		{"raises the version to encrypt with", "", "transit/keys/agr-1/config", map[string]any{"min_encryption_version": 2}, keeper},
		{"raises the version to decrypt", "", "transit/keys/agr-1/config", map[string]any{"min_decryption_version": 2}, keeper},
		{"trims", "", "transit/keys/agr-1/trim", map[string]any{"min_available_version": 2}, keeper},
		{"sees that a key is derived", "", "transit/keys/agr-1/config", nil, keeper},
		{"signs a checkpoint", "", "transit/sign/safeconduct-log", map[string]any{"input": boundTo}, sequencer},

		{"unwraps the key of rows", "", "transit/decrypt/safeconduct-authority", with("safeconduct-authority"), all},
		{"reads the public keys of the log", http.MethodGet, "transit/keys/safeconduct-log", nil, all},
		{"renews its token", "", "auth/token/renew-self", nil, all},
		{"learns when intake's secret id ends", "", "auth/approle/role/safeconduct-intake/secret-id/lookup", asking, intake},
		{"learns when release's secret id ends", "", "auth/approle/role/safeconduct-release/secret-id/lookup", asking, release},
		{"learns when keeper's secret id ends", "", "auth/approle/role/safeconduct-keeper/secret-id/lookup", asking, keeper},
		{"learns when sequencer's secret id ends", "", "auth/approle/role/safeconduct-sequencer/secret-id/lookup", asking, sequencer},

		{"makes a key exportable", "", "transit/keys/agr-1/config", map[string]any{"exportable": true}, nobody},
		{"lets a key be backed up in plain", "", "transit/keys/agr-1/config", map[string]any{"allow_plaintext_backup": true}, nobody},
		{"lets a key be deleted", "", "transit/keys/agr-1/config", map[string]any{"deletion_allowed": true}, nobody},
		{"deletes a key", http.MethodDelete, "transit/keys/agr-1", nil, nobody},
		{"makes a key that is not derived", "", "transit/keys/agr-3", nil, nobody},
		{"makes one that says so", "", "transit/keys/agr-3", map[string]any{"derived": false}, nobody},
		{"makes an exportable key", "", "transit/keys/agr-3", map[string]any{"derived": true, "exportable": true}, nobody},
		{"makes a key that can be backed up in plain", "", "transit/keys/agr-3", map[string]any{"derived": true, "allow_plaintext_backup": true}, nobody},
		{"makes a signing key", "", "transit/keys/agr-3", map[string]any{"derived": true, "type": "ed25519"}, nobody},
		{"makes the key of the log anew", "", "transit/keys/safeconduct-log", derived, nobody},
		{"rotates the key of the log", "", "transit/keys/safeconduct-log/rotate", nil, nobody},
		{"trims the key of the log", "", "transit/keys/safeconduct-log/trim", map[string]any{"min_available_version": 1}, nobody},
		{"configures the key of the log", "", "transit/keys/safeconduct-log/config", map[string]any{"min_decryption_version": 1}, nobody},
		{"encrypts", "", "transit/encrypt/agr-1", map[string]any{"context": boundTo, "plaintext": boundTo}, nobody},
		{"encrypts, which makes a key", "", "transit/encrypt/agr-3", map[string]any{"plaintext": boundTo}, nobody},
		{"exports", http.MethodGet, "transit/export/encryption-key/agr-1", nil, nobody},
		{"exports the log's", http.MethodGet, "transit/export/signing-key/safeconduct-log", nil, nobody},
		{"backs up", http.MethodGet, "transit/backup/agr-1", nil, nobody},
		{"restores", "", "transit/restore/agr-3", map[string]any{"backup": boundTo}, nobody},
		{"imports", "", "transit/keys/agr-3/import", map[string]any{"ciphertext": boundTo}, nobody},
		{"reads a key", http.MethodGet, "transit/keys/agr-1", nil, nobody},
		{"lists keys", "LIST", "transit/keys", nil, nobody},
		{"wraps a data key for elsewhere", "", "transit/datakey/wrapped/agr-1", map[string]any{"context": boundTo}, nobody},
		{"signs with a payload's key", "", "transit/sign/agr-1", map[string]any{"input": boundTo}, nobody},
		{"computes a MAC", "", "transit/hmac/agr-1", map[string]any{"input": boundTo}, nobody},
		{"reads a policy", http.MethodGet, "sys/policies/acl/safeconduct-keeper", nil, nobody},
		{"writes a policy", http.MethodPut, "sys/policies/acl/safeconduct-intake", map[string]any{"policy": ""}, nobody},
		{"writes a policy the old way", http.MethodPut, "sys/policy/safeconduct-intake", map[string]any{"policy": ""}, nobody},
		{"reads a role", http.MethodGet, "auth/approle/role/safeconduct-release/role-id", nil, nobody},
		{"makes a secret id", "", "auth/approle/role/safeconduct-release/secret-id", nil, nobody},
		{"destroys a secret id", "", "auth/approle/role/safeconduct-release/secret-id/destroy", asking, nobody},
		{"lists secret ids", "LIST", "auth/approle/role/safeconduct-release/secret-id", nil, nobody},
		{"looks a secret id up by its accessor", "", "auth/approle/role/safeconduct-release/secret-id-accessor/lookup", map[string]any{"secret_id_accessor": boundTo}, nobody},
		{"makes a token", "", "auth/token/create", nil, nobody},
		{"mounts", "", "sys/mounts/elsewhere", map[string]any{"type": "transit"}, nobody},
		{"tunes the mount", "", "sys/mounts/transit/tune", map[string]any{"description": "x"}, nobody},
	}
}

// TestVaultRights: each duty's own credential against every right of every other (R49, R50).
func TestVaultRights(t *testing.T) {
	v := servertest.Vault(t)
	wrapped := map[string]string{}
	for _, key := range []string{"agr-1", "mis-1", "safeconduct-authority"} {
		vaultRoot(t, v, "transit/keys/"+key, map[string]any{"derived": true})
		made := vaultRoot(t, v, "transit/datakey/plaintext/"+key, map[string]any{"context": boundTo})
		text, ok := made["ciphertext"].(string)
		if !ok {
			t.Fatal("no data key was made")
		}
		wrapped[key] = text
	}
	for _, d := range duty.All() {
		role, err := v.DutyRole(t.Context(), string(d))
		if err != nil {
			t.Fatal(err)
		}
		client, _ := servertest.VaultLogin(t, v, role)
		held, refused := 0, 0
		for _, r := range rights(wrapped) {
			may := duty.Set(r.of).Has(d)
			word := map[bool]string{true: "may", false: "may not"}[may]
			t.Run("R49 "+string(d)+" "+word+": "+r.name, func(t *testing.T) {
				err := askVault(t, client, r)
				denied := false
				var answer *api.ResponseError
				if errors.As(err, &answer) {
					denied = answer.StatusCode == http.StatusForbidden
				}
				if may && err != nil {
					t.Errorf("it is refused: %v", err)
				}
				if !may && !denied {
					t.Errorf("it is not refused: %v", err)
				}
			})
			if may {
				held++
			} else {
				refused++
			}
		}
		t.Logf("%s: %d rights held, %d refused", d, held, refused)
	}
}

func askVault(t *testing.T, client *api.Client, r right) error {
	t.Helper()
	var err error
	switch r.method {
	case http.MethodGet:
		_, err = client.Logical().ReadWithContext(t.Context(), r.path)
	case "LIST":
		_, err = client.Logical().ListWithContext(t.Context(), r.path)
	case http.MethodDelete:
		_, err = client.Logical().DeleteWithContext(t.Context(), r.path)
	default:
		_, err = client.Logical().WriteWithContext(t.Context(), r.path, r.body)
	}
	return err
}

func TestBoundToIsWhatItSays(t *testing.T) {
	t.Parallel()
	if b, err := base64.StdEncoding.DecodeString(boundTo); err != nil || string(b) != "instrument and transfer" {
		t.Errorf("%q, %v", b, err)
	}
}
