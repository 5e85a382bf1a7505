package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// under posts a body under a key.
func (b *bench) under(key string, role authz.Role, path string, body any) answer {
	b.Helper()
	text, err := json.Marshal(body)
	must(b, err)
	r := b.request(role, http.MethodPost, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	return b.exchange(r)
}

func (b *bench) problem(a answer, status int, kind string) object {
	b.Helper()
	p := a.object(b)
	if a.StatusCode != status || p["type"] != "urn:safeconduct:"+kind {
		b.Errorf("%d %s, want %d %s", a.StatusCode, a.body, status, kind)
	}
	return p
}

func (b *bench) missionNamed(name string) object {
	return object{"name": name, "country": "CO", "contact": "focal point"}
}

// missions counts those that there are.
func (b *bench) missionCount() int {
	b.Helper()
	return len(b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/missions", nil)["items"].([]any))
}

func TestIdempotencyKeys(t *testing.T) {
	b := newBench(t).enrol()
	const path = v1 + "/missions"
	first := b.under("one", authz.LEG, path, b.missionNamed("One"))
	t.Run("another body is refused", func(t *testing.T) {
		b.problem(b.under("one", authz.LEG, path, b.missionNamed("Two")), http.StatusUnprocessableEntity, "key-reused")
	})
	t.Run("another operation is refused", func(t *testing.T) {
		b.problem(b.under("one", authz.LEG, v1+"/purposes", object{"code": "other", "text": "x", "legal_basis": "x"}), http.StatusUnprocessableEntity, "key-reused")
	})
	t.Run("of another caller it is another key", func(t *testing.T) {
		second := b.hireLegal()
		other := b.under("one", second, path, b.missionNamed("One"))
		if other.StatusCode != http.StatusCreated || str(other.object(t), "id") == str(first.object(t), "id") {
			t.Errorf("%d %s", other.StatusCode, other.body)
		}
	})
	t.Run("a request that failed leaves it free", func(t *testing.T) {
		bad := b.missionNamed("Three")
		bad["country"] = "nowhere"
		b.problem(b.under("three", authz.LEG, path, bad), http.StatusUnprocessableEntity, "invalid")
		b.problem(b.under("three", authz.RO, path, b.missionNamed("Three")), http.StatusForbidden, "refused")
		if good := b.under("three", authz.LEG, path, b.missionNamed("Three")); good.StatusCode != http.StatusCreated {
			t.Errorf("%d %s", good.StatusCode, good.body)
		}
	})
	t.Run("after a day it is forgotten", func(t *testing.T) {
		b.clock.add(evidence.ClaimLife)
		before := b.missionCount()
		if b.under("one", authz.LEG, path, b.missionNamed("One")); b.missionCount() != before+1 {
			t.Error("it is remembered")
		}
	})
	for name, key := range map[string]string{"empty": "", "a space": "a b", "not ASCII": "clé", "too long": strings.Repeat("k", 256)} {
		t.Run("a key that is "+name+" is malformed", func(t *testing.T) {
			b.problem(b.under(key, authz.LEG, path, b.missionNamed("Four")), http.StatusBadRequest, "malformed")
		})
	}
	t.Run("two keys are malformed", func(t *testing.T) {
		r := b.request(authz.LEG, http.MethodPost, path, strings.NewReader(`{}`))
		r.Header["Idempotency-Key"] = []string{"a", "b"}
		b.problem(b.exchange(r), http.StatusBadRequest, "malformed")
	})
	t.Run("the longest key will do", func(t *testing.T) {
		if a := b.under(strings.Repeat("k", 255), authz.LEG, path, b.missionNamed("Five")); a.StatusCode != http.StatusCreated {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	})
}

// hireLegal gives the bench a second person of Legal.
func (b *bench) hireLegal() authz.Role {
	b.Helper()
	b.hire("second LEG", authz.LEG, "", "")
	return "second LEG"
}

func TestTwinsAreDoneOnce(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	id := b.make(authz.RO, v1+"/transfers", b.order())
	b.upload(id, 1, []byte("given_name\nAna\n"))
	for name, at := range map[string]struct {
		path   string
		body   any
		status int
	}{
		"request": {v1 + "/transfers", b.order(), http.StatusCreated},
		"commit":  {v1 + "/transfers/" + id + "/commit", nil, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			var running sync.WaitGroup
			answers := make([]answer, 8)
			for i := range answers {
				running.Go(func() { answers[i] = b.under("twin-"+name, authz.RO, at.path, at.body) })
			}
			running.Wait()
			ids := map[string]bool{}
			for _, a := range answers {
				switch a.StatusCode {
				case at.status:
					ids[str(a.object(t), "id")] = true
				case http.StatusConflict:
					b.problem(a, http.StatusConflict, "in-progress")
					if a.Header.Get("Retry-After") == "" {
						t.Error("it does not say when to try again")
					}
				default:
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			}
			if len(ids) != 1 {
				t.Errorf("%d things were made", len(ids))
			}
		})
	}
	if n := len(b.rows("SELECT id FROM transfers")); n != 2 {
		t.Errorf("%d transfers", n)
	}
}

// cut is a way between client and gateway that loses the answers while it is broken.
type cut struct {
	http.Handler
	broken atomic.Bool
}

func (c *cut) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !c.broken.Load() {
		c.Handler.ServeHTTP(w, r)
		return
	}
	c.Handler.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func TestALostAnswerIsAskedForAgain(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	way := &cut{Handler: b.server.Handler()}
	server := httptest.NewServer(way)
	t.Cleanup(server.Close)
	b.url = server.URL
	lose := func(key, path string, body any) {
		t.Helper()
		text, err := json.Marshal(body)
		must(t, err)
		way.broken.Store(true)
		r := b.request(authz.RO, http.MethodPost, path, io.NopCloser(bytes.NewReader(text))) // net/http cannot repeat it by itself
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			t.Fatal("the answer arrived")
		}
		way.broken.Store(false)
	}
	lose("asked", v1+"/transfers", b.order())
	asked := b.under("asked", authz.RO, v1+"/transfers", b.order())
	id := str(asked.object(t), "id")
	if ids := b.rows("SELECT id FROM transfers"); asked.StatusCode != http.StatusCreated || len(ids) != 1 || ids[0] != id || asked.Header.Get("Location") != v1+"/transfers/"+id {
		t.Fatalf("%d %s; there are %v", asked.StatusCode, asked.body, ids)
	}
	b.upload(id, 1, []byte("given_name\nAna\n"))
	lose("released", v1+"/transfers/"+id+"/commit", nil)
	b.clock.add(2 * evidence.ClaimLease) // what is recorded outlives the lease
	released := b.under("released", authz.RO, v1+"/transfers/"+id+"/commit", nil).object(t)
	if n := len(b.rows("SELECT id FROM record_versions WHERE kind = 'transfer' AND CAST(body AS TEXT) LIKE '%\"state\":\"available\"%'")); released["state"] != "available" || n != 1 {
		t.Errorf("%v, released %d times", released, n)
	}
}

func TestAClaimOfAProcessThatDied(t *testing.T) {
	b := newBench(t).enrol()
	slot := sha256.Sum256([]byte("slot\n" + b.people[authz.LEG] + "\ndied"))
	claimed, err := b.services.Claims.Claim(t.Context(), evidence.NewClaim(hex.EncodeToString(slot[:]), "who died"), "print")
	if err != nil || !claimed.Held {
		t.Fatal(claimed, err)
	}
	before := b.missionCount()
	b.problem(b.under("died", authz.LEG, v1+"/missions", b.missionNamed("One")), http.StatusUnprocessableEntity, "key-reused")
	b.clock.add(evidence.ClaimLease + time.Second)
	if a := b.under("died", authz.LEG, v1+"/missions", b.missionNamed("One")); a.StatusCode != http.StatusCreated || b.missionCount() != before+1 {
		t.Errorf("when its lease is over: %d %s", a.StatusCode, a.body)
	}
}

func TestARefusalIsAnsweredAgain(t *testing.T) {
	b := newBench(t).enrol()
	first := b.under("refused", authz.RO, v1+"/transfers", b.order())
	b.agree()
	b.consent("CASE-1")
	again := b.under("refused", authz.RO, v1+"/transfers", b.order())
	if p := b.problem(again, http.StatusForbidden, "refused"); plain(first) != plain(again) || p["transfer"] == "" {
		t.Errorf("first %s\nagain %s", first.body, again.body)
	}
}

func TestWhoMayNotReadItAnyMoreGetsNoAnswerAgain(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	first := b.under("once", authz.RO, v1+"/transfers", b.order())
	officer := v1 + "/people/" + b.people[authz.RO]
	grant := b.want(http.StatusOK, authz.LEG, http.MethodGet, officer, nil)["grants"].([]any)[0].(object)
	b.want(http.StatusOK, authz.LEG, http.MethodDelete, officer+"/roles/"+str(grant, "id"), nil)
	again := b.under("once", authz.RO, v1+"/transfers", b.order())
	if first.StatusCode != http.StatusCreated || again.StatusCode != http.StatusNotFound || strings.Contains(string(again.body), str(first.object(t), "id")) {
		t.Errorf("first %d, again %d %s", first.StatusCode, again.StatusCode, again.body)
	}
}

func TestAFileIsSentOnce(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	content := []byte("given_name\nAna\n")
	id := b.released(content)
	sum := sha256.Sum256(content)
	digest := digestField(hex.EncodeToString(sum[:]))
	if a := b.upload(id, 1, content, "Content-Digest", digest); a.StatusCode != http.StatusCreated || a.object(t)["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("the same again: %d %s", a.StatusCode, a.body)
	}
	other := sha256.Sum256([]byte("other"))
	for name, a := range map[string]answer{
		"another file":   b.upload(id, 1, []byte("other"), "Content-Digest", digestField(hex.EncodeToString(other[:]))),
		"without digest": b.upload(id, 1, content),
	} {
		if a.StatusCode != http.StatusConflict {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}
