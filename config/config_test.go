package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"safeconduct/config"
)

var update = flag.Bool("update", false, "write the generated reference") // how go test takes flags

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "safeconduct.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	fs.Bool("json", false, "another flag of the command")
	config.AddFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return fs
}

const production = `
profile: production
server:
  listen: 0.0.0.0:443
  trusted_proxies: [10.0.0.0/24, 10.0.1.7]
  allowed_hosts: [gate.example.org]
database: {url_file: /run/secrets/database}
vault: {address: https://vault.example.org:8200}
s3: {endpoint: minio.example.org:9000, bucket: safeconduct}
log: {origin: gate.example.org/log}
duties:
  intake: {role_id_file: /i/role, secret_id_file: /i/id, s3_access_key_file: /i/key, s3_secret_key_file: /i/secret}
  release: {role_id_file: /r/role, secret_id_file: /r/id, s3_access_key_file: /r/key, s3_secret_key_file: /r/secret}
  keeper: {role_id_file: /k/role, secret_id_file: /k/id, s3_access_key_file: /k/key, s3_secret_key_file: /k/secret}
  sequencer: {role_id_file: /s/role, secret_id_file: /s/id}
upload:
  file_bytes: 1.5GiB
telemetry:
`

func TestDefaults(t *testing.T) {
	t.Parallel()
	for environ, data := range map[string]string{
		"XDG_DATA_HOME=/xdg": "/xdg/safeconduct", "HOME=/home/u": "/home/u/.local/share/safeconduct", "XDG_DATA_HOME=relative": "safeconduct-data",
	} {
		c, err := config.Load(nil, []string{environ}, "")
		if err != nil {
			t.Fatal(err)
		}
		if c.Data != data || c.Profile != config.Embedded || c.Upload.FileBytes != 5<<30 || c.UsesVault() || c.UsesS3() || c.UsesPostgreSQL() {
			t.Errorf("%s: %+v", environ, c)
		}
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := write(t, "server:\n  listen: 127.0.0.1:1\n  idle_timeout: 11s\n  max_json_bytes: 2MiB\nlog: {origin: from.file/log}\n")
	environ := []string{"HOME=/h", "SAFECONDUCT_SERVER__LISTEN=127.0.0.1:2", "SAFECONDUCT_SERVER__IDLE_TIMEOUT=22s", "SAFECONDUCT_TOKEN=sct_x", "SAFECONDUCT_E2E_VAULT=x"}
	c, err := config.Load(flags(t, "--server-listen=127.0.0.1:3", "--s3-insecure=false", "--json"), environ, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen != "127.0.0.1:3" || c.Server.IdleTimeout != 22*time.Second || c.Server.MaxJSONBytes != 2<<20 || c.Log.Origin != "from.file/log" || c.Log.CheckpointWait != 5*time.Second {
		t.Errorf("got %+v", c)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"listen: 127.0.0.1:3 # flag --server-listen", "idle_timeout: 22s # environment SAFECONDUCT_SERVER__IDLE_TIMEOUT",
		"max_json_bytes: 2MiB # file " + file, "checkpoint_wait: 5s # default", "file_bytes: 5GiB # default",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed\n%s\nlacks %s", out.String(), want)
		}
	}
	if strings.Contains(out.String(), "sct_x") {
		t.Error("the token of the client is printed")
	}
}

func TestErrorsNameTheKeyAndTheMend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, env string
		flags           []string
		want            []string
	}{
		{name: "unknown key", file: "server:\n  lisen: x", want: []string{"line 2", `"server.lisen"`, "did you mean server.listen?"}},
		{name: "unknown section", file: "servr: {listen: x}", want: []string{`"servr"`, "did you mean"}},
		{name: "dotted key", file: "server.listen: x", want: []string{`"server.listen"`, "did you mean server.listen?"}},
		{name: "unknown variable", env: "SAFECONDUCT_SERVER_LISTEN=x", want: []string{"SAFECONDUCT_SERVER_LISTEN", "did you mean SAFECONDUCT_SERVER__LISTEN?"}},
		{name: "duration without unit", file: "server: {idle_timeout: 30}", want: []string{"server.idle_timeout", `"30"`, "30s"}},
		{name: "bytes without unit", env: "SAFECONDUCT_UPLOAD__FILE_BYTES=5", want: []string{"upload.file_bytes", "5GiB"}},
		{name: "bytes out of range", file: "upload: {file_bytes: 99999999999TiB}", want: []string{"upload.file_bytes", "5GiB"}},
		{name: "bool", flags: []string{"--telemetry-metrics=true"}, file: "s3: {insecure: yes}", want: []string{"s3.insecure", "true or false"}},
		{name: "number", flags: []string{"--upload-files=many"}, want: []string{"--upload-files", "upload.files", "digits"}},
		{name: "no value", file: "log: {origin: }", want: []string{"log.origin", "remove the key"}},
		{name: "list for a word", file: "log: {origin: [a]}", want: []string{"log.origin", "no plain value"}},
		{name: "word for a list", file: "server: {allowed_hosts: a}", want: []string{"server.allowed_hosts", "[one, two]"}},
		{name: "word for a section", file: "server: x", want: []string{"server is no section"}},
		{name: "no mapping", file: "[]", want: []string{"no section"}},
		{name: "twice", file: "data: /a\ndata: /b", want: []string{"data is there twice"}},
		{name: "second document", file: "data: /a\n---\ndata: /b", want: []string{"second document"}},
		{name: "no YAML", file: "\t{", want: []string{"no YAML"}},
		{name: "merge key", file: "a: &x {listen: y}\nserver: {<<: *x}", want: []string{"no plain word"}},
		{name: "secret in the file", file: "database: {url: postgres://u:hunter2@h/d}", want: []string{"database.url is a secret", "SAFECONDUCT_DATABASE__URL", "database.url_file"}},
		{name: "bad secret", env: "SAFECONDUCT_DATABASE__URL=mysql://u:hunter2@h/d", want: []string{"database.url is no PostgreSQL URL"}},
		{name: "validation of a part", file: "server: {listen: nowhere}", want: []string{"server.listen", "host:port"}},
		{name: "two keys of a part", file: "vault: {mount: /x/}", want: []string{"vault.address", "duties.intake.role_id_file", "duties.sequencer.secret_id_file", "vault.mount"}},
		{name: "profile", file: "profile: prod", want: []string{`profile "prod"`, "embedded or production"}},
		{name: "unknown log level", file: "telemetry: {log_level: loud}", want: []string{"telemetry.log_level"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := ""
			if c.file != "" {
				file = write(t, c.file)
			}
			_, err := config.Load(flags(t, c.flags...), []string{"HOME=/h", c.env}, file)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q tells the password", err)
			}
		})
	}
	if _, err := config.Load(nil, nil, "/nowhere/x.yaml"); err == nil {
		t.Error("a file that is not there")
	}
}

