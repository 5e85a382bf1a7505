package edge_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"safeconduct/gateway/edge"
	"safeconduct/gateway/edge/edgetest"
)

func get(t *testing.T, b *bench, url string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // a certificate of this test
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func start(t *testing.T, b *bench) (stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	if err := b.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	return cancel, done
}

func TestRunServesAndDrains(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	b := newBench(t, func(c *edge.Config, d *edge.Deps) {
		c.AdminListen = "127.0.0.1:0"
		d.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics here") })
		d.Ready = []edge.Check{{"database", func(context.Context) error {
			if failing.Load() {
				return errors.New("password wrong")
			}
			return nil
		}}}
	})
	running, release := make(chan struct{}), make(chan struct{})
	b.API().GET("/slow", func(c *gin.Context) {
		close(running)
		<-release
		ok(c)
	})
	stop, ended := start(t, b)
	admin := "http://" + b.AdminAddr().String()
	for path, want := range map[string]string{"/healthz": `{"status":"up"}`, "/readyz": `{"database":"ok"}`, "/metrics": "metrics here"} {
		if status, body, err := get(t, b, admin+path); err != nil || status != http.StatusOK || strings.TrimSpace(body) != want {
			t.Errorf("%s: %d %q %v", path, status, body, err)
		}
	}
	if status, _, _ := get(t, b, "http://"+b.Addr().String()+"/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics on the main listener: %d", status)
	}
	failing.Store(true)
	if status, body, _ := get(t, b, admin+"/readyz"); status != http.StatusServiceUnavailable || strings.TrimSpace(body) != `{"database":"failing"}` {
		t.Errorf("readyz %d %q", status, body)
	}
	answered := make(chan string, 1)
	go func() {
		_, body, err := get(t, b, "http://"+b.Addr().String()+"/api/v1/slow")
		answered <- fmt.Sprint(body, err)
	}()
	<-running
	stop()
	for { // the server drains: not ready, though it still answers
		if _, body, err := get(t, b, admin+"/readyz"); err != nil || strings.Contains(body, "draining") {
			break
		}
	}
	close(release)
	if got := <-answered; got != "fine<nil>" {
		t.Errorf("the running request got %s", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRunBreaksOffAfterDrainTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.DrainTimeout = 50 * time.Millisecond })
	running := make(chan struct{})
	b.API().GET("/stuck", func(c *gin.Context) {
		close(running)
		<-c.Request.Context().Done()
	})
	stop, ended := start(t, b)
	go func() { _, _, _ = get(t, b, "http://"+b.Addr().String()+"/api/v1/stuck") }()
	<-running
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "drain_timeout") {
		t.Errorf("ended with %v", err)
	}
}

func TestListenFails(t *testing.T) {
	t.Parallel()
	first := newBench(t)
	start(t, first)
	taken := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.Listen = first.Addr().String() })
	if err := taken.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listen") {
		t.Errorf("a taken port: %v", err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "x.pem")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.TLSCertFile, c.TLSKeyFile = file, file })
	if err := bad.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "tls_cert_file") {
		t.Errorf("a bad certificate: %v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key := edgetest.Certificate(t)
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.TLSCertFile, c.TLSKeyFile = cert, key })
	b.API().GET("/things", func(c *gin.Context) { c.String(http.StatusOK, c.Writer.Header().Get("Strict-Transport-Security")) })
	stop, ended := start(t, b)
	status, body, err := get(t, b, "https://"+b.Addr().String()+"/api/v1/things")
	if err != nil || status != http.StatusOK || !strings.HasPrefix(body, "max-age=") {
		t.Errorf("%d %q %v", status, body, err)
	}
	_, _, _ = get(t, b, "http://"+b.Addr().String()+"/api/v1/things") // no TLS: net/http logs it, with the address
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if strings.Contains(b.log.String(), "127.0.0.1") {
		t.Errorf("an address is in the log: %s", b.log)
	}
}
