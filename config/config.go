// Package config is how an operator says what the process is made of: flags, then environment, then one YAML file, then
// defaults. A key that does not exist is an error, wherever it stands: a misspelt guard is no guard.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/telemetry"
	"safeconduct/transfer"
	"safeconduct/transfer/blob/s3blob"
	"safeconduct/transfer/seal/vaulttransit"
)

// Profile says how much a process may improvise.
type Profile string

// The profiles.
const (
	// Embedded is for one machine: parts that no section configures are embedded ones, kept under data.
	Embedded Profile = "embedded"
	// Production refuses every embedded part, and what would travel in clear.
	Production Profile = "production"
)

// Config is everything that can be configured. It holds names of files and no secret but Database.URL.
type Config struct {
	Profile   Profile             `koanf:"profile" doc:"embedded (parts without a section of their own live under data) or production (refuses embedded parts)"`
	Data      string              `koanf:"data" doc:"directory of the embedded parts"`
	Duty      []string            `koanf:"duty" doc:"what this process does: some of intake (asks the gate, seals and stores), release (opens and sends), keeper (makes keys, destroys), sequencer (signs the log)"`
	Duties    Duties              `koanf:"duties"`
	Server    edge.Config         `koanf:"server"`
	Authz     authz.Config        `koanf:"authz"`
	Database  Database            `koanf:"database"`
	Vault     vaulttransit.Config `koanf:"vault"`
	S3        s3blob.Config       `koanf:"s3"`
	Log       Log                 `koanf:"log"`
	Upload    transfer.Limits     `koanf:"upload"`
	Telemetry telemetry.Config    `koanf:"telemetry"`

	origins map[string]string // of each key that was set
}

// Log configures the evidence log.
type Log struct {
	Origin         string        `koanf:"origin" doc:"name of the log in its checkpoints, such as gate.example.org/log; never change it"`
	CheckpointWait time.Duration `koanf:"checkpoint_wait" doc:"longest time that a release waits for its signed checkpoint before it answers LOG_UNAVAILABLE"`
	VaultKey       string        `koanf:"vault_key" doc:"name of the Vault transit key (ed25519) that signs checkpoints"`
}

// Database is the PostgreSQL to use; without a URL it is the embedded SQLite.
type Database struct {
	URL     Secret `koanf:"url" doc:"PostgreSQL URL; it holds a password: environment only" secret:"true"`
	URLFile string `koanf:"url_file" doc:"file that holds the PostgreSQL URL"`
}

// Secret redacts itself wherever it is printed; only Reveal gives it away.
type Secret string

const redacted = "[redacted]"

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String redacts.
func (Secret) String() string { return redacted }

// GoString redacts.
func (Secret) GoString() string { return redacted }

// LogValue redacts.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON redacts.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText redacts.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Default is what holds where nothing is configured; data lies where the environment (as os.Environ) puts data.
func Default(environ []string) Config {
	return Config{
		Profile: Embedded, Data: dataHome(environ), Duty: duty.Names(), Server: edge.Default(), Telemetry: telemetry.Default(),
		Log:    Log{Origin: "safeconduct.local/log", CheckpointWait: 5 * time.Second, VaultKey: "safeconduct-log"},
		Upload: transfer.DefaultLimits(),
	}
}

// dataHome follows the XDG base directory specification.
func dataHome(environ []string) string {
	var home string
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case name == "XDG_DATA_HOME" && filepath.IsAbs(value):
			return filepath.Join(value, "safeconduct")
		case name == "HOME":
			home = value
		}
	}
	if home == "" {
		return "safeconduct-data"
	}
	return filepath.Join(home, ".local", "share", "safeconduct")
}

// UsesPostgreSQL reports whether the database is configured, not embedded.
func (c Config) UsesPostgreSQL() bool { return c.Database != Database{} }

// UsesVault reports whether keys are Vault's, not those of the local ring.
func (c Config) UsesVault() bool { return !reflect.DeepEqual(c.Vault, vaulttransit.Config{}) }

// UsesS3 reports whether objects go to an S3 server, not to the local directory.
func (c Config) UsesS3() bool { return !reflect.DeepEqual(c.S3, s3blob.Config{}) }

