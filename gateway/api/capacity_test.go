package api_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/edge"
)

// hold begins a request of which the body does not come, and returns once the server waits for it: it keeps its place until
// the test ends. It is written by hand, since package net/http, where a server breaks a connection off, waits for the end of
// the body that it was sending, and here there is none.
func (b *bench) hold(t *testing.T, role authz.Role, method, path string) {
	t.Helper()
	b.eventually(t, string(role)+" has a place", func() bool { // who was answered just now may have one still
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() }) // the server may have closed it
		_, err = io.WriteString(conn, raw("", method+" "+path+" HTTP/1.1", "Host: localhost", "Authorization: Bearer "+b.tokens[role],
			"Content-Type: application/json", "Content-Length: 100", "Expect: 100-continue"))
		must(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != http.StatusContinue && res.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("%s %s as %s: %d", method, path, role, res.StatusCode)
		}
		return res.StatusCode == http.StatusContinue
	})
}

// With every place for general requests held by slow uploads and slow bodies, what releases and what stops a release pass.
func TestSlowClientsKeepNoReleaseOut(t *testing.T) {
	b := newBench(t).enrol()
	agreement := v1 + "/agreements/" + b.agree()
	consent := v1 + "/consents/" + str(b.consent("CASE-1"), "id")
	id := b.released([]byte("given_name\nAna\n"))
	sealed := b.make(authz.RO, v1+"/transfers", b.order())
	b.upload(sealed, 1, []byte("given_name\nAna\n"))
	open := b.make(authz.RO, v1+"/transfers", b.order())

	config := edge.Default()
	config.MaxRequests, config.MaxUploads = 16, 4
	config.BodyTimeout, config.StallTimeout = time.Hour, time.Hour // nobody leaves before the test ends
	server, _ := b.mount(config)
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	b.url = listening.URL
	b.hold(t, authz.RO, http.MethodPut, v1+"/transfers/"+open+"/files/1")
	slowly := []authz.Role{authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.PSG, authz.OIG}
	for i := range 11 { // with the upload three quarters of the places, and none has more than two
		b.hold(t, slowly[i%len(slowly)], http.MethodPost, v1+"/transfers")
	}
	got := b.do(nobody, http.MethodGet, v1+"/openapi.json", nil)
	b.problem(got, http.StatusServiceUnavailable, "unavailable")
	if got.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	if pulled := b.pull(id, 1); pulled.StatusCode != http.StatusOK || !bytes.Equal(pulled.body, []byte("given_name\nAna\n")) {
		t.Errorf("a pull: %d %s", pulled.StatusCode, pulled.body)
	}
	b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/transfers/"+sealed+"/commit", nil)
	b.want(http.StatusOK, authz.FP, http.MethodPost, v1+"/transfers/"+id+"/recall", object{"reason": "in time"})
	b.want(http.StatusOK, authz.RO, http.MethodPost, consent+"/withdrawal", nil)
	b.want(http.StatusOK, authz.HOM, http.MethodPost, agreement+"/suspension", object{"reason": "an incident"})
	b.want(http.StatusOK, authz.PSG, http.MethodPost, agreement+"/termination", object{"reason": "notice"})
}
