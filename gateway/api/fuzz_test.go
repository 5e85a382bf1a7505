package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/api/apitest"
)

// target is the API with its document, called without a network.
type target struct {
	*bench
	doc    apitest.Document
	bodies []apitest.Operation // those that take JSON
}

func newTarget(t testing.TB) *target {
	t.Helper()
	b := newBench(t).enrol()
	doc, err := apitest.Read(b.do(nobody, http.MethodGet, v1+"/openapi.json", nil).body)
	must(t, err)
	g := &target{bench: b, doc: doc}
	for _, op := range doc.Operations {
		if _, mediaType, err := doc.Body(op, apitest.Fill{Word: "word"}); err == nil && mediaType == "application/json" {
			g.bodies = append(g.bodies, op)
		}
	}
	return g
}

// serve answers a request of Legal's, and fails where the answer is an internal error or no problem document. What is
// unavailable is not: the world of a fuzzer has no sequencer to wait for once its process is told to end.
func (g *target) serve(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	g.server.Handler().ServeHTTP(rec, r.WithContext(t.Context()))
	if rec.Code >= http.StatusInternalServerError {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if rec.Code < http.StatusBadRequest {
		return rec
	}
	var p object
	if rec.Header().Get("Content-Type") != "application/problem+json" || json.Unmarshal(rec.Body.Bytes(), &p) != nil || p["status"] != float64(rec.Code) {
		t.Fatalf("%d is no problem: %s", rec.Code, rec.Body)
	}
	return rec
}

// edits turn a well-formed body into others.
func edits() []func(string) string {
	return []func(string) string{
		func(body string) string { return body },
		func(body string) string { return strings.Replace(body, "{", `{"x":1,`, 1) },
		func(body string) string { return body + body },
		func(body string) string { return strings.ReplaceAll(body, `"`, `\u0022`) },
		func(body string) string { return strings.Replace(body, ":", ":-1e400,", 1) },
		func(body string) string { return strings.ReplaceAll(body, "word", "\u0000\ufffd\U0001f600") },
		func(body string) string { return strings.ReplaceAll(body, `"word"`, `{"word":[null]}`) },
	}
}

func bodySeedsOf(t testing.TB, g *target) (all []string, ops []uint8) {
	t.Helper()
	for i, op := range g.bodies {
		body, _, err := g.doc.Body(op, apitest.Fill{Word: "word", Values: object{"mission": g.mission, "partner": g.partner, "person": g.people[authz.RO]}})
		must(t, err)
		for _, edit := range edits() {
			all, ops = append(all, edit(string(body))), append(ops, uint8(i))
		}
	}
	return all, ops
}

func TestBodyFuzzSeeds(t *testing.T) {
	g := newTarget(t)
	all, _ := bodySeedsOf(t, g)
	if len(g.bodies) < 25 || len(all) != 7*len(g.bodies) || len(headSeeds()) != 14 {
		t.Fatalf("%d operations, %d bodies and %d heads", len(g.bodies), len(all), len(headSeeds()))
	}
}

// FuzzBodies: whatever is sent to an operation that takes JSON, it answers what its document says, never an internal
// error; and what it refuses as unreadable or invalid names places, never a long piece of what was sent.
func FuzzBodies(f *testing.F) {
	g := newTarget(f)
	seeds, ops := bodySeedsOf(f, g)
	for i := range seeds {
		f.Add(ops[i], seeds[i])
	}
	unknowns := make([]string, len(g.bodies))
	for i, op := range g.bodies {
		unknowns[i] = with(op, unknown)
	}
	token := g.tokens[authz.LEG]
	f.Fuzz(func(t *testing.T, i uint8, body string) {
		at := int(i) % len(g.bodies)
		r := httptest.NewRequest(g.bodies[at].Method, unknowns[at], strings.NewReader(body))
		r.Host = "localhost"
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		rec := g.serve(t, r)
		if rec.Code >= http.StatusBadRequest && len(body) > 40 && strings.Contains(rec.Body.String(), body[:40]) {
			t.Errorf("R55 it repeats %q", body[:40])
		}
	})
}

// headSeeds are a path with its query, the name of a header and its value.
func headSeeds() [][3]string {
	return [][3]string{
		{v1 + "/tokens/current", "Accept-Language", "fr-CH, fr;q=0.9, *;q=0.5"},
		{v1 + "/missions/" + unknown, "Host", "localhost:8080."},
		{v1 + "/transfers/" + unknown + "/files/1", "Range", "bytes=1-"},
		{v1 + "/transfers/%00/files/01", "If-Range", `"x"`},
		{v1 + "/log/entries?limit=5&from=2026-01-01T00:00:00Z", "Accept", "application/cbor"},
		{v1 + "/log/entries?limit=%zz", "Content-Type", "text/csv; charset=\""},
		{v1 + "/people/..%2f..", "X-Forwarded-For", "1.1.1.1, [::1]:5"},
		{"//api/v1;x/tokens/current", "Authorization", "Bearer sct_"},
		{v1 + "/log/checkpoint", "Authorization", "bearer\t" + strings.Repeat("A", 47)},
		{v1 + "/parties", "Idempotency-Key", "\"a b\""},
		{v1 + "/openapi.json", "If-None-Match", "*"},
		{"/", "Origin", "null"},
		{v1 + "/agreements/" + unknown + "/document?", "Sec-Fetch-Site", "cross-site"},
		{v1 + "/assessment-templates/current", "Content-Digest", "sha-256=::"},
	}
}

// FuzzHeads: whatever stands in a path, a query or a header, the answer is a success of its own or a problem.
func FuzzHeads(f *testing.F) {
	for i, s := range headSeeds() {
		f.Add(uint8(i), s[0], s[1], s[2])
	}
	g := newTarget(f)
	token := g.tokens[authz.LEG]
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, "BREW"}
	f.Fuzz(func(t *testing.T, method uint8, path, name, value string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || strings.ContainsAny(name+value, "\r\n") {
			return // net/http answers it
		}
		r := &http.Request{
			Method: methods[int(method)%len(methods)], URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "localhost",
			Header: http.Header{"Authorization": {"Bearer " + token}}, Body: http.NoBody, RemoteAddr: "127.0.0.1:4711", RequestURI: path,
		}
		if strings.EqualFold(name, "Host") {
			r.Host = value
		} else {
			r.Header.Set(name, value)
		}
		g.serve(t, r)
	})
}
