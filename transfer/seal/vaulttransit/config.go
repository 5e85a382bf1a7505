package vaulttransit

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"
)

// Defaults of Config.
const (
	DefaultMount        = "transit"
	DefaultAppRoleMount = "approle"
	DefaultTimeout      = 10 * time.Second
)

const (
	minTimeout = 100 * time.Millisecond
	maxTimeout = 5 * time.Minute
)

// Config says which Vault to use, and as whom. Its fields hold no secret.
type Config struct {
	// Address is the URL of Vault: https, or http to a loopback address.
	Address string `koanf:"address"`
	// Mount is the path of the transit engine, "transit" if empty.
	Mount string `koanf:"mount"`
	// Namespace is Vault Enterprise's, none if empty.
	Namespace string `koanf:"namespace"`
	// AppRoleMount is the path of the AppRole method, "approle" if empty.
	AppRoleMount string `koanf:"approle_mount"`
	// CAFile holds the certificates (PEM) that Vault's must chain to, the
	// system's if empty.
	CAFile string `koanf:"ca_file"`
	// Timeout bounds one operation with its retries, 10 s if zero.
	Timeout time.Duration `koanf:"timeout"`

	// RoleIDFile and SecretIDFile hold the two halves of the AppRole login. Who
	// logs in is no part of where Vault is: each duty has a login of its own.
	RoleIDFile   string
	SecretIDFile string
}

var mountPath = regexp.MustCompile(`^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$`)

// Validate reports every setting that cannot be, by its key, with the mend; it
// does not look at the login.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if err := checkAddress(c.Address); err != nil {
		errs = append(errs, err)
	}
	c = c.withDefaults()
	if !mountPath.MatchString(c.Mount) {
		bad("mount is not a mount path: write it as \"transit\", without slashes at its ends")
	}
	if !mountPath.MatchString(c.AppRoleMount) {
		bad("approle_mount is not a mount path: write it as \"approle\", without slashes at its ends")
	}
	if c.Timeout < minTimeout || c.Timeout > maxTimeout {
		bad("timeout is %v: choose one from %v to %v", c.Timeout, minTimeout, maxTimeout)
	}
	return errors.Join(errs...)
}

func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return errors.New("address is missing: give Vault's URL, such as https://vault.example.org:8200")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		// Not quoted: it may hold a password.
		return errors.New("address is not the URL of a server: write it as https://vault.example.org:8200")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("address is http to another machine, where data keys would travel in clear: use https")
	}
	return errors.New("address has an unknown scheme: use https")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c Config) withDefaults() Config {
	if c.Mount == "" {
		c.Mount = DefaultMount
	}
	if c.AppRoleMount == "" {
		c.AppRoleMount = DefaultAppRoleMount
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	return c
}
