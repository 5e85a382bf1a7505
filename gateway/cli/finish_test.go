package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"safeconduct/authz/identity"
	"safeconduct/gateway/cli/client"
)

func calling(t *testing.T, url string) *client.Client {
	t.Helper()
	secret, err := identity.NewSecret(strings.NewReader(strings.Repeat("t", 32)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(url, secret, client.Options{Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestFinishNamesTheTransfer: a gateway that goes away once the files have landed leaves the sender with the id, and
// with what to do.
func TestFinishNamesTheTransfer(t *testing.T) {
	const id = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
	for _, test := range []struct {
		name, gone string // the method that is not answered
		status     int    // with which it is; 0 for a broken connection
		code       int
		says       []string
	}{
		{"when the transfer is read", http.MethodGet, 0, exitUnavailable, []string{id, "POST /api/v1/transfers/" + id + "/commit", "do not send again"}},
		{"when it is committed", http.MethodPost, 0, exitUnavailable, []string{id, "POST /api/v1/transfers/" + id + "/commit"}},
		{"when a proxy answers", http.MethodPost, http.StatusBadGateway, exitUnavailable, []string{id, "go on with"}},
		{"when it was refused", http.MethodPost, http.StatusForbidden, exitNoAccess, []string{"committing transfer " + id}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method != test.gone:
					_, _ = fmt.Fprintf(w, `{"id":%q,"state":"sealed"}`, id)
				case test.status == 0:
					panic(http.ErrAbortHandler)
				default:
					w.WriteHeader(test.status)
				}
			}))
			t.Cleanup(server.Close)
			_, err := finish(t.Context(), calling(t, server.URL), id)
			if exitCode(err) != test.code {
				t.Errorf("exit code %d for %v; want %d", exitCode(err), err, test.code)
			}
			var told strings.Builder
			(&shell{IO: IO{Err: &told}}).explain(err)
			for _, want := range test.says {
				if !strings.Contains(told.String(), want) {
					t.Errorf("told %q; want %q", told.String(), want)
				}
			}
		})
	}
}

func TestAnUntrustedCertificateIsToldWithItsMend(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := finish(t.Context(), calling(t, server.URL), "x")
	var told strings.Builder
	(&shell{IO: IO{Err: &told}}).explain(err)
	if exitCode(err) != exitFailure || !strings.Contains(told.String(), "SSL_CERT_FILE") {
		t.Errorf("exit code %d: %s", exitCode(err), told.String())
	}
}

func TestVersion(t *testing.T) {
	settings := []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}
	for want, info := range map[string]*debug.BuildInfo{
		"v1.2.3, built with go1":                     {GoVersion: "go1", Main: debug.Module{Version: "v1.2.3"}},
		"v1.2.3 abc, built with go1":                 {GoVersion: "go1", Main: debug.Module{Version: "v1.2.3"}, Settings: settings[:1]},
		"revision abc, with changes, built with go1": {GoVersion: "go1", Main: debug.Module{Version: "(devel)"}, Settings: settings},
		"(devel), built with go1":                    {GoVersion: "go1", Main: debug.Module{Version: "(devel)"}},
		"unknown, built with go1":                    {GoVersion: "go1"},
	} {
		if got := version(info, true); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
	if got := version(nil, false); got != "unknown" {
		t.Errorf("%q", got)
	}
}
