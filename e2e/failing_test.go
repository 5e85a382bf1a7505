package e2e

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"safeconduct/authz"
	"safeconduct/e2e/between"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
)

// disturbed is a gateway, as a process of its own, whose servers fail as a test
// says. Its bounds are short, and in its configuration.
type disturbed struct {
	*ground
	alive  *gateway
	config string
	admin  string
	proxy  map[string]*between.Proxy // by postgres, vault, s3

	mu      sync.Mutex
	answers map[string]func(ctx context.Context, r between.Request) between.Act
	breaks  func(tx between.Transaction) bool
}

// waited is longer than any of the bounds together, on any machine. A call that
// takes longer is one that nothing bounds.
const waited = 75 * time.Second

func newDisturbed(t *testing.T) *disturbed {
	t.Helper()
	d := &disturbed{ground: newGround(t), proxy: map[string]*between.Proxy{}, answers: map[string]func(context.Context, between.Request) between.Act{}}
	host := func(address string) string {
		u, err := url.Parse(address)
		d.must(err)
		return u.Host
	}
	ctx := context.WithoutCancel(t.Context())
	stand := func(server string, p *between.Proxy, err error) string {
		d.must(err)
		d.proxy[server] = p
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		return p.Addr()
	}
	answer := func(server string) func(context.Context, between.Request) between.Act {
		return func(ctx context.Context, r between.Request) between.Act {
			d.mu.Lock()
			act := d.answers[server]
			d.mu.Unlock()
			if act == nil {
				return between.Act{}
			}
			return act(ctx, r)
		}
	}
	pg, err := between.Postgres(ctx, host(d.dsn.Reveal()), func(_ context.Context, tx between.Transaction) bool {
		d.mu.Lock()
		breaks := d.breaks
		d.mu.Unlock()
		return breaks != nil && breaks(tx)
	})
	pgAddr := stand("postgres", pg, err)
	v, err := between.HTTP(ctx, d.all.Vault.Address, answer("vault"))
	vAddr := stand("vault", v, err)
	s3, err := between.HTTP(ctx, d.all.MinIO.Endpoint, answer("s3"))
	d.config = d.redirected(pgAddr, vAddr, stand("s3", s3, err))
	d.admin = free(t)
	d.configure(func(c map[string]any) {
		section(c, "server")["admin_listen"] = d.admin
		section(c, "server")["caller_rate"] = 100_000
		section(c, "vault")["timeout"], section(c, "s3")["timeout"] = "1s", "1s"
		section(c, "log")["checkpoint_wait"] = "2s"
		file := section(c, "database")["url_file"].(string)
		dsn, err := os.ReadFile(file)
		d.must(err)
		d.must(os.WriteFile(file, append([]byte(strings.TrimSpace(string(dsn))), "&statement_timeout=2s&lock_timeout=1s"...), 0o600))
	})
	d.alive = d.start(d.config)
	return d
}

// TestFailingServers has each server fail in each way, under one process.
func TestFailingServers(t *testing.T) {
	d := newDisturbed(t)
	d.vaultFails(t)
	d.objectsFail(t)
	d.databaseFails(t)
}

// free is an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func section(c map[string]any, name string) map[string]any {
	s, ok := c[name].(map[string]any)
	if !ok {
		s = map[string]any{}
		c[name] = s
	}
	return s
}

func (d *disturbed) configure(change func(map[string]any)) {
	b, err := os.ReadFile(d.config)
	d.must(err)
	c := map[string]any{}
	d.must(yaml.Unmarshal(b, &c))
	change(c)
	b, err = yaml.Marshal(c)
	d.must(err)
	d.must(os.WriteFile(d.config, b, 0o600))
}

// answer has one of the HTTP servers answered for; nil ends it.
func (d *disturbed) answer(server string, act func(ctx context.Context, r between.Request) between.Act) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers[server] = act
}

// cutAt has connections to PostgreSQL break where so; nil ends it.
func (d *disturbed) cutAt(so func(tx between.Transaction) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.breaks = so
}

// what is said of an act while something fails.
type said string

const (
	done        said = "done"
	unavailable said = "503 unavailable, with Retry-After"
	internal    said = "500 internal"
	cutOff      said = "begun, and broken off" // a connection that never looks complete
	whatever    said = "either of these"       // it depends on the moment
)

// fault is one way in which a server fails.
type fault struct {
	name                  string
	begin, end            func(t *testing.T)
	upload, approve, pull said
	unready               string // what /readyz names; empty where it is not looked at
	size                  int    // of the payloads; small where 0
}

