package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/config"
)

func TestDutiesNeedTheirLogins(t *testing.T) {
	t.Parallel()
	only := func(duties string) string {
		return strings.Replace(production, "profile: production", "profile: production\nduty: "+duties, 1)
	}
	for _, c := range []struct{ name, file, want string }{
		{"every duty by default", production, ""},
		{"one duty reads its own login", only("[release]"), ""},
		{"another's login may be missing", strings.Replace(only("[release]"), "  intake: {", "  keeper: {}\n  intake: {", 1), "duties.keeper is there twice"},
		{"no login of what is played", strings.Replace(only("[release, intake]"), "/i/role", "''", 1), "duties.intake.role_id_file is missing"},
		{"no keys of the object store", strings.Replace(only("[release]"), "/r/secret", "''", 1), "duties.release.s3_secret_key_file is missing"},
		{"a login that is not read may be wrong", strings.Replace(only("[release]"), "/i/role", "''", 1), ""},
		{"the sequencer needs no object store", only("[sequencer]"), ""},
		{"the sequencer has no user of the object store", strings.Replace(production, "/s/id", "/s/id, s3_access_key_file: /s/key", 1), "unknown key"},
		{"an unknown duty", only("[janitor]"), `no such duty: "janitor"`},
		{"a duty twice", only("[keeper, keeper]"), "keeper is named twice"},
		{"no duty", only("[]"), "no duty is named"},
		{"logins without their server", "duties: {intake: {role_id_file: /i/role, s3_access_key_file: /i/key}}", "duties.intake.role_id_file has no effect without the section vault"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(nil, []string{"HOME=/h"}, write(t, c.file))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDutyIsAFlag(t *testing.T) {
	t.Parallel()
	c, err := config.Load(flags(t, "--duty=keeper,sequencer"), []string{"HOME=/h"}, write(t, production))
	if err != nil || len(c.Duty) != 2 || c.Duty[0] != "keeper" {
		t.Errorf("%v, %v", c.Duty, err)
	}
}

// R50: two duties with one login are one duty.
func TestSeparateLogins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	login := func(name, role, key string) config.Login {
		return config.Login{
			VaultLogin: config.VaultLogin{RoleIDFile: file(name+"-role", role)}, S3AccessKeyFile: file(name+"-key", key),
		}
	}
	base := config.Config{Profile: config.Production, Duty: []string{"intake", "release"}, Duties: config.Duties{
		Intake: login("intake", "role-1", "key-1"), Release: login("release", "role-2", "key-2"), Keeper: login("keeper", "role-1", "key-1"),
	}}
	if err := base.SeparateLogins(); err != nil {
		t.Errorf("another's login is compared: %v", err)
	}
	for name, c := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"one role":          {func(c *config.Config) { c.Duties.Release = login("again", "role-1", "key-9") }, "duties.release.role_id_file holds the same login as duties.intake.role_id_file"},
		"one key":           {func(c *config.Config) { c.Duties.Release = login("again2", "role-9", "key-1") }, "duties.release.s3_access_key_file holds the same login"},
		"played all":        {func(c *config.Config) { c.Duty = []string{"intake", "keeper"} }, "duties.keeper.role_id_file holds the same login"},
		"no file":           {func(c *config.Config) { c.Duties.Intake.RoleIDFile = "/nowhere" }, "duties.intake.role_id_file"},
		"an embedded trial": {func(c *config.Config) { c.Profile, c.Duties.Release = config.Embedded, c.Duties.Intake }, ""},
	} {
		changed := base
		c.change(&changed)
		err := changed.SeparateLogins()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || err != nil && strings.Contains(err.Error(), "role-1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
