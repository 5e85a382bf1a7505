package edge_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"safeconduct/gateway/edge"
)

// TestProxiesAreBounded: no list of proxies means everybody, however it is written.
func TestProxiesAreBounded(t *testing.T) {
	t.Parallel()
	eights := make([]string, 0, 256)
	for i := range 256 {
		eights = append(eights, fmt.Sprintf("%d.0.0.0/8", i))
	}
	for _, tc := range []struct {
		name    string
		proxies []string
		wrong   string
	}{
		{"none", nil, ""},
		{"addresses and networks", []string{"10.0.0.7", "10.0.1.0/24", "2001:db8::7", "2001:db8::/32"}, ""},
		{"all private networks", []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fd00::/16"}, ""},
		{"an address within IPv6", []string{"::ffff:10.0.0.7"}, ""},
		{"everybody", []string{"0.0.0.0/0"}, "trusts everybody"},
		{"everybody of IPv6", []string{"::/0"}, "trusts everybody"},
		{"everybody in two halves", []string{"0.0.0.0/1", "128.0.0.0/1"}, "too wide"},
		{"a wide network", []string{"10.0.0.0/7"}, "too wide"},
		{"a wide network of IPv6", []string{"2000::/15"}, "too wide"},
		{"everybody in parts", eights, "too wide together"},
		{"five parts", eights[:5], "too wide together"},
		{"four parts", eights[:4], ""},
		{"IPv4 as IPv6", []string{"::ffff:10.0.0.0/104"}, "written as IPv6"},
		{"no network", []string{"proxy.example.org"}, "neither an address nor a network"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := edge.Default()
			c.TrustedProxies = tc.proxies
			if err := c.Validate(); (err == nil) != (tc.wrong == "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("%v, want %q", err, tc.wrong)
			}
		})
	}
}

// TestNobodyPassesTheProxy: where the proxies hold the TLS, nobody else is served in clear.
func TestNobodyPassesTheProxy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*edge.Config)
		remote string
		served bool
	}{
		"the proxy":               {nil, "10.0.0.7:1", true},
		"the proxy on IPv6":       {nil, "[2001:db8::7]:1", true},
		"the proxy by mapping":    {nil, "[::ffff:10.0.0.7]:1", true},
		"somebody else":           {nil, "10.0.1.7:1", false},
		"this machine":            {nil, "127.0.0.1:1", false},
		"no address":              {nil, "@", false},
		"somebody else over TLS":  {func(c *edge.Config) { c.TLSCertFile, c.TLSKeyFile = "cert.pem", "key.pem" }, "192.0.2.1:1", true},
		"anybody without proxies": {func(c *edge.Config) { c.TrustedProxies = nil }, "192.0.2.1:1", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *edge.Config, _ *edge.Deps) {
				c.TrustedProxies = []string{"10.0.0.0/24", "2001:db8::7"}
				if tc.change != nil {
					tc.change(c)
				}
			})
			reached := false
			b.API().GET("/me", func(*gin.Context) { reached = true })
			r := b.request(t, http.MethodGet, "/api/v1/me", nil)
			r.RemoteAddr = tc.remote
			r.Header.Set("X-Forwarded-For", "10.0.0.7")
			rec := b.do(r)
			if reached != tc.served {
				t.Errorf("reached: %v, %d", reached, rec.Code)
			}
			if !tc.served {
				wantProblem(t, rec, http.StatusMisdirectedRequest, "not-a-proxy")
			}
		})
	}
}