func TestProduction(t *testing.T) {
	t.Parallel()
	c, err := config.Load(nil, []string{"HOME=/h"}, write(t, production))
	if err != nil {
		t.Fatal(err)
	}
	if !c.UsesVault() || !c.UsesS3() || !c.UsesPostgreSQL() || c.Upload.FileBytes != 3<<29 || len(c.Server.TrustedProxies) != 2 {
		t.Errorf("got %+v", c)
	}
	for _, change := range []struct{ from, to, want string }{
		{"database: {url_file: /run/secrets/database}", "", "database.url_file"},
		{"vault: {address: https://vault.example.org:8200}\n", "", "section vault"},
		{"s3: {endpoint: minio.example.org:9000, bucket: safeconduct}\n", "", "section s3"},
		{"  trusted_proxies: [10.0.0.0/24, 10.0.1.7]\n", "", "server.tls_cert_file"},
		{"10.0.0.0/24", "0.0.0.0/0", "trusts everybody"},
		{"  allowed_hosts: [gate.example.org]\n", "", "server.allowed_hosts"},
		{"profile: production", "profile: production\ndata: /srv/data", "data is the place of embedded parts"},
		{"log: {origin: gate.example.org/log}\n", "", "log.origin is the default"},
		{"bucket: safeconduct", "bucket: safeconduct, insecure: true", "s3.insecure"},
		{"bucket: safeconduct", "bucket: safeconduct, create_bucket: true", "s3.create_bucket"},
		{"https://vault", "http://vault", "vault.address is http to another machine"},
	} {
		text := strings.Replace(production, change.from, change.to, 1)
		if _, err := config.Load(nil, []string{"HOME=/h"}, write(t, text)); text == production || err == nil || !strings.Contains(err.Error(), change.want) {
			t.Errorf("without %q: %v, want %q", change.from, err, change.want)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://u:hunter2@h/d"
	c, err := config.Load(flags(t), []string{"HOME=/h", "SAFECONDUCT_DATABASE__URL=" + dsn}, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Database.DSN(); err != nil || got.Reveal() != dsn {
		t.Errorf("DSN %v", err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{out.String(), string(asJSON), fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %q", c, c, c.Database.URL, c.Database.URL)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("told: %s", text)
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Errorf("printed\n%s", out.String())
	}
	flags(t).VisitAll(func(f *pflag.Flag) {
		if f.Name == "database-url" {
			t.Error("a secret has a flag")
		}
	})
	file := write(t, dsn+"\n")
	if got, err := (config.Database{URLFile: file}).DSN(); err != nil || got.Reveal() != dsn {
		t.Errorf("from the file: %v", err)
	}
	for _, bad := range []string{write(t, "mysql://u:hunter2@h/d"), "/nowhere/url"} {
		if _, err := (config.Database{URLFile: bad}).DSN(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	const file = "../deploy/docs/configuration.md"
	want := config.Reference()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil { // a document
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the program writes: go test ./config -run Reference -update", file)
	}
	for line := range strings.Lines(want) {
		if strings.HasPrefix(line, "| `") && strings.HasSuffix(strings.TrimSpace(line), "|  |") {
			t.Errorf("no meaning: %s", line)
		}
	}
}