// Validate names each key that is wrong, and how to mend it.
func (c Config) Validate() error {
	errs := []error{
		c.profileRules(), c.dutyRules(), in("server", c.Server.Validate()), in("authz", c.Authz.Validate()), in("log", c.Log.Validate()),
		in("upload", c.Upload.Validate()), in("telemetry", c.Telemetry.Validate()),
	}
	if c.UsesPostgreSQL() {
		errs = append(errs, in("database", c.Database.Validate()))
	}
	if c.UsesVault() {
		errs = append(errs, in("vault", c.Vault.Validate()))
	}
	if c.UsesS3() {
		errs = append(errs, in("s3", c.S3.Validate()))
	}
	return errors.Join(errs...)
}

// in puts the section before each key that a part complains about.
func in(section string, err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // only what errors.Join made itself
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, in(section, e))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("%s.%w", section, err)
}

var (
	originName = regexp.MustCompile(`\A[A-Za-z0-9][A-Za-z0-9./_-]{0,127}\z`)
	keyName    = regexp.MustCompile(`\A[A-Za-z0-9][A-Za-z0-9_-]{0,127}\z`)
)

// Validate names each key that is wrong, and how to mend it.
func (l Log) Validate() error {
	return errors.Join(
		fault(!originName.MatchString(l.Origin), "origin", "is no name of a log: use letters, digits, '.', '-', '_' and '/', such as gate.example.org/log"),
		fault(l.CheckpointWait < 100*time.Millisecond || l.CheckpointWait > time.Minute, "checkpoint_wait", "is out of bounds: use 100ms to 1m"),
		fault(!keyName.MatchString(l.VaultKey), "vault_key", "is no key name: use letters, digits, '-' and '_'"),
	)
}

// Validate names each key that is wrong, and how to mend it. It does not repeat the URL.
func (d Database) Validate() error {
	switch {
	case d.URL != "" && d.URLFile != "":
		return errors.New("url and url_file are both set: remove one of them")
	case d.URL != "":
		return checkURL(d.URL)
	default:
		return fault(d.URLFile == "", "url_file", "is missing: name the file that holds the PostgreSQL URL")
	}
}

// DSN is the URL, read from its file where there is one.
func (d Database) DSN() (Secret, error) {
	if d.URLFile == "" {
		return d.URL, checkURL(d.URL)
	}
	b, err := os.ReadFile(d.URLFile)
	if err != nil {
		return "", fmt.Errorf("database.url_file: %w: name a file that this process may read", err)
	}
	s := Secret(strings.TrimSpace(string(b)))
	if s == "" {
		return "", errors.New("database.url_file is empty: write the PostgreSQL URL into the file that it names")
	}
	if err := checkURL(s); err != nil {
		return "", fmt.Errorf("database.url_file holds no usable URL: %w", err)
	}
	return s, nil
}

func checkURL(s Secret) error {
	u, err := url.Parse(s.Reveal()) // the error would repeat the password
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Path == "" || u.Path == "/" {
		return errors.New("url is no PostgreSQL URL: use postgres://user:password@host:5432/database")
	}
	return nil
}

func (c Config) profileRules() error {
	switch c.Profile {
	case Embedded:
		return fault(c.Data == "", "data", "is empty: name a directory for the embedded parts")
	case Production:
	default:
		return fmt.Errorf("profile %q is no profile: use embedded or production", c.Profile)
	}
	const refuses = "profile production refuses embedded parts:"
	_, dataSet := c.origins["data"]
	return errors.Join(
		fault(dataSet, "data", "is the place of embedded parts, and profile is production: remove one of them"),
		fault(!c.UsesPostgreSQL(), refuses, "configure database.url_file"),
		fault(!c.UsesVault(), refuses, "configure the section vault"),
		fault(!c.UsesS3(), refuses, "configure the section s3"),
		fault(c.Log.Origin == Default(nil).Log.Origin, "log.origin", "is the default: profile production needs a name of its own for its log, such as gate.example.org/log, which never changes"),
		fault(c.S3.CreateBucket, "s3.create_bucket", "is not for production: no duty may make buckets; make it yourself, with versioning (deploy/docs/operations.md)"),
		fault(!c.Server.Encrypted(), "server.tls_cert_file", "is missing: profile production needs TLS, here or at server.trusted_proxies"),
		fault(len(c.Server.AllowedHosts) == 0, "server.allowed_hosts", "is empty: profile production needs the names that clients use"),
		fault(c.S3.Insecure && !edge.Loopback(c.S3.Endpoint), "s3.insecure", "is not for production, unless the endpoint is on this machine: give the server a certificate"),
	)
}

func fault(wrong bool, key, mend string) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf("%s %s", key, mend)
}
