package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"safeconduct/config"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/store"
	"safeconduct/transfer/blob/dirblob"
	"safeconduct/transfer/blob/s3blob"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
	"safeconduct/transfer/seal/vaulttransit"
)

// What lies in the directory of the embedded parts.
const (
	databaseFile = "safeconduct.db"
	ringFile     = "keys.json"
	objectsDir   = "objects"
	lockFile     = "gateway.lock"
)

// opened are the parts with what closes them, last opened first closed.
type opened struct {
	Parts
	logins   *logins
	prober   prober
	probedBy duty.Duty
	objects  func(ctx context.Context) error // asks the object store, as health does
	closers  []func() error
}

func (o *opened) closing(f func() error) { o.closers = append([]func() error{f}, o.closers...) }

// Close closes every part.
func (o *opened) Close() error {
	var err error
	for _, f := range o.closers {
		err = errors.Join(err, f())
	}
	o.closers = nil
	return err
}

// openParts opens the parts that the configuration names, and embedded ones
// for the rest; production has been refused any of those by Validate.
func openParts(ctx context.Context, c config.Config, log *slog.Logger) (_ *opened, err error) {
	played, err := c.Played()
	if err != nil {
		return nil, err
	}
	if err := c.SeparateLogins(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	o := &opened{logins: newLogins(played)}
	o.Parts = o.logins.parts()
	defer func() {
		if err != nil {
			err = errors.Join(err, o.Close())
		}
	}()
	if !c.UsesPostgreSQL() || !c.UsesVault() || !c.UsesS3() {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return nil, fmt.Errorf("making the directory of the embedded parts: %w", err)
		}
		// Embedded parts belong to one process.
		leave, err := Occupy(filepath.Join(c.Data, lockFile))
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", c.Data, err)
		}
		o.closing(leave)
	}
	if err := o.openStore(ctx, c); err != nil {
		return nil, err
	}
	if err := o.openKeys(ctx, c, log); err != nil {
		return nil, err
	}
	if err := o.openBlobs(ctx, c, log); err != nil {
		return nil, err
	}
	if c.Profile == config.Production {
		if err := o.checkKeys(ctx, log); err != nil {
			return nil, bootstrapFirst(ctx, o.Store, err)
		}
	}
	return o, nil
}

func (o *opened) openStore(ctx context.Context, c config.Config) error {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	o.Store = s
	o.closing(s.Close)
	if s.Engine() == store.SQLite {
		// There is nobody to migrate it but its one user.
		_, err = s.Migrate(ctx)
		return err
	}
	return s.CheckSchema(ctx)
}

func openStore(ctx context.Context, c config.Config) (*store.Store, error) {
	opts := store.Options{Now: time.Now, NewID: NewID, Random: rand.Reader}
	if !c.UsesPostgreSQL() {
		return store.OpenSQLite(ctx, filepath.Join(c.Data, databaseFile), opts)
	}
	dsn, err := c.Database.DSN()
	if err != nil {
		return nil, err
	}
	if c.Profile == config.Production {
		if err := checkDatabaseTransport(dsn); err != nil {
			return nil, err
		}
	}
	return store.OpenPostgres(ctx, dsn.Reveal(), opts)
}

func (o *opened) openKeys(ctx context.Context, c config.Config, log *slog.Logger) error {
	if !c.UsesVault() {
		ring, err := localkeys.Open(filepath.Join(c.Data, ringFile))
		if err != nil {
			return err
		}
		for _, d := range o.logins.played {
			o.logins.set(d, func(l *login) { l.keys, l.keeper, l.signer = ring, ring, ring.LogSigner() })
		}
		return nil
	}
	for _, d := range o.logins.played {
		vault, err := openVault(ctx, c, d, log)
		if err != nil {
			return err
		}
		o.closing(vault.Close)
		signer := vault.LogSigner(seal.KeyName(c.Log.VaultKey))
		o.logins.set(d, func(l *login) { l.keys, l.keeper, l.signer = vault, vault, signer })
		if o.probedBy == "" || better(d, o.probedBy) {
			o.prober, o.probedBy = proberOf(d, vault, signer), d
		}
	}
	return nil
}

// openVault logs in as a duty.
func openVault(ctx context.Context, c config.Config, d duty.Duty, log *slog.Logger) (*vaulttransit.Client, error) {
	of := c.Duties.Of(d)
	c.Vault.RoleIDFile, c.Vault.SecretIDFile = of.RoleIDFile, of.SecretIDFile
	vault, err := vaulttransit.Open(ctx, c.Vault, log.With("duty", string(d)))
	if err != nil {
		return nil, fmt.Errorf("duty %s: %w", d, err)
	}
	return vault, nil
}

func (o *opened) openBlobs(ctx context.Context, c config.Config, log *slog.Logger) error {
	if !c.UsesS3() {
		dir, err := dirblob.Open(filepath.Join(c.Data, objectsDir))
		if err != nil {
			return err
		}
		o.closing(dir.Close)
		o.objects = func(ctx context.Context) error { return answers(ctx, dir) }
		for _, d := range o.logins.played {
			o.logins.set(d, func(l *login) { l.blobs = dir })
		}
		return nil
	}
	o.objects = func(context.Context) error { return nil }
	var asks duty.Duty
	for _, d := range o.logins.played {
		if d == duty.Sequencer {
			continue // it has no object to touch
		}
		of := c.Duties.Of(d)
		c.S3.AccessKeyFile, c.S3.SecretKeyFile = of.S3AccessKeyFile, of.S3SecretKeyFile
		c.S3.Lists = d == duty.Keeper
		bucket, err := s3blob.Open(ctx, c.S3, log.With("duty", string(d)))
		if err != nil {
			return fmt.Errorf("duty %s: %w", d, err)
		}
		o.closing(bucket.Close)
		if asks == "" || sees(d, asks) {
			o.objects, asks = bucket.Check, d
		}
		o.logins.set(d, func(l *login) { l.blobs = bucket })
	}
	return nil
}

// sees reports whether the rights of a tell more of the bucket than those of b: who may list knows, who may get is told
// where there is none, and who may only put learns it by putting.
func sees(a, b duty.Duty) bool {
	rank := map[duty.Duty]int{duty.Keeper: 3, duty.Release: 2, duty.Intake: 1}
	return rank[a] > rank[b]
}

// Migrate brings the configured database to the newest schema.
func Migrate(ctx context.Context, c config.Config) (version int64, err error) {
	if !c.UsesPostgreSQL() {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return 0, fmt.Errorf("making the directory of the embedded parts: %w", err)
		}
	}
	s, err := openStore(ctx, c)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Migrate(ctx)
}
