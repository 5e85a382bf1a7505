package servers

import (
	"context"
	"errors"
	"fmt"
)

// All is one server of each kind.
type All struct {
	Postgres *Postgres
	Vault    *Vault
	MinIO    *S3
}

// StartAll starts PostgreSQL, Vault and MinIO below dir (os.TempDir() if empty),
// or takes those that the environment names. If one fails, none is left running.
func StartAll(ctx context.Context, dir string) (*All, error) {
	all := &All{}
	var err error
	if all.Postgres, err = StartPostgres(ctx, dir); err != nil {
		return nil, errors.Join(err, all.Stop())
	}
	if all.Vault, err = StartVault(ctx, dir); err != nil {
		return nil, errors.Join(err, all.Stop())
	}
	if all.MinIO, err = StartMinIO(ctx, dir); err != nil {
		return nil, errors.Join(err, all.Stop())
	}
	return all, nil
}

// Stop stops what was started and removes every directory.
func (a *All) Stop() error {
	var err error
	if a.MinIO != nil {
		err = errors.Join(err, a.MinIO.Stop())
	}
	if a.Vault != nil {
		err = errors.Join(err, a.Vault.Stop())
	}
	if a.Postgres != nil {
		err = errors.Join(err, a.Postgres.Stop())
	}
	return err
}

// Environment gives lines for a shell that let other processes use these servers
// instead of starting their own. They hold the credentials in clear.
func (a *All) Environment() []string {
	line := func(name, value string) string { return fmt.Sprintf("export %s='%s'", name, value) }
	return []string{
		line(EnvPostgres, a.Postgres.DSN.Reveal()),
		line(EnvVaultAddr, a.Vault.Address),
		line(EnvVaultToken, a.Vault.Token.Reveal()),
		line(EnvS3Endpoint, a.MinIO.Endpoint),
		line(EnvS3AccessKey, a.MinIO.AccessKey),
		line(EnvS3SecretKey, a.MinIO.SecretKey.Reveal()),
	}
}
