package vaulttransit

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/hashicorp/vault/api"

	"safeconduct/transfer/seal"
)

// ErrLoginEnded says that Vault does not know the secret id that the file holds: it ended, was destroyed, or is another
// role's. The present token lives on for a while, and is the last.
var ErrLoginEnded = errors.New("no such secret id is known to Vault: make another, and write it into secret_id_file")

var roleName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// LoginEnds tells when the secret id that its file holds now ends, as Vault says; zero where it never does. The next login
// will be by that one, whatever the last was by. It needs auth/approle/role/ROLE/secret-id/lookup, update. Errors are
// ErrLoginEnded, or those of package seal: ErrDenied without that right.
func (c *Client) LoginEnds(ctx context.Context) (time.Time, error) {
	const doing = "asking when the login to Vault ends"
	role, ok := c.session.role.Load().(string)
	if !ok || !roleName.MatchString(role) {
		return time.Time{}, malformed(doing, "role_name")
	}
	id, err := readID(c.config.SecretIDFile)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: secret_id_file: %w", doing, err)
	}
	a, err := c.call(ctx, doing, func() (*api.Secret, error) {
		return c.vault.Logical().WriteWithContext(ctx, "auth/"+c.config.AppRoleMount+"/role/"+role+"/secret-id/lookup", map[string]any{"secret_id": id})
	})
	switch {
	case errors.Is(err, seal.ErrKeyUnknown), err == nil && a == nil:
		return time.Time{}, fmt.Errorf("%s: %w", doing, ErrLoginEnded)
	case err != nil:
		return time.Time{}, err
	}
	text, err := a.text(doing, "expiration_time")
	if err != nil {
		return time.Time{}, err
	}
	end, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, malformed(doing, "expiration_time")
	}
	return end, nil // Vault writes the zero time for one that never ends
}
