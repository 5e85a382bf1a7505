package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"safeconduct/config"
	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
)

// CaveatEmbedded is said of every log whose keys lie beside it.
const CaveatEmbedded = "An embedded log proves nothing against the owner of its folder, who holds the key that signs it."

// VerifyLog verifies the log of the configured store; nothing is written. kept
// is a checkpoint kept elsewhere, or nil.
func VerifyLog(ctx context.Context, c config.Config, kept []byte, log *slog.Logger) (_ store.Verification, err error) {
	if !c.UsesPostgreSQL() && !c.UsesVault() {
		return VerifyFolder(ctx, c.Data, c.Log.Origin, kept)
	}
	s, err := openStore(ctx, c)
	if err != nil {
		return store.Verification{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	keys, err := LogKeys(ctx, c, false, log)
	if err != nil {
		return store.Verification{}, fmt.Errorf("reading the keys of the log: %w", err)
	}
	v, err := s.Verify(ctx, keys, c.Log.Origin, kept)
	if !c.UsesVault() {
		v.Caveats = append(v.Caveats, CaveatEmbedded)
	}
	return v, err
}

// LogKeys are the public keys of the log: of the configured key service, or of
// the embedded system in the folder of the data.
func LogKeys(ctx context.Context, c config.Config, folder bool, log *slog.Logger) (_ []seal.PublicKey, err error) {
	if folder || !c.UsesVault() {
		return localkeys.PublicKeysOf(filepath.Join(c.Data, ringFile))
	}
	played, err := c.Played()
	if err != nil {
		return nil, err
	}
	vault, err := openVault(ctx, c, played[0], log) // every duty may read them
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, vault.Close()) }()
	return vault.LogSigner(seal.KeyName(c.Log.VaultKey)).PublicKeys(ctx)
}

// VerifyFolder verifies the log of an embedded system by its folder: moved,
// copied or read-only.
func VerifyFolder(ctx context.Context, dir, origin string, kept []byte) (_ store.Verification, err error) {
	return VerifyDatabase(ctx, filepath.Join(dir, databaseFile), filepath.Join(dir, ringFile), origin, kept)
}

// VerifyDatabase is VerifyFolder with the two files apart, as for a copy of the
// database beside the folder.
func VerifyDatabase(ctx context.Context, database, ring, origin string, kept []byte) (_ store.Verification, err error) {
	keys, err := localkeys.PublicKeysOf(ring)
	if err != nil {
		return store.Verification{}, fmt.Errorf("reading the keys of the log: %w", err)
	}
	s, err := store.OpenSQLiteReadOnly(ctx, database)
	if err != nil {
		return store.Verification{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	v, err := s.Verify(ctx, keys, origin, kept)
	v.Caveats = append(v.Caveats, CaveatEmbedded)
	return v, err
}
