package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"safeconduct/transfer/seal"
)

// Notary signs and opens checkpoints of one log with the key service's key.
// It remembers the public keys and asks for them again when it meets one that
// it does not know, so rotation needs no restart. Safe for concurrent use.
type Notary struct {
	origin string
	signer seal.Signer

	mu       sync.Mutex
	keys     map[int]seal.PublicKey
	verifier *Verifier
}

// NewNotary makes no call to signer. Errors wrap ErrCheckpoint.
func NewNotary(origin string, signer seal.Signer) (*Notary, error) {
	none, err := NewVerifier(origin, nil)
	if err != nil {
		return nil, err
	}
	return &Notary{origin: origin, signer: signer, verifier: none}, nil
}

// Sign returns the signed note of c. What it returns has been verified:
// a signature under another key than the key service names is an error.
// Errors wrap ErrCheckpoint, ErrForeign or ErrSignature, or are those of the
// signer.
func (n *Notary) Sign(ctx context.Context, c Checkpoint) ([]byte, error) {
	text, err := c.Marshal()
	if err != nil {
		return nil, err
	}
	signature, version, err := n.signer.Sign(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint of size %d: %w", c.Size, err)
	}
	key, err := n.key(ctx, version)
	if err != nil {
		return nil, err
	}
	verifier, err := noteVerifier(n.origin, key)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, presigned{verifier, signature})
	if err != nil {
		return nil, fmt.Errorf("%w: writing the note of size %d: %w", ErrCheckpoint, c.Size, err)
	}
	if _, _, err := n.Open(ctx, signed); err != nil {
		return nil, fmt.Errorf("checking the new checkpoint of size %d: %w", c.Size, err)
	}
	return signed, nil
}

// Open is Verifier.Open under the keys of the key service, which are asked for
// once more before a signer is called foreign. Errors are those of
// Verifier.Open, or of the signer.
func (n *Notary) Open(ctx context.Context, signed []byte) (Checkpoint, int, error) {
	n.mu.Lock()
	verifier := n.verifier
	n.mu.Unlock()
	c, version, err := verifier.Open(signed)
	if !errors.Is(err, ErrForeign) {
		return c, version, err
	}
	if verifier, err = n.refresh(ctx); err != nil {
		return Checkpoint{}, 0, err
	}
	return verifier.Open(signed)
}

func (n *Notary) key(ctx context.Context, version int) (seal.PublicKey, error) {
	n.mu.Lock()
	key, known := n.keys[version]
	n.mu.Unlock()
	if known {
		return key, nil
	}
	if _, err := n.refresh(ctx); err != nil {
		return seal.PublicKey{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if key, known = n.keys[version]; !known {
		return seal.PublicKey{}, fmt.Errorf("%w: the key service names no key version %d", ErrForeign, version)
	}
	return key, nil
}

func (n *Notary) refresh(ctx context.Context) (*Verifier, error) {
	list, err := n.signer.PublicKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the public keys of the log: %w", err)
	}
	verifier, err := NewVerifier(n.origin, list)
	if err != nil {
		return nil, err
	}
	keys := make(map[int]seal.PublicKey, len(list))
	for _, k := range list {
		keys[k.Version] = k
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys, n.verifier = keys, verifier
	return verifier, nil
}

// presigned hands note.Sign a signature that was made before: the key version,
// and so the key hash, is known only afterwards.
type presigned struct {
	note.Verifier
	signature []byte
}

func (p presigned) Sign([]byte) ([]byte, error) { return p.signature, nil }
