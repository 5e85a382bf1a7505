package e2e

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/duty"
	"safeconduct/transfer/seal/vaulttransit"
)

// TestVaultLoginEnds: each duty learns from Vault, by its own policy, when the secret id in its file ends (R50).
func TestVaultLoginEnds(t *testing.T) {
	v := servertest.Vault(t)
	role, err := v.DutyRole(t.Context(), string(duty.Release))
	if err != nil {
		t.Fatal(err)
	}
	client := vaultClient(t, v, role, slog.New(slog.DiscardHandler))
	if end, err := client.LoginEnds(t.Context()); err != nil || !end.IsZero() {
		t.Errorf("one that never ends: %v, %v", end, err)
	}
	made := vaultRoot(t, v, "auth/approle/role/safeconduct-release/secret-id", map[string]any{"ttl": "240h"})
	secret, ok := made["secret_id"].(string)
	if !ok {
		t.Fatal("no secret id was made")
	}
	if err := os.WriteFile(role.SecretIDFile, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	end, err := client.LoginEnds(t.Context())
	if left := time.Until(end); err != nil || left < 239*time.Hour || left > 240*time.Hour {
		t.Errorf("one that ends in ten days: %v, %v", end, err)
	}
	vaultRoot(t, v, "auth/approle/role/safeconduct-release/secret-id/destroy", map[string]any{"secret_id": secret})
	if _, err := client.LoginEnds(t.Context()); !errors.Is(err, vaulttransit.ErrLoginEnded) {
		t.Errorf("one that was destroyed: %v", err)
	}
}

var loginGauge = regexp.MustCompile(`(?m)^safeconduct_vault_login_expiry_seconds\{safeconduct_duty="([a-z]+)"\} (\S+)$`)

// TestLoginEndsIsTold: a process tells the end of the login of each duty that it plays, before anything fails (R50, R55).
func TestLoginEndsIsTold(t *testing.T) {
	p := newPlant(t)
	for _, d := range duty.Names() {
		made := vaultRoot(t, p.Servers.Vault, "auth/approle/role/safeconduct-"+d+"/secret-id", map[string]any{"ttl": "240h"})
		secret, ok := made["secret_id"].(string)
		if !ok {
			t.Fatal("no secret id was made")
		}
		if err := os.WriteFile(p.Logins[d].SecretIDFile, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.migrate()
	a, log := openApp(t, p.System, duty.Names()...)
	rec := httptest.NewRecorder()
	a.Telemetry.Metrics().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var told []string
	for _, m := range loginGauge.FindAllStringSubmatch(rec.Body.String(), -1) {
		left, err := strconv.ParseFloat(m[2], 64)
		if err != nil || left < 239*3600 || left > 240*3600 {
			t.Errorf("%s: %s, %v", m[1], m[2], err)
		}
		told = append(told, m[1])
	}
	if want := slices.Sorted(slices.Values(duty.Names())); !slices.Equal(slices.Sorted(slices.Values(told)), want) || strings.Contains(log.String(), "cannot be told") {
		t.Errorf("told of %v\n%s", told, log)
	}
}
