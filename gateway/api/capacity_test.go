package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/edge"
)

// dribble is a body that begins and does not end before it is let go.
type dribble struct {
	first io.Reader
	leave <-chan struct{}
}

func (d *dribble) Read(p []byte) (int, error) {
	if n, err := d.first.Read(p); err == nil {
		return n, nil
	}
	<-d.leave
	return 0, io.ErrUnexpectedEOF
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
	server, _ := b.mount(config)
	listening := httptest.NewServer(server.Handler())
	b.url = listening.URL
	leave := make(chan struct{})
	var slow sync.WaitGroup
	t.Cleanup(func() {
		close(leave)
		slow.Wait()
		listening.Close()
	})
	begin := func(role authz.Role, method, path string) {
		slow.Go(func() { // until it gets in: another request may have had the place
			for {
				r := b.request(role, method, path, &dribble{strings.NewReader(`{"`), leave})
				r.Header.Set("Content-Type", "application/json")
				if res, err := http.DefaultClient.Do(r); err == nil {
					_ = res.Body.Close()
				}
				select {
				case <-leave:
					return
				default:
				}
			}
		})
	}
	slowly := []authz.Role{authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.PSG, authz.OIG}
	for _, role := range append(slowly, authz.RO, authz.PDL) { // a server that has just begun looks up few unknown tokens at once
		b.want(http.StatusOK, role, http.MethodGet, v1+"/tokens/current", nil)
	}
	begin(authz.RO, http.MethodPut, v1+"/transfers/"+open+"/files/1")
	for _, role := range slowly {
		for range 2 {
			begin(role, http.MethodPost, v1+"/transfers")
		}
	}
	for { // until the last place is taken
		must(t, t.Context().Err())
		got := b.do(nobody, http.MethodGet, v1+"/openapi.json", nil)
		if got.StatusCode == http.StatusServiceUnavailable {
			b.problem(got, http.StatusServiceUnavailable, "unavailable")
			if got.Header.Get("Retry-After") == "" {
				t.Error("it does not say when to try again")
			}
			break
		}
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
