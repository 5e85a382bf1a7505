// Package servers starts the real parts that safeconduct runs on - PostgreSQL,
// Vault, MinIO and a second S3 server, versitygw - privately on one machine, for
// tests against real servers and for the demonstration on real parts.
//
// Every server listens on loopback only, on free ports, keeps its data in a
// directory of its own, and dies with the process that started it. Nothing here
// is meant for production: TLS is off and the unseal keys of Vault are held in
// memory beside it.
//
// Where a part comes from, first match wins:
//
//   - an address in the environment (EnvPostgres, EnvVaultAddr, EnvS3Endpoint):
//     that server is used and nothing is started;
//   - a binary named in the environment (EnvMinIO, EnvVault, EnvVersityGW, EnvMCli);
//   - a binary on PATH; for PostgreSQL also `pg_config --bindir` and Debian's
//     /usr/lib/postgresql;
//   - a binary that [Build] made into the cache directory.
//
// A part that is in none of these places is a [*MissingError], which names the
// line that mends it. Nothing is skipped silently.
package servers

import (
	"errors"
	"fmt"
	"log/slog"
)

// Environment variables that point the harness at servers or binaries which
// exist already. The addresses are all or nothing: an S3 endpoint without its
// keys is an error.
const (
	EnvPostgres    = "SAFECONDUCT_E2E_POSTGRES" // DSN of a role that may create databases
	EnvVaultAddr   = "SAFECONDUCT_E2E_VAULT_ADDR"
	EnvVaultToken  = "SAFECONDUCT_E2E_VAULT_TOKEN" // may mount, write policies and roles
	EnvS3Endpoint  = "SAFECONDUCT_E2E_S3_ENDPOINT" // http://host:port or https://host:port
	EnvS3AccessKey = "SAFECONDUCT_E2E_S3_ACCESS_KEY"
	EnvS3SecretKey = "SAFECONDUCT_E2E_S3_SECRET_KEY"

	EnvMinIO     = "SAFECONDUCT_E2E_MINIO" // path of a minio binary
	EnvVault     = "SAFECONDUCT_E2E_VAULT" // path of a vault binary
	EnvVersityGW = "SAFECONDUCT_E2E_VERSITYGW"
	EnvMCli      = "SAFECONDUCT_E2E_MCLI" // MinIO's client
)

// ErrMissing is wrapped by every [*MissingError].
var ErrMissing = errors.New("a part of the test servers is missing")

// ErrExternal answers Halt, Resume, Seal and the like on a server that was given
// by its address: it belongs to somebody else, and is never stopped from here.
var ErrExternal = errors.New("the server was given by its address and is not ours to stop")

// MissingError says which part is missing, why, and the line that mends it.
type MissingError struct {
	Part string // "PostgreSQL", "vault", ...
	Why  string
	Mend string // a line for a shell
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is missing: %s; mend it with: %s", e.Part, e.Why, e.Mend)
}

func (e *MissingError) Unwrap() error { return ErrMissing }

// Secret is a credential. It prints as [redacted]; only Reveal gives its value.
type Secret string

const redacted = "[redacted]"

// Reveal gives the credential itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the credential.
func (Secret) String() string { return redacted }

// GoString hides the credential.
func (Secret) GoString() string { return redacted }

// MarshalJSON hides the credential.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue hides the credential.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
