package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"safeconduct/config"
)

// seeds of FuzzFile.
func seeds() []string {
	return []string{
		"", "# nothing\n", production, "data: /x", "server: {listen: '[::1]:1', trusted_proxies: [::1]}", "server:\n", "upload: {file_bytes: 1.5GiB, files: 007}",
		"telemetry: {metrics: false, log_format: text}", "a: &a [*a]", "data: ''", "data: \"\\u0000\"", "? [x]\n: y", "server: {<<: {listen: x}}",
		"log: {checkpoint_wait: 1h0m0.5s}", "log: {checkpoint_wait: 1000000h}", "data: !!binary aGk=", "data: 1e3", "--- \n...\n---\n", "data: |\n  two\n  lines",
		"server: {allowed_hosts: ['a', \"b\", 1]}",
	}
}

// variables of FuzzEnvironment.
func variables() []string {
	return []string{
		"SAFECONDUCT_SERVER__LISTEN=127.0.0.1:1", "SAFECONDUCT_DATA=", "SAFECONDUCT_UPLOAD__FILE_BYTES=1.5MiB", "SAFECONDUCT_UPLOAD__FILE_BYTES=1e9GiB",
		"SAFECONDUCT_LOG__CHECKPOINT_WAIT=1h0m0.5s", "SAFECONDUCT_SERVER__TRUSTED_PROXIES=::1, 10.0.0.0/8,", "SAFECONDUCT_TELEMETRY__METRICS=TRUE",
		"SAFECONDUCT_NONSENSE=x", "SAFECONDUCT_=x", "=x", "SAFECONDUCT_DATABASE__URL=postgres://u:secretsecret@h/d?sslmode=x",
		"SAFECONDUCT_DATABASE__URL=postgres://u:secretsecret@h/d?sslmode=require", "SAFECONDUCT_SERVER_LISTEN=127.0.0.1:1",
		"SAFECONDUCT_DATA=\xe1",    // not UTF-8
		"SAFECONDUCT_secretsecret", // a name is no secret
	}
}

func TestFuzzSeedsAreThere(t *testing.T) {
	t.Parallel()
	if a, b := len(seeds()), len(variables()); a != 20 || b != 15 {
		t.Errorf("%d files and %d variables", a, b)
	}
}

// FuzzEnvironment: a variable either fails, or means the same when what it means is printed and read again; and what
// is secret is in no error and is not printed.
func FuzzEnvironment(f *testing.F) {
	for _, v := range variables() {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, variable string) {
		const password = "secretsecret"
		url, ok := strings.CutPrefix(variable, "SAFECONDUCT_DATABASE__URL=")
		secret := ok && strings.Contains(url, password)
		c, err := config.Load(nil, []string{"HOME=/h", variable}, "")
		if err != nil {
			if secret && strings.Contains(err.Error(), password) {
				t.Fatalf("a secret shows: %v", err)
			}
			return
		}
		var printed bytes.Buffer
		if err := c.Print(&printed); err != nil {
			t.Fatal(err)
		}
		if secret && strings.Contains(printed.String(), password) {
			t.Fatal("a secret is printed")
		}
		path := filepath.Join(t.TempDir(), "printed.yaml")
		if err := os.WriteFile(path, printed.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := config.Load(nil, []string{"HOME=/h"}, path)
		if err != nil && strings.Contains(printed.String(), "redacted") {
			return // a secret is not written
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, printed.String())
		}
		if !same(c, again) && !strings.Contains(printed.String(), "redacted") {
			t.Errorf("%+v\nis not\n%+v\nprinted\n%s", c, again, printed.String())
		}
	})
}

// FuzzFile: a file either fails, or means the same when what it means is printed and read again.
func FuzzFile(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		first := filepath.Join(dir, "first.yaml")
		if err := os.WriteFile(first, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(nil, []string{"HOME=/h"}, first)
		if err != nil {
			return
		}
		var printed bytes.Buffer
		if err := c.Print(&printed); err != nil {
			t.Fatal(err)
		}
		second := filepath.Join(dir, "second.yaml")
		if err := os.WriteFile(second, printed.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := config.Load(nil, []string{"HOME=/h"}, second)
		if err != nil {
			t.Fatalf("%v in\n%s", err, printed.String())
		}
		if !same(c, again) {
			t.Errorf("%+v\nis not\n%+v\nprinted\n%s", c, again, printed.String())
		}
	})
}

// same compares what is exported; an empty list is like none.
func same(a, b config.Config) bool {
	if len(a.Server.TrustedProxies)+len(b.Server.TrustedProxies) == 0 {
		a.Server.TrustedProxies, b.Server.TrustedProxies = nil, nil
	}
	if len(a.Server.AllowedHosts)+len(b.Server.AllowedHosts) == 0 {
		a.Server.AllowedHosts, b.Server.AllowedHosts = nil, nil
	}
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		if va.Type().Field(i).IsExported() && !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			return false
		}
	}
	return true
}
