package vaulttransit_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/vaulttransit"
)

func TestLoginEnds(t *testing.T) {
	const end = "2031-05-06T07:08:09.123456789Z"
	denied := func(w http.ResponseWriter, path string) bool {
		if !strings.HasSuffix(path, "/lookup") {
			return false
		}
		refuse(w, http.StatusForbidden, "permission denied")
		return true
	}
	for name, c := range map[string]struct {
		change func(*fake)
		holds  string // by the file; that of the login if empty
		end    string
		err    error
		says   string
	}{
		"as Vault says":          {func(f *fake) { f.ends = map[string]string{"secret": end} }, "", end, nil, ""},
		"what the file says now": {func(f *fake) { f.ends = map[string]string{"secret": "2030-01-01T00:00:00Z", "newer": end} }, "newer", end, nil, ""},
		"never":                  {func(f *fake) { f.ends = map[string]string{"secret": "0001-01-01T00:00:00Z"} }, "", "0001-01-01T00:00:00Z", nil, ""},
		"unknown to Vault":       {func(*fake) {}, "", "", vaulttransit.ErrLoginEnded, ""},
		"without the right":      {func(f *fake) { f.fault = denied }, "", "", seal.ErrDenied, ""},
		"no time at all":         {func(f *fake) { f.ends = map[string]string{"secret": "tomorrow"} }, "", "", nil, "no proper expiration_time"},
		"no name of the role":    {func(f *fake) { f.role = "" }, "", "", nil, "no proper role_name"},
		"a role that is a path":  {func(f *fake) { f.role = "../../sys" }, "", "", nil, "no proper role_name"},
		"an empty file":          {func(*fake) {}, "\n", "", nil, "is empty"},
	} {
		t.Run("R50 "+name, func(t *testing.T) {
			f := newFake(t)
			c.change(f)
			where := config(t, f)
			client, err := vaulttransit.Open(t.Context(), where, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = client.Close() })
			if c.holds != "" {
				if err := os.WriteFile(where.SecretIDFile, []byte(c.holds), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := client.LoginEnds(t.Context())
			if c.end != "" {
				if want, _ := time.Parse(time.RFC3339Nano, c.end); err != nil || !got.Equal(want) {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			if err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "newer") {
				t.Errorf("%v", err)
			}
		})
	}
}
