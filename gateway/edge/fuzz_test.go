package edge

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"safeconduct/authz/identity"
)

func bearerSeeds() []string {
	token := identity.Prefix + strings.Repeat("A", 43)
	return []string{"Bearer " + token, "bearer " + token, "Bearer  " + token, "Bearer\t" + token, "Bearer " + token + ", x", "Basic " + token, "Bearer", "Bearer sct_", ""}
}

func languageSeeds() []string {
	return []string{"fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "es-419", "zh", "*", "x-private", ";q=1", "fr;q=1e999", strings.Repeat("a-", 200), ""}
}

func hostSeeds() []string {
	return []string{"localhost", "LOCALHOST.:80", "[::1]:8080", "[::1]", "::1", "a:b:c", "[", "]:", "", "ex\u00e4mple.org.", "a..", "[[x]]"}
}

func proxySeeds() []string {
	return []string{"10.0.0.7", "10.0.0.0/24", "::1/128", "0.0.0.0/0", "::/0", "10.0.0.0/33", "fe80::1%eth0", "::ffff:10.0.0.1", "::ffff:0.0.0.0/96", "10.0.0.1/", "", "01.2.3.4"}
}

func TestFuzzSeeds(t *testing.T) {
	if a, b, c, d := len(bearerSeeds()), len(languageSeeds()), len(hostSeeds()), len(proxySeeds()); a != 9 || b != 9 || c != 12 || d != 12 {
		t.Fatalf("%d tokens, %d languages, %d hosts, %d proxies", a, b, c, d)
	}
}

// FuzzBearer: one form of one header is a token, and it is the text behind the scheme.
func FuzzBearer(f *testing.F) {
	for _, s := range bearerSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		secret, err := bearer(http.Header{"Authorization": {value}})
		if err != nil {
			if !errors.Is(err, identity.ErrUnknown) || secret.Reveal() != "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(value) < 8 || !strings.EqualFold(value[:7], "Bearer ") || value[7:] != secret.Reveal() {
			t.Fatalf("%q is taken for a token", value)
		}
		if _, err := bearer(http.Header{"Authorization": {value, value}}); err == nil {
			t.Fatal("two headers are taken for one")
		}
	})
}

// FuzzNegotiate: every header has a language of ours.
func FuzzNegotiate(f *testing.F) {
	for _, s := range languageSeeds() {
		f.Add(s)
	}
	m := matcher()
	f.Fuzz(func(t *testing.T, header string) {
		if got := negotiate(m, header); !slices.Contains([]string{english, french, spanish}, got) {
			t.Fatalf("%q is answered in %q", header, got)
		}
	})
}

// FuzzHost: a canonical host is its own, so that what is allowed and what is asked for are compared in one form.
func FuzzHost(f *testing.F) {
	for _, s := range hostSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		once := canonicalHost(host)
		if once != strings.ToLower(once) {
			t.Fatalf("%q becomes %q", host, once)
		}
		if checkHosts([]string{host}) == nil && canonicalHost(once) != once {
			t.Fatalf("%q is allowed, and becomes %q and then %q", host, once, canonicalHost(once))
		}
	})
}

// FuzzProxies: proxies that the configuration takes are taken by what reads the header, and never trust everybody; and an
// address that a header names is an address.
func FuzzProxies(f *testing.F) {
	for i, s := range proxySeeds() {
		f.Add(s, proxySeeds()[len(proxySeeds())-1-i]+", 1.1.1.1")
	}
	gin.SetMode(gin.ReleaseMode)
	f.Fuzz(func(t *testing.T, proxy, forwarded string) {
		if checkProxies([]string{proxy}) != nil {
			return
		}
		engine := gin.New()
		engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
		if err := engine.SetTrustedProxies([]string{proxy}); err != nil {
			t.Fatalf("the configuration takes %q, and gin does not: %v", proxy, err)
		}
		far := gin.CreateTestContextOnly(&silent{}, engine)
		far.Request = &http.Request{RemoteAddr: "198.51.100.1:5", Header: http.Header{"X-Forwarded-For": {forwarded}}}
		if p, err := netip.ParsePrefix(proxy); err == nil && p.Contains(netip.MustParseAddr("198.51.100.1")) || proxy == "198.51.100.1" {
			return
		}
		if got := far.ClientIP(); got != "198.51.100.1" {
			t.Fatalf("%q, which is no proxy, is believed to be %q", "198.51.100.1", got)
		}
	})
}

// silent is a response that nobody reads.
type silent struct{}

func (*silent) Header() http.Header         { return http.Header{} }
func (*silent) Write(p []byte) (int, error) { return len(p), nil }
func (*silent) WriteHeader(int)             {}
