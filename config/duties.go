package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"safeconduct/gateway/duty"
)

// Duties are the logins of the duties. A process reads those of the duties that it plays and no other, so that one file
// can configure them all and every machine holds its own secrets only.
type Duties struct {
	Intake    Login      `koanf:"intake"`
	Release   Login      `koanf:"release"`
	Keeper    Login      `koanf:"keeper"`
	Sequencer VaultLogin `koanf:"sequencer"`
}

// VaultLogin is one AppRole of Vault, in files.
type VaultLogin struct {
	RoleIDFile   string `koanf:"role_id_file" doc:"file that holds the role id of this duty's AppRole"`
	SecretIDFile string `koanf:"secret_id_file" doc:"file that holds the secret id of this duty's AppRole"`
}

// Login is what a duty that works with objects needs: an AppRole, and a user of the object store.
type Login struct {
	VaultLogin      `koanf:",squash"`
	S3AccessKeyFile string `koanf:"s3_access_key_file" doc:"file that holds the access key id of this duty's user of the object store"`
	S3SecretKeyFile string `koanf:"s3_secret_key_file" doc:"file that holds the secret access key of this duty's user of the object store"`
}

// Of is the login of a duty. That of the sequencer has no user of the object store.
func (d Duties) Of(which duty.Duty) Login {
	switch which {
	case duty.Intake:
		return d.Intake
	case duty.Release:
		return d.Release
	case duty.Keeper:
		return d.Keeper
	case duty.Sequencer:
		return Login{VaultLogin: d.Sequencer}
	}
	return Login{}
}

// Played is the duties that the process plays. Of a configuration that was validated it never fails.
func (c Config) Played() (duty.Set, error) {
	s, err := duty.Parse(c.Duty)
	if err != nil {
		return nil, fmt.Errorf("duty: %w", err)
	}
	return s, nil
}

// dutyRules asks for the login of every duty that is played, wherever it is used; what is configured for others is theirs.
func (c Config) dutyRules() error {
	played, err := c.Played()
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range duty.All() {
		login, section := c.Duties.Of(d), "duties."+string(d)+"."
		vault := login.VaultLogin != VaultLogin{}
		objects := login.S3AccessKeyFile != "" || login.S3SecretKeyFile != ""
		errs = append(errs,
			fault(vault && !c.UsesVault(), section+"role_id_file", "has no effect without the section vault: configure vault.address, or remove it"),
			fault(objects && !c.UsesS3(), section+"s3_access_key_file", "has no effect without the section s3: configure s3.endpoint, or remove it"),
		)
		if !played.Has(d) {
			continue
		}
		if c.UsesVault() {
			errs = append(errs,
				fault(login.RoleIDFile == "", section+"role_id_file", "is missing: name the file that holds the role id of this duty's AppRole"),
				fault(login.SecretIDFile == "", section+"secret_id_file", "is missing: name the file that holds the secret id of this duty's AppRole"))
		}
		if c.UsesS3() && d != duty.Sequencer {
			errs = append(errs,
				fault(login.S3AccessKeyFile == "", section+"s3_access_key_file", "is missing: name the file that holds this duty's access key id"),
				fault(login.S3SecretKeyFile == "", section+"s3_secret_key_file", "is missing: name the file that holds this duty's secret access key"))
		}
	}
	return errors.Join(errs...)
}

// SeparateLogins reads what names the logins of the duties that are played, and fails where two of them have one login:
// then whoever holds the one holds the other. Every duty has its own in profile production.
func (c Config) SeparateLogins() error {
	if c.Profile != Production {
		return nil
	}
	played, err := c.Played()
	if err != nil {
		return err
	}
	owners := map[string]string{} // the key that has a content
	var errs []error
	for _, d := range played {
		login := c.Duties.Of(d)
		for _, f := range []struct{ key, file string }{
			{"role_id_file", login.RoleIDFile}, {"s3_access_key_file", login.S3AccessKeyFile},
		} {
			if f.file == "" {
				continue
			}
			key := "duties." + string(d) + "." + f.key
			content, err := os.ReadFile(f.file)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w: name a file that this process may read", key, err))
				continue
			}
			id := f.key + " " + strings.TrimSpace(string(content))
			if other := owners[id]; other != "" {
				errs = append(errs, fmt.Errorf("%s holds the same login as %s: profile production needs one for each duty", key, other))
			}
			owners[id] = key
		}
	}
	return errors.Join(errs...)
}
