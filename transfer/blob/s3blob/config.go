package s3blob

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"safeconduct/transfer/blob"
)

// DefaultRegion is the region signed for where none is configured. MinIO accepts it.
const DefaultRegion = "us-east-1"

// DefaultTimeout is the Timeout of a Config that has none.
const DefaultTimeout = 30 * time.Second

// Config says where the bucket is and how to sign for it. It holds names of files and no secret.
type Config struct {
	Endpoint     string        `koanf:"endpoint"`      // host:port, without a scheme
	Bucket       string        `koanf:"bucket"`        // its name
	Region       string        `koanf:"region"`        // DefaultRegion when empty
	Prefix       string        `koanf:"prefix"`        // put before every object's name, to share a bucket; a blob.Name
	CAFile       string        `koanf:"ca_file"`       // PEM certificates to trust instead of the system's
	Insecure     bool          `koanf:"insecure"`      // plain HTTP
	CreateBucket bool          `koanf:"create_bucket"` // make the bucket where it is missing
	Timeout      time.Duration `koanf:"timeout"`       // the longest that landing, reading the head of, or deleting one object may take in all, attempts included; DefaultTimeout when zero

	// Who signs is no part of where the bucket is: each duty has keys of its own. Both files are read again when they
	// change.
	AccessKeyFile string // file that holds the access key id
	SecretKeyFile string // file that holds the secret access key

	// Lists says that the keys must have s3:ListBucket, by which the bucket is then checked.
	Lists bool
}

var (
	bucketName = regexp.MustCompile(`\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z`)
	regionName = regexp.MustCompile(`\A[a-z0-9-]{0,64}\z`)
)

// maxPrefix leaves room for the longest name in S3's 1,024 bytes.
const maxPrefix = 1024 - blob.MaxName - 1

// Validate checks the form of every value but the names of the two key files, without any input or output. The error
// names each key that is wrong and how to mend it.
func (c Config) Validate() error {
	return errors.Join(
		c.validateEndpoint(),
		fault(!bucketName.MatchString(c.Bucket) || strings.Contains(c.Bucket, ".."), "bucket",
			"is no bucket name: use 3 to 63 lower-case letters, digits, dots and hyphens"),
		fault(!regionName.MatchString(c.Region), "region",
			"is no region: use a name such as "+DefaultRegion+", or leave it empty"),
		fault(c.Prefix != "" && (blob.Name(c.Prefix).Validate() != nil || len(c.Prefix) > maxPrefix), "prefix",
			"is no prefix: use lower-case letters, digits, '.', '_' and '-', with '/' between and not at the ends"),
		fault(c.Insecure && c.CAFile != "", "ca_file", "has no effect with insecure: remove one of them"),
		fault(c.Timeout < 0, "timeout", "is negative: use a duration such as 30s"),
	)
}

func (c Config) validateEndpoint() error {
	if c.Endpoint == "" {
		return fault(true, "endpoint", "is empty: give host:port of the S3 server")
	}
	if strings.Contains(c.Endpoint, "//") {
		return fault(true, "endpoint", "is a URL: give host:port only; plain HTTP is chosen by insecure")
	}
	host := c.Endpoint
	if named, port, err := net.SplitHostPort(c.Endpoint); err == nil {
		host = named
		if port == "" {
			return fault(true, "endpoint", "lacks its port after the colon: give host:port")
		}
	}
	return fault(host == "" || strings.ContainsAny(host, "/@?# "), "endpoint",
		"is no host: give host:port, without user, path or query")
}

func fault(wrong bool, key, mend string) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf("%s %s", key, mend)
}

func readCAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil // a nil pool means the system's, to crypto/tls too
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, errors.New("ca_file holds no certificate: give certificates in PEM form")
	}
	return pool, nil
}
