package vaulttransit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"safeconduct/transfer/seal"
)

const scheme = "vault"

// NewDataKey implements seal.KeyWrapper.
func (c *Client) NewDataKey(ctx context.Context, name seal.KeyName, b seal.Binding) (seal.DataKey, seal.Wrapped, error) {
	doing := "making a data key under " + string(name)
	a, err := c.bound(ctx, doing, "datakey/plaintext/", name, b, map[string]any{})
	if err != nil {
		return seal.DataKey{}, "", err
	}
	key, err := a.dataKey(doing)
	if err != nil {
		return seal.DataKey{}, "", err
	}
	w, err := a.wrapped(doing)
	if err != nil {
		key.Destroy()
		return seal.DataKey{}, "", err
	}
	return key, w, nil
}

// Unwrap implements seal.KeyWrapper.
func (c *Client) Unwrap(ctx context.Context, name seal.KeyName, b seal.Binding, w seal.Wrapped) (seal.DataKey, error) {
	doing := "unwrapping a data key under " + string(name)
	a, err := c.boundTo(ctx, doing, "decrypt/", name, b, w)
	if err != nil {
		return seal.DataKey{}, err
	}
	return a.dataKey(doing)
}

// Rewrap implements seal.KeyKeeper.
func (c *Client) Rewrap(ctx context.Context, name seal.KeyName, b seal.Binding, w seal.Wrapped) (seal.Wrapped, error) {
	doing := "rewrapping a data key under " + string(name)
	a, err := c.boundTo(ctx, doing, "rewrap/", name, b, w)
	if err != nil {
		return "", err
	}
	return a.wrapped(doing)
}

// boundTo does an operation on a wrapped key. What Vault refuses without saying
// that the key is missing does not open.
func (c *Client) boundTo(ctx context.Context, doing, path string, name seal.KeyName, b seal.Binding, w seal.Wrapped) (answer, error) {
	if _, _, err := w.Payload(scheme); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	a, err := c.bound(ctx, doing, path, name, b, map[string]any{"ciphertext": string(w)})
	var r *refusal
	if errors.As(err, &r) && r.kind == nil && r.status == http.StatusBadRequest {
		return nil, fmt.Errorf("%s: %w", doing, seal.ErrUnwrap)
	}
	return a, err
}

// bound does an operation under the binding, on a key that is proved derived.
func (c *Client) bound(ctx context.Context, doing, path string, name seal.KeyName, b seal.Binding, body map[string]any) (answer, error) {
	if err := name.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	if err := b.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	if !c.provedDerived(name) {
		if err := c.prove(ctx, doing, path, name, maps.Clone(body)); err != nil {
			return nil, err
		}
	}
	body["context"] = base64.StdEncoding.EncodeToString(b)
	return c.write(ctx, c.vault, doing, path+string(name), body)
}

// prove does the operation without a context. A derived key refuses it; one that
// does it is not derived, and would have ignored any binding.
func (c *Client) prove(ctx context.Context, doing, path string, name seal.KeyName, body map[string]any) error {
	_, err := c.write(ctx, c.vault, doing, path+string(name), body)
	switch {
	case err == nil:
		return fmt.Errorf("%s: %w", doing, seal.ErrNotDerived)
	case errors.Is(err, errContext):
		c.noteDerived(name)
		return nil
	}
	return err
}

func (c *Client) provedDerived(name seal.KeyName) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.derived[name]
}

func (c *Client) noteDerived(name seal.KeyName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.derived[name] = true
}
