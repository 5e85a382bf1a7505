package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
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

func TestFuzzSeedsAreThere(t *testing.T) {
	t.Parallel()
	if n := len(seeds()); n != 20 {
		t.Errorf("%d seeds", n)
	}
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
