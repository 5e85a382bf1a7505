package consent

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/seal"
)

// CaseKey is the wrapped key of one mission for its case numbers.
type CaseKey struct {
	Mission string
	Name    seal.KeyName
	Wrapped seal.Wrapped
}

// KeyPrefix begins the name of every mission's transit key, and of no other: the
// key service's policies tell them apart by it.
const KeyPrefix = "mis-"

// KeyOf is the name of the transit key of a mission.
func KeyOf(mission string) seal.KeyName { return seal.KeyName(KeyPrefix + mission) }

// MissionKeys lets the register of missions make the transit key of a new one.
type MissionKeys struct{ Keeper seal.KeyKeeper }

// EnsureKey makes the derived key of the mission if there is none.
func (k MissionKeys) EnsureKey(ctx context.Context, mission string) error {
	return k.Keeper.Ensure(ctx, KeyOf(mission))
}

var _ people.MissionKeys = MissionKeys{}

// CaseKeyTx keeps the wrapped keys.
type CaseKeyTx interface {
	evidence.Recorder
	people.MissionTx
	MissionKey(ctx context.Context, mission string) (CaseKey, error)
	AddMissionKey(ctx context.Context, k CaseKey) error
	// HasSubjects reports whether the mission has any subject.
	HasSubjects(ctx context.Context, mission string) (bool, error)
}

// ErrKeyLost says that the mission's key is gone while its subjects are there.
// With another key they would be unknown people, and their refusals with them.
var ErrKeyLost = errors.New("the key of the mission for case numbers is gone: restore it from a backup; no new one is made")

// CaseKeys hashes and seals case numbers under a key per mission, unwrapped
// into memory at first use. Without the key service a stolen database tells no
// case number, nor can one be guessed and tried.
type CaseKeys struct {
	wrapper seal.KeyWrapper
	store   evidence.Store[CaseKeyTx]
	random  io.Reader
	mu      sync.Mutex
	open    map[string]openKey
}

type openKey struct{ hash, seal []byte }

// NewCaseKeys makes it.
func NewCaseKeys(wrapper seal.KeyWrapper, store evidence.Store[CaseKeyTx], random io.Reader) *CaseKeys {
	return &CaseKeys{wrapper: wrapper, store: store, random: random, open: map[string]openKey{}}
}

// Of implements References.
func (k *CaseKeys) Of(ctx context.Context, mission string, cases []string) ([]string, func(string, string) ([]byte, error), error) {
	key, err := k.key(ctx, mission)
	if err != nil {
		return nil, nil, err
	}
	hashes := make([]string, len(cases))
	mac := hmac.New(sha256.New, key.hash)
	for i, c := range cases {
		mac.Reset()
		mac.Write([]byte(c))
		hashes[i] = hex.EncodeToString(mac.Sum(nil))
	}
	block, err := aes.NewCipher(key.seal)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing to seal case numbers: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing to seal case numbers: %w", err)
	}
	return hashes, func(number, subject string) ([]byte, error) {
		nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(number)+aead.Overhead())
		if _, err := io.ReadFull(k.random, nonce); err != nil {
			return nil, fmt.Errorf("drawing a nonce: %w", err)
		}
		return aead.Seal(nonce, nonce, []byte(number), []byte(subject)), nil
	}, nil
}

func (k *CaseKeys) key(ctx context.Context, mission string) (openKey, error) {
	k.mu.Lock()
	known, ok := k.open[mission]
	k.mu.Unlock()
	if ok {
		return known, nil
	}
	row, err := k.row(ctx, mission)
	if err != nil {
		return openKey{}, err
	}
	raw, err := k.wrapper.Unwrap(ctx, row.Name, seal.NewBinding("mission", mission), row.Wrapped)
	if err != nil {
		return openKey{}, fmt.Errorf("unwrapping the key of the mission: %w", err)
	}
	defer raw.Destroy()
	var fresh openKey
	for info, dst := range map[string]*[]byte{"safeconduct/case-hash": &fresh.hash, "safeconduct/case-seal": &fresh.seal} {
		if *dst, err = hkdf.Key(sha256.New, raw.Bytes(), nil, info, 32); err != nil {
			return openKey{}, fmt.Errorf("deriving the key of the mission: %w", err)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open[mission] = fresh
	return fresh, nil
}

// row answers with the wrapped key, making it where there is none: under the
// transit key that was made with the mission, since whoever takes data in may
// make no transit key. Of two who make it at once the first wins.
func (k *CaseKeys) row(ctx context.Context, mission string) (CaseKey, error) {
	row, err := k.read(ctx, mission)
	if !errors.Is(err, evidence.ErrNotFound) {
		return row, err
	}
	if err := k.store.View(ctx, func(tx CaseKeyTx) error {
		if _, err := tx.Mission(ctx, mission); err != nil {
			return err
		}
		known, err := tx.HasSubjects(ctx, mission)
		if known {
			err = errors.Join(err, ErrKeyLost)
		}
		return err
	}); err != nil {
		return CaseKey{}, err
	}
	name := KeyOf(mission)
	raw, wrapped, err := k.wrapper.NewDataKey(ctx, name, seal.NewBinding("mission", mission))
	if err != nil {
		return CaseKey{}, fmt.Errorf("making the key of the mission: %w", err)
	}
	raw.Destroy()
	_, err = k.store.Update(ctx, func(tx CaseKeyTx) error {
		return tx.AddMissionKey(ctx, CaseKey{Mission: mission, Name: name, Wrapped: wrapped})
	})
	if err != nil && !errors.Is(err, evidence.ErrExists) {
		return CaseKey{}, err
	}
	return k.read(ctx, mission)
}

func (k *CaseKeys) read(ctx context.Context, mission string) (CaseKey, error) {
	var row CaseKey
	err := k.store.View(ctx, func(tx CaseKeyTx) (err error) { row, err = tx.MissionKey(ctx, mission); return err })
	return row, err
}
