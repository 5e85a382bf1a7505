package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"safeconduct/authz/identity"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/gate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func token(t *testing.T) identity.Secret {
	t.Helper()
	s, err := identity.NewSecret(strings.NewReader(strings.Repeat("t", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs a gateway that answers as h does, and a client of it that does not
// wait between tries but counts them.
func serve(t *testing.T, h http.HandlerFunc) (*client.Client, *atomic.Int32) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	var pauses atomic.Int32
	c, err := client.New(server.URL, token(t), client.Options{Language: "fr", Pause: func(ctx context.Context, _ time.Duration) error {
		pauses.Add(1)
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, &pauses
}

func refuse(w http.ResponseWriter, status int, codes ...string) {
	p := edge.Problem{Type: "urn:safeconduct:refused", Status: status}
	for _, c := range codes {
		p.Refusals = append(p.Refusals, edge.RefusalView{Code: gate.Code(c), Mend: "mend", Ask: "legal"})
	}
	w.Header().Set("Content-Type", edge.ProblemType)
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		panic(err)
	}
}

func TestNew(t *testing.T) {
	for _, tc := range []struct {
		address string
		ok      bool
	}{
		{"https://gateway.example.org", true},
		{"https://gateway.example.org/", true},
		{"http://localhost:8420", true},
		{"http://127.0.0.1:1", true},
		{"http://[::1]:1", true},
		{"http://gateway.example.org", false}, // the token would travel in clear
		{"http://localhost.example.org", false},
		{"ftp://localhost", false},
		{"https://user:pass@gateway.example.org", false},
		{"https://gateway.example.org/path", false},
		{"https://gateway.example.org?x=1", false},
		{"gateway.example.org", false},
		{"", false},
	} {
		_, err := client.New(tc.address, token(t), client.Options{})
		if (err == nil) != tc.ok || err != nil && !errors.Is(err, client.ErrAddress) {
			t.Errorf("%q: %v", tc.address, err)
		}
	}
}

func TestCall(t *testing.T) {
	t.Run("sends token, language and JSON, and reads the answer", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil || string(b) != `{"a":1}` || r.Method != http.MethodPost || r.URL.Path != "/api/v1/things" ||
				r.Header.Get("Authorization") != "Bearer "+token(t).Reveal() || r.Header.Get("Accept-Language") != "fr" {
				t.Errorf("%s %s %q %v %v", r.Method, r.URL, b, r.Header, err)
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprint(w, `{"id":"x"}`)
		})
		var out struct{ ID string }
		status, err := c.Call(t.Context(), http.MethodPost, "/things", map[string]int{"a": 1}, &out)
		if err != nil || status != http.StatusCreated || out.ID != "x" {
			t.Fatal(status, err, out)
		}
	})
	t.Run("a refusal keeps its codes, mends and whom to ask", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusForbidden, "AGR_MISSING", "RBA_MISSING")
		})
		status, err := c.Call(t.Context(), http.MethodPost, "/transfers", nil, nil)
		var p *edge.Problem
		if status != http.StatusForbidden || !errors.As(err, &p) || len(p.Refusals) != 2 || p.Refusals[0].Code != "AGR_MISSING" || p.Refusals[0].Mend != "mend" {
			t.Fatal(status, err, p)
		}
	})
	t.Run("a proxy's page is a problem of its status", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>case NE-1", http.StatusBadGateway) })
		_, err := c.Call(t.Context(), http.MethodPost, "/transfers", nil, nil)
		var p *edge.Problem
		if !errors.As(err, &p) || p.Status != http.StatusBadGateway || strings.Contains(err.Error(), "NE-1") {
			t.Fatal(err)
		}
	})
	t.Run("a redirect is not followed with the token", func(t *testing.T) {
		var elsewhere atomic.Int32
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/elsewhere") {
				elsewhere.Add(1)
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})
		if _, err := c.Call(t.Context(), http.MethodPost, "/transfers", nil, nil); err == nil || elsewhere.Load() != 0 {
			t.Fatal(err, elsewhere.Load())
		}
	})
	t.Run("what may have arrived is sent again under the same key", func(t *testing.T) {
		var keys []string
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
			if b, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(b), `"mission":"m"`) {
				t.Errorf("%q %v", b, err)
			}
			switch len(keys) {
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				refuse(w, http.StatusServiceUnavailable)
			case 3:
				w.Header().Set("Content-Type", edge.ProblemType)
				w.WriteHeader(http.StatusConflict)
				_, _ = io.WriteString(w, `{"type":"urn:safeconduct:in-progress","status":409}`)
			default:
				_, _ = io.WriteString(w, `{"id":"x"}`)
			}
		})
		done, err := c.Request(t.Context(), client.Order{Mission: "m"})
		if err != nil || done.ID != "x" || len(keys) != 4 || len(keys[0]) != 34 || keys[1] != keys[0] || keys[2] != keys[0] || keys[3] != keys[0] {
			t.Fatal(done, err, keys)
		}
		if _, err := c.Request(t.Context(), client.Order{Mission: "m"}); err != nil || keys[4] == keys[0] {
			t.Errorf("another request: %v, keys %v", err, keys)
		}
	})
	t.Run("a refusal is not repeated, and reading needs no key", func(t *testing.T) {
		calls := 0
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			if r.Method == http.MethodGet && r.Header.Get("Idempotency-Key") != "" {
				t.Error("a key for reading")
			}
			refuse(w, http.StatusConflict)
		})
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if _, err := c.Call(t.Context(), method, "/things", nil, nil); err == nil {
				t.Error(method)
			}
		}
		if calls != 2 {
			t.Errorf("%d calls", calls)
		}
	})
	t.Run("who sent too much waits as long as the gateway says", func(t *testing.T) {
		calls := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls++; calls == 1 {
				w.Header().Set("Retry-After", "40")
				refuse(w, http.StatusTooManyRequests)
			}
		}))
		defer server.Close()
		var waited time.Duration
		c, err := client.New(server.URL, token(t), client.Options{Pause: func(_ context.Context, d time.Duration) error {
			waited += d
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Call(t.Context(), http.MethodPost, "/things", nil, nil); err != nil || waited != 40*time.Second {
			t.Errorf("%v after %s", err, waited)
		}
	})
	t.Run("reading is repeated, a bounded number of times", func(t *testing.T) {
		var calls atomic.Int32
		c, pauses := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			refuse(w, http.StatusServiceUnavailable)
		})
		_, err := c.Transfer(t.Context(), "x")
		var p *edge.Problem
		if !errors.As(err, &p) || calls.Load() != 6 || pauses.Load() != 5 {
			t.Fatal(err, calls.Load(), pauses.Load())
		}
	})
	t.Run("no error shows the token or the path", func(t *testing.T) {
		c, err := client.New("http://127.0.0.1:1", token(t), client.Options{Pause: func(context.Context, time.Duration) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Transfer(t.Context(), "secret-id")
		if !errors.Is(err, client.ErrUnreachable) || strings.Contains(err.Error(), "secret-id") || strings.Contains(err.Error(), "sct_") {
			t.Fatal(err)
		}
	})
	t.Run("an ended context ends it", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusServiceUnavailable) })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Transfer(ctx, "x"); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}
