package edge

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Config says where to listen and what to bear.
type Config struct {
	Listen         string   `koanf:"listen"          doc:"address and port of the API, host:port"`
	TLSCertFile    string   `koanf:"tls_cert_file"   doc:"certificate chain (PEM); with tls_key_file the API speaks TLS itself"`
	TLSKeyFile     string   `koanf:"tls_key_file"    doc:"private key (PEM) of tls_cert_file"`
	TrustedProxies []string `koanf:"trusted_proxies" doc:"addresses or networks of the proxies whose X-Forwarded-For is believed, at most an IPv4 /8 or an IPv6 /16 each; without tls_cert_file nobody else is served; none by default"`
	AllowedHosts   []string `koanf:"allowed_hosts"   doc:"host names, without port, under which the API may be addressed; by default loopback names where it listens on loopback, any elsewhere"`
	AdminListen    string   `koanf:"admin_listen"    doc:"address and port of health and metrics, host:port; empty turns them off"`

	ReadHeaderTimeout time.Duration `koanf:"read_header_timeout" doc:"longest time a request's headers may take"`
	BodyTimeout       time.Duration `koanf:"body_timeout"        doc:"longest time a request's JSON body may take"`
	StallTimeout      time.Duration `koanf:"stall_timeout"       doc:"longest pause within an upload or a download"`
	IdleTimeout       time.Duration `koanf:"idle_timeout"        doc:"longest time a connection may wait for its next request"`
	DrainTimeout      time.Duration `koanf:"drain_timeout"       doc:"longest time that running requests get when the server stops"`
	MaxHeaderBytes    int64         `koanf:"max_header_bytes"    doc:"most bytes of a request's headers"`
	MaxJSONBytes      int64         `koanf:"max_json_bytes"      doc:"most bytes of a JSON body, where a route sets no other bound"`

	CallerRate     int `koanf:"caller_rate"     doc:"most requests of one person in a minute, at all replicas together"`
	FailureRate    int `koanf:"failure_rate"    doc:"most requests without a valid token, in a minute, from one network (IPv4 /24, IPv6 /48) at this process, before its unknown tokens wait in a narrow line"`
	MaxConnections int `koanf:"max_connections" doc:"most connections to listen at once; others wait to be accepted"`
	MaxRequests    int `koanf:"max_requests"    doc:"most requests at once; a quarter is kept for releases and for what stops them, others are answered 503"`
	MaxUploads     int `koanf:"max_uploads"     doc:"most uploads at once"`
}

// Default listens on loopback, without TLS and without the admin listener.
func Default() Config {
	return Config{
		Listen:            "127.0.0.1:8080",
		ReadHeaderTimeout: 10 * time.Second,
		BodyTimeout:       2 * time.Minute,
		StallTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		DrainTimeout:      30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		MaxJSONBytes:      1 << 20,
		CallerRate:        3000,
		FailureRate:       60,
		MaxConnections:    4096,
		MaxRequests:       512,
		MaxUploads:        64,
	}
}

const (
	minHeaderBytes = 4 << 10
	maxHeaderBytes = 1 << 20
	maxJSONBytes   = 64 << 20
	longest        = time.Hour
	minRequests    = 16 // so that each share has a place
	mostOfAny      = 1_000_000
)

// Validate names each key that is wrong, and how to mend it. It reads no file.
func (c Config) Validate() error {
	return errors.Join(
		checkAddress("listen", c.Listen),
		c.checkAdmin(),
		fault((c.TLSCertFile == "") != (c.TLSKeyFile == ""), "tls_cert_file", "and tls_key_file go together: give both, or neither"),
		checkProxies(c.TrustedProxies),
		checkHosts(c.AllowedHosts),
		checkTime("read_header_timeout", c.ReadHeaderTimeout),
		checkTime("body_timeout", c.BodyTimeout),
		checkTime("stall_timeout", c.StallTimeout),
		checkTime("idle_timeout", c.IdleTimeout),
		checkTime("drain_timeout", c.DrainTimeout),
		fault(c.MaxHeaderBytes < minHeaderBytes || c.MaxHeaderBytes > maxHeaderBytes, "max_header_bytes", "is out of bounds: use 4KiB to 1MiB"),
		fault(c.MaxJSONBytes < 1 || c.MaxJSONBytes > maxJSONBytes, "max_json_bytes", "is out of bounds: use 1B to 64MiB"),
		checkCount("caller_rate", c.CallerRate, 1, mostOfAny),
		checkCount("failure_rate", c.FailureRate, 1, mostOfAny),
		checkCount("max_connections", c.MaxConnections, 1, mostOfAny),
		checkCount("max_requests", c.MaxRequests, minRequests, mostOfAny),
		checkCount("max_uploads", c.MaxUploads, 1, max(1, c.MaxRequests)),
	)
}

// Encrypted reports whether what clients send travels under TLS: to this process, or to the proxies before it.
func (c Config) Encrypted() bool { return c.TLSCertFile != "" || len(c.TrustedProxies) > 0 }

// Loopback reports whether address, host:port, can be reached from this machine only.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (c Config) checkAdmin() error {
	if c.AdminListen == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(c.AdminListen); err == nil && c.AdminListen == c.Listen && port != "0" {
		return errors.New("admin_listen is the address of listen: give it a port of its own")
	}
	return checkAddress("admin_listen", c.AdminListen)
}

func checkAddress(key, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s %q is no address: use host:port, such as 127.0.0.1:8080", key, address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%s %q has no port number: use 0 (any free one) to 65535", key, address)
	} else if host == "" && n == 0 {
		return fmt.Errorf("%s %q names neither host nor port: use host:port", key, address)
	}
	return nil
}

func checkHosts(hosts []string) error {
	for _, h := range hosts {
		if h == "" || canonicalHost(h) != strings.ToLower(h) || strings.ContainsAny(h, "*/@ ") {
			return fmt.Errorf("allowed_hosts %q is no host name: use a name or an address, without port or wildcard", h)
		}
	}
	return nil
}

func checkTime(key string, d time.Duration) error {
	return fault(d <= 0 || d > longest, key, "is out of bounds: use more than 0s and at most 1h")
}

func checkCount(key string, n, least, most int) error {
	return fault(n < least || n > most, key, fmt.Sprintf("is out of bounds: use %d to %d", least, most))
}

func fault(wrong bool, key, mend string) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf("%s %s", key, mend)
}