// run has each fault happen to transfers at three places on their way. Whatever
// clients are told, it is told in bounded time, nothing leaves, and when the
// fault has ended the same process finishes what was begun.
func (d *disturbed) run(t *testing.T, server string, faults []fault) {
	t.Helper()
	kept := d.keep()
	for _, f := range faults {
		t.Run("R49 R53 "+server+" "+f.name, func(t *testing.T) {
			d.now = t
			_, err := d.db.ExecContext(t.Context(), "DELETE FROM rates")
			d.must(err)
			url, size := d.alive.url(t), max(f.size, small)
			in, waits, out := d.walk(t, url, size), d.walk(t, url, size), d.walk(t, url, size)
			in.to("draft")
			waits.to("awaiting_approval")
			out.to("available")
			d.settle(t)
			f.begin(t)
			var all sync.WaitGroup
			for _, act := range []struct {
				what string
				want said
				told func() said
			}{
				{"upload", f.upload, func() said {
					return d.ask(t, in, authz.RO, http.MethodPut, in.file(), in.content)
				}},
				{"approval", f.approve, func() said {
					return d.ask(t, waits, authz.HOM, http.MethodPost, waits.url+client.API+"/transfers/"+waits.id+"/approvals", []byte(`{"granted":true}`))
				}},
				{"pull", f.pull, func() said { return d.ask(t, out, authz.PDL, http.MethodGet, out.file(), nil) }},
			} {
				all.Go(func() {
					if got := act.told(); got != act.want && act.want != whatever {
						t.Errorf("the %s: %s, want %s", act.what, got, act.want)
					}
				})
			}
			all.Wait()
			if f.unready != "" {
				eventually(t, "/readyz says so", func() bool { return d.readiness(t)[f.unready] == "failing" })
			}
			f.end(t)
			if d.alive.ended() {
				t.Fatal("the gateway ended")
			}
			eventually(t, "the gateway is ready again", func() bool { return d.ready(t) })
			for _, w := range []*walk{in, waits, out} {
				d.finish(t, w)
			}
			d.settle(t)
		})
	}
	d.now = t
	d.verify(kept)
	d.alive.searchDisk(t)
	searchBucket(t, d.all.MinIO, d.bucket, planted())
	searchDatabase(t, d.dsn, planted())
}

// finish brings a transfer to its end, whatever of it was done already.
func (d *disturbed) finish(t *testing.T, w *walk) {
	t.Helper()
	var last error
	eventually(t, w.id+" is acknowledged", func() bool {
		state := w.stored()
		switch state {
		case "draft", "uploading":
			last = w.upload()
		case "awaiting_approval":
			last = w.approve()
		case "available", "held":
			last = w.pull()
		case "pulled":
			last = w.acknowledge()
		}
		if last != nil {
			t.Logf("%s, %s: %v", w.id, state, last)
		}
		return state == "acknowledged"
	})
	if string(w.got) != string(w.content) {
		t.Errorf("%d of %d bytes came", len(w.got), len(w.content))
	}
}

// ask asks once, and tells what came of it.
func (d *disturbed) ask(t *testing.T, w *walk, role authz.Role, method, url string, body []byte) said {
	ctx, cancel := context.WithTimeout(t.Context(), waited)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(string(body)))
	if err != nil {
		t.Error(err)
		return ""
	}
	w.allow(r, role)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "asked-once-"+w.id)
	}
	resp, err := http.DefaultClient.Do(r)
	if ctx.Err() != nil {
		return "no answer, for ever"
	} else if err != nil {
		return said("no answer: " + err.Error())
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if resp.StatusCode < 300 {
		switch {
		case err != nil && method == http.MethodGet && strings.HasPrefix(string(w.content), string(got)) && len(got) < len(w.content):
			return cutOff
		case err != nil:
			return said("broken off: " + err.Error())
		case method == http.MethodGet && string(got) != string(w.content):
			return "something else came"
		}
		w.got = got
		return done
	}
	var p edge.Problem
	if json.Unmarshal(got, &p) != nil || p.Status != resp.StatusCode {
		return said("no problem: " + resp.Status)
	}
	switch {
	case p.Status == http.StatusServiceUnavailable && p.Type == "urn:safeconduct:unavailable" && resp.Header.Get("Retry-After") != "":
		return unavailable
	case p.Status == http.StatusInternalServerError && p.Type == "urn:safeconduct:internal":
		return internal
	}
	return said(resp.Status + " " + p.Type)
}

func (d *disturbed) readiness(t *testing.T) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waited)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.admin+"/readyz", nil)
	d.must(err)
	resp, err := http.DefaultClient.Do(r)
	d.must(err)
	defer func() { _ = resp.Body.Close() }()
	said := map[string]string{}
	d.must(json.NewDecoder(resp.Body).Decode(&said))
	if (resp.StatusCode == http.StatusOK) != allOK(said) {
		t.Errorf("/readyz answers %d and %v", resp.StatusCode, said)
	}
	return said
}

func allOK(said map[string]string) bool {
	for v := range maps.Values(said) {
		if v != "ok" {
			return false
		}
	}
	return true
}

func (d *disturbed) ready(t *testing.T) bool { return allOK(d.readiness(t)) }

// always answers so, whatever is asked, at the moment.
func always(at between.Moment, act between.Act) func(context.Context, between.Request) between.Act {
	return func(_ context.Context, r between.Request) between.Act {
		if r.Moment != at {
			return between.Act{}
		}
		return act
	}
}

// late answers when it is too late.
func late(ctx context.Context, r between.Request) between.Act {
	if r.Moment == between.Before {
		select {
		case <-ctx.Done():
		case <-time.After(4 * time.Second): // longer than the bound of one second
		}
	}
	return between.Act{}
}
