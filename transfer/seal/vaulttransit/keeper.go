package vaulttransit

import (
	"context"
	"fmt"

	"safeconduct/transfer/seal"
)

const keyType = "aes256-gcm96" // Vault's default, so that Ensure need not send it

// Ensure implements seal.KeyKeeper. A key that exists must also be of the type
// that Ensure creates, not exportable and not open to plaintext backup: else it
// could leave Vault.
func (c *Client) Ensure(ctx context.Context, name seal.KeyName) error {
	doing := "ensuring key " + string(name)
	if err := name.Validate(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	a, err := c.write(ctx, c.vault, doing, "keys/"+string(name), map[string]any{"derived": true})
	if err != nil {
		return err
	}
	if err := proper(doing, a); err != nil {
		return err
	}
	c.noteDerived(name)
	return nil
}

// Rotate implements seal.KeyKeeper. It also raises min_encryption_version, so
// that nothing is wrapped under an older version any more. It is not repeated
// when it fails; a Rotate that failed may have added a version, which does no
// harm.
func (c *Client) Rotate(ctx context.Context, name seal.KeyName) (int, error) {
	doing := "rotating key " + string(name)
	if err := name.Validate(); err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	a, err := c.write(ctx, c.once, doing, "keys/"+string(name)+"/rotate", nil)
	if err != nil {
		return 0, err
	}
	version, err := a.number(doing, "latest_version")
	if err != nil {
		return 0, err
	}
	_, err = c.write(ctx, c.vault, doing, "keys/"+string(name)+"/config", map[string]any{"min_encryption_version": version})
	return version, err
}

// Trim implements seal.KeyKeeper. From its first step on, older versions no
// longer unwrap; from its last on, Vault no longer holds them.
func (c *Client) Trim(ctx context.Context, name seal.KeyName, minVersion int) error {
	doing := "trimming key " + string(name)
	if err := name.Validate(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	// To change nothing is answered with the key as it is. Reading it would need
	// a right that a policy with required parameters cannot give on that path.
	a, err := c.write(ctx, c.vault, doing, "keys/"+string(name)+"/config", nil)
	if err != nil {
		return err
	}
	var versions [4]int
	for i, field := range []string{"latest_version", "min_available_version", "min_decryption_version", "min_encryption_version"} {
		if versions[i], err = a.number(doing, field); err != nil {
			return err
		}
	}
	latest, available, decryption, encryption := versions[0], versions[1], versions[2], versions[3]
	switch {
	case minVersion < 1 || minVersion > latest:
		return fmt.Errorf("%s below version %d (the newest is %d): %w", doing, minVersion, latest, seal.ErrInvalid)
	case minVersion <= max(available, 1):
		return nil
	}
	// Never lowered: that would bring versions back.
	_, err = c.write(ctx, c.vault, doing, "keys/"+string(name)+"/config", map[string]any{
		"min_decryption_version": max(minVersion, decryption),
		"min_encryption_version": max(minVersion, encryption),
	})
	if err != nil {
		return err
	}
	_, err = c.write(ctx, c.vault, doing, "keys/"+string(name)+"/trim", map[string]any{"min_available_version": minVersion})
	return err
}
