package vaulttransit

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"safeconduct/transfer/seal"
)

// Probe proves, with one right that a process has anyway, that a key is
// derived, so that a process can refuse to start on one that is not. Nothing is
// made, changed or opened by it. Errors: seal.ErrNotDerived, seal.ErrKeyUnknown,
// seal.ErrDenied, seal.ErrUnavailable.
type Probe func(ctx context.Context, name seal.KeyName) error

// ProveBySealing needs datakey/plaintext/NAME. A key that is not derived makes a
// data key, which is dropped.
func (c *Client) ProveBySealing(ctx context.Context, name seal.KeyName) error {
	return c.proveOnce(ctx, "datakey/plaintext/", name, map[string]any{})
}

// noData is well-formed, of the first version of a key, and opens under none.
func noData() seal.Wrapped { return seal.NewWrapped(scheme, 1, make([]byte, 64)) }

// ProveByOpening needs decrypt/NAME. Of a key whose first version may no longer
// be used it cannot tell, and answers nil: the first real use proves it, since
// no operation is done on a key before.
func (c *Client) ProveByOpening(ctx context.Context, name seal.KeyName) error {
	err := c.proveOnce(ctx, "decrypt/", name, map[string]any{"ciphertext": string(noData())})
	var r *refusal
	switch {
	case errors.Is(err, errTooOld):
		return nil
	case errors.As(err, &r) && r.kind == nil && r.status == http.StatusBadRequest:
		// It was tried without a context, and did not open.
		return fmt.Errorf("proving key %s: %w", name, seal.ErrNotDerived)
	}
	return err
}

// ProveByConfig needs keys/NAME/config, and sees more than the other two: the
// key must also be of the type that Ensure makes, and unable to leave Vault.
func (c *Client) ProveByConfig(ctx context.Context, name seal.KeyName) error {
	doing := "proving key " + string(name)
	if err := name.Validate(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	// To change nothing is answered with the key as it is.
	a, err := c.write(ctx, c.vault, doing, "keys/"+string(name)+"/config", nil)
	if err != nil {
		return err
	}
	if err := proper(doing, a); err != nil {
		return err
	}
	c.noteDerived(name)
	return nil
}

func (c *Client) proveOnce(ctx context.Context, path string, name seal.KeyName, body map[string]any) error {
	doing := "proving key " + string(name)
	if err := name.Validate(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return c.prove(ctx, doing, path, name, body)
}

// proper refuses a key that is not as Ensure makes it.
func proper(doing string, a answer) error {
	// A Vault too old to describe a key is refused here too.
	if !a.flag("derived") {
		return fmt.Errorf("%s: %w", doing, seal.ErrNotDerived)
	}
	if a["type"] != keyType || a.flag("exportable") || a.flag("allow_plaintext_backup") {
		return fmt.Errorf("%s: the key exists, and is of another type or can be taken out of Vault: %w", doing, seal.ErrDenied)
	}
	return nil
}

// Check reads the log's key, which must be ed25519, not derived, and unable to
// leave Vault.
func (s *LogSigner) Check(ctx context.Context) error {
	if _, err := s.PublicKeys(ctx); err != nil {
		return err
	}
	doing := "checking key " + string(s.name)
	a, err := s.client.read(ctx, doing, "keys/"+string(s.name))
	if err != nil {
		return err
	}
	if a.flag("exportable") || a.flag("allow_plaintext_backup") {
		return fmt.Errorf("%s: it can be taken out of Vault: %w", doing, seal.ErrInvalid)
	}
	return nil
}
