package sealtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"sync"
	"testing"

	"safeconduct/transfer/seal"
)

// RunSigner checks a signer. Open returns one whose key is at version 1, and a
// way to rotate that key.
func RunSigner(t *testing.T, open func(t *testing.T) (s seal.Signer, rotate func(context.Context) error)) {
	t.Helper()
	t.Run("it signs the raw message", func(t *testing.T) {
		s, _ := open(t)
		for _, message := range [][]byte{nil, []byte("x"), []byte("log\n1\nroot\n"), bytes.Repeat([]byte("long"), 10_000)} {
			signs(t, s, message, 1)
		}
	})
	t.Run("it signs across rotation", func(t *testing.T) {
		s, rotate := open(t)
		message := []byte("log\n1\nroot\n")
		before, version, err := s.Sign(t.Context(), message)
		wantErr(t, err, nil)
		for want := 2; want <= 3; want++ {
			wantErr(t, rotate(t.Context()), nil)
			signs(t, s, message, want)
		}
		if !ed25519.Verify(keyOf(t, s, version), message, before) {
			t.Fatal("the first version's signature no longer verifies")
		}
		keys, err := s.PublicKeys(t.Context())
		wantErr(t, err, nil)
		for i, k := range keys {
			if k.Version != i+1 {
				t.Fatalf("key %d is version %d", i, k.Version)
			}
		}
		if len(keys) != 3 || keys[0].Key.Equal(keys[1].Key) || keys[1].Key.Equal(keys[2].Key) {
			t.Fatalf("%d keys, or two alike", len(keys))
		}
	})
	t.Run("many sign at once", func(t *testing.T) {
		s, _ := open(t)
		key := keyOf(t, s, 1)
		var workers sync.WaitGroup
		for i := range 8 {
			workers.Go(func() {
				message := []byte{byte(i)}
				signature, _, err := s.Sign(t.Context(), message)
				if err != nil || !ed25519.Verify(key, message, signature) {
					t.Errorf("signing: %v, or a signature that does not verify", err)
				}
			})
		}
		workers.Wait()
	})
	t.Run("a cancelled context ends it at once", func(t *testing.T) {
		s, _ := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := s.Sign(ctx, []byte("x"))
		wantErr(t, err, context.Canceled)
		_, err = s.PublicKeys(ctx)
		wantErr(t, err, context.Canceled)
	})
}

func signs(t *testing.T, s seal.Signer, message []byte, want int) {
	t.Helper()
	signature, version, err := s.Sign(t.Context(), message)
	wantErr(t, err, nil)
	if version != want {
		t.Fatalf("signed with version %d, want %d", version, want)
	}
	key := keyOf(t, s, version)
	if !ed25519.Verify(key, message, signature) {
		t.Fatal("the signature does not verify")
	}
	if ed25519.Verify(key, append(bytes.Clone(message), 0), signature) {
		t.Fatal("the signature verifies another message")
	}
}

func keyOf(t *testing.T, s seal.Signer, version int) ed25519.PublicKey {
	t.Helper()
	keys, err := s.PublicKeys(t.Context())
	wantErr(t, err, nil)
	for _, k := range keys {
		if k.Version == version {
			return k.Key
		}
	}
	t.Fatalf("no public key of version %d among %d", version, len(keys))
	return nil
}
