package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"safeconduct/authz"
)

// TestBadHeads: paths, methods, versions and headers that are not what they seem.
func TestBadHeads(t *testing.T) {
	w := newWire(t)
	me := v1 + "/tokens/current"
	people := v1 + "/people/"
	transfer := v1 + "/transfers/" + w.transfer
	long := strings.Repeat("a", 40_000)
	bearer := w.auth(authz.LEG)
	at := func(path string) string { return raw("", w.get(path)...) }
	method := func(m, path string) string { return raw("", m+" "+path+" HTTP/1.1", "Host: localhost", bearer) }
	with := func(lines ...string) string { return raw("", w.get(me, lines...)...) }
	const (
		okay     = http.StatusOK
		bad      = http.StatusBadRequest
		stranger = http.StatusUnauthorized
		none     = http.StatusNotFound
		wrong    = http.StatusMethodNotAllowed
	)
	for _, c := range []struct {
		name   string
		text   string
		status []int
	}{
		{"bad percent-encoding", at(people + "%zz" + planted), []int{bad}},
		{"percent-encoding cut off", at(people + "%4"), []int{bad}},
		{"NUL in an id", at(people + "%00" + planted), []int{none}},
		{"NUL as it is in a path", at(people + "\x00"), []int{bad}},
		{"line feed in an id", at(people + "%0a" + planted), []int{none}},
		{"not UTF-8 in an id", at(people + "%ff%fe" + planted), []int{none}},
		{"dots", at(v1 + "/tokens/../people/" + planted), []int{none}},
		{"encoded dots", at(v1 + "/people/%2e%2e/" + planted), []int{none}},
		{"encoded slash", at(people + planted + "%2froles"), []int{none, wrong}},
		{"encoded backslash", at(people + "..%5c" + planted), []int{none}},
		{"two slashes", at("//api/v1/tokens/current"), []int{none}},
		{"two slashes inside", at(v1 + "//tokens/current"), []int{none}},
		{"slash at the end", at(me + "/"), []int{none}},
		{"semicolon", at(v1 + "/tokens/current;x=" + planted), []int{wrong}},
		{"another case", at(strings.ToUpper(me)), []int{none}},
		{"matrix of an id", at(transfer + ";" + planted), []int{none}},
		{"encoded letters are letters", at(strings.Replace(me, "current", "%63urrent", 1)), []int{okay, none}},
		{"a very long id", at(people + long), []int{none}},
		{"a path beyond the bound", at(people + strings.Repeat("a", 200_000)), []int{http.StatusRequestHeaderFieldsTooLarge}},
		{"a number with a sign", at(transfer + "/files/+1"), []int{none}},
		{"a number with a zero before", at(transfer + "/files/01"), []int{none}},
		{"a number that is too large", at(transfer + "/files/99999999999999999999"), []int{none}},
		{"another server in the path", at("http://" + planted + me), []int{http.StatusMisdirectedRequest}},
		{"an address for a path", at("localhost:80"), []int{bad, none}},
		{"no path", at("?x"), []int{bad}},
		{"a star", at("*"), []int{bad, none}},
		{"a fragment", at(me + "#" + planted), []int{wrong}},

		{"TRACE", method("TRACE", me), []int{wrong}},
		{"TRACK", method("TRACK", me), []int{wrong}},
		{"an unknown method", method("BREW", me), []int{wrong}},
		{"a method in lower case", method("get", me), []int{wrong}},
		{"a long method", method(strings.Repeat("A", 5000), me), []int{wrong}},
		{"a method with a bracket", method("GE(T", me), []int{bad}},
		{"CONNECT", raw("", "CONNECT localhost:443 HTTP/1.1", "Host: localhost", bearer), []int{none, wrong, bad}},
		{"CONNECT a path", method("CONNECT", me), []int{wrong, none, bad}},
		{"OPTIONS", method("OPTIONS", me), []int{wrong}},
		{"OPTIONS of everything", method("OPTIONS", "*"), []int{okay, none, bad}},
		{"PATCH", method("PATCH", transfer), []int{wrong}},
		{"DELETE of the log", method("DELETE", v1+"/log/entries"), []int{wrong}},
		{"another method in a header", raw("", w.get(v1+"/tokens/current", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE")...), []int{okay}},
		{"another path in a header", with("X-Original-URL: /api/v1/missions", "X-Rewrite-URL: /api/v1/missions"), []int{okay}},

		{"HTTP/1.0", raw("", "GET "+me+" HTTP/1.0", "Host: localhost", bearer), []int{okay}},
		{"HTTP/1.0 without a host", raw("", "GET "+me+" HTTP/1.0", bearer), []int{http.StatusMisdirectedRequest}},
		{"HTTP/0.9", "GET " + me + "\r\n\r\n", []int{bad}},
		{"HTTP/2 where nobody agreed on it", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{http.StatusHTTPVersionNotSupported, bad, none, stranger, http.StatusMisdirectedRequest}},
		{"HTTP/3.7", raw("", "GET "+me+" HTTP/3.7", "Host: localhost"), []int{http.StatusHTTPVersionNotSupported}},
		{"no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{bad}},
		{"an upgrade", with("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), []int{okay}},

		{"no host", raw("", "GET "+me+" HTTP/1.1", bearer), []int{bad}},
		{"two hosts", with("Host: localhost"), []int{bad}},
		{"another host", raw("", "GET "+me+" HTTP/1.1", "Host: "+planted+".example", bearer), []int{http.StatusMisdirectedRequest}},
		{"another host in a header", with("X-Forwarded-Host: " + planted + ".example"), []int{okay}},
		{"a host with a space", raw("", "GET "+me+" HTTP/1.1", "Host: local host", bearer), []int{bad}},
		{"a host with a user", raw("", "GET "+me+" HTTP/1.1", "Host: localhost@"+planted, bearer), []int{bad, http.StatusMisdirectedRequest}},

		{"two tokens", with(bearer), []int{stranger}},
		{"two tokens in one line", raw("", "GET "+me+" HTTP/1.1", "Host: localhost", bearer+", Bearer x"), []int{stranger}},
		{"a token in the query", raw("", "GET "+me+"?access_token="+w.tokens[authz.LEG]+" HTTP/1.1", "Host: localhost"), []int{stranger}},
		{"a token in a cookie", raw("", "GET "+me+" HTTP/1.1", "Host: localhost", "Cookie: token="+w.tokens[authz.LEG]), []int{stranger}},
		{"another scheme", raw("", "GET "+me+" HTTP/1.1", "Host: localhost", "Authorization: Basic "+planted), []int{stranger}},
		{"a token after a tab", raw("", "GET "+me+" HTTP/1.1", "Host: localhost", "Authorization: Bearer\t"+w.tokens[authz.LEG]), []int{stranger}},
		{"a token after two blanks", raw("", "GET "+me+" HTTP/1.1", "Host: localhost", "Authorization: Bearer  "+w.tokens[authz.LEG]), []int{stranger}},
		{"a folded line", raw("", "GET "+me+" HTTP/1.1", "Host: localhost", "Authorization: Bearer", " "+w.tokens[authz.LEG]), []int{okay, bad, stranger}},
		{"a blank before the colon", raw("", "GET "+me+" HTTP/1.1", "Host: localhost", strings.Replace(bearer, ":", " :", 1)), []int{bad}},
		{"a header without a name", with(": " + planted), []int{bad}},
		{"a header without a colon", with(planted), []int{bad}},
		{"NUL in a header", with("X-A: a\x00" + planted), []int{bad}},
		{"a lone carriage return in a header", with("X-A: a\rX-B: b" + planted), []int{bad}},
		{"headers beyond the bound", with("X-A: " + strings.Repeat("a", 200_000)), []int{http.StatusRequestHeaderFieldsTooLarge}},
		{"many headers", with(strings.Repeat("A: b\r\n", 50_000) + "A: b"), []int{http.StatusRequestHeaderFieldsTooLarge}},
		{"an expectation that nobody meets", with("Expect: " + planted), []int{http.StatusExpectationFailed}},

		{"languages without end", with("Accept-Language: " + strings.Repeat("fr;q=0.1,", 5000) + "es"), []int{okay}},
		{"no language", with("Accept-Language: \xff\xfe;q=-1,*-*;q=1e9,x-" + planted), []int{okay}},
		{"nothing acceptable", with("Accept: application/" + planted), []int{okay, http.StatusNotAcceptable}},
		{"another site", raw("", "POST "+v1+"/missions HTTP/1.1", "Host: localhost", bearer, "Sec-Fetch-Site: cross-site", "Content-Length: 0"), []int{http.StatusForbidden}},
		{"another origin", raw("", "POST "+v1+"/missions HTTP/1.1", "Host: localhost", bearer, "Origin: https://"+planted, "Content-Length: 0"), []int{http.StatusForbidden}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := w.open(w.addr)
			// A server that refuses before the end need not read to the end.
			_, _ = io.WriteString(l, c.text)
			got, ok := l.answer(t, strings.SplitN(c.text, " ", 2)[0])
			if !ok {
				t.Fatal("the connection ends without an answer")
			}
			refused(t, got, c.status...)
			if !got.Close {
				w.goesOn(t, l)
			}
			w.unharmed(t)
		})
	}
	w.swept(t)
}

// goesOn: on a connection that stays open the next request is read from its beginning.
func (w *wire) goesOn(t *testing.T, l *line) {
	t.Helper()
	_, err := io.WriteString(l, raw("", w.get(v1+"/tokens/current")...))
	must(t, err)
	got, ok := l.answer(t, http.MethodGet)
	if !ok || got.StatusCode != http.StatusOK || str(got.object(t)["person"].(object), "id") != w.people[authz.LEG] {
		t.Errorf("the next request on the connection answers %t %d", ok, statusOf(got))
	}
}

func statusOf(a answer) int {
	if a.Response == nil {
		return 0
	}
	return a.StatusCode
}

// A peer that is no trusted proxy does not say where a request comes from.
func TestForwardedForIsNotBelieved(t *testing.T) {
	w := newWire(t)
	sources := map[any]bool{}
	for i, more := range [][]string{nil, {"X-Forwarded-For: 203.0.113.7"}, {"X-Real-IP: 203.0.113.8", "Forwarded: for=203.0.113.9", "X-Forwarded-For: 1.1.1.1, 2.2.2.2"}} {
		l := w.open(w.addr)
		_, err := io.WriteString(l, raw("", append([]string{"GET " + v1 + "/log/checkpoint HTTP/1.1", "Host: localhost", w.auth(authz.RO)}, more...)...))
		must(t, err)
		got, ok := l.answer(t, http.MethodGet)
		if !ok || got.StatusCode != http.StatusForbidden {
			t.Fatalf("request %d: %d", i, statusOf(got))
		}
		sources[w.entryOf(t, got.Header.Get("X-Request-Id"))["source"]] = true
	}
	if len(sources) != 1 {
		t.Errorf("one peer has %d sources", len(sources))
	}
}

// entryOf reads the entry of a request from the log.
func (w *wire) entryOf(t *testing.T, request string) object {
	t.Helper()
	w.placed()
	for _, l := range w.want(http.StatusOK, authz.OIG, http.MethodGet, v1+"/log/entries?kind=denial&limit=500", nil)["items"].([]any) {
		if e := l.(object)["entry"].(object); e["request"] == request {
			return e
		}
	}
	t.Fatalf("request %s is in no entry", request)
	return nil
}
