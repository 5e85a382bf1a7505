package edge

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/gin-gonic/gin"
)

// What is trusted is bounded: whoever is a trusted proxy is believed about where others are, and taken to have TLS.
const (
	widestIPv4 = 8  // bits of the prefix
	widestIPv6 = 16 // bits of the prefix
	widestSum  = 4  // so many of the widest, together
)

func checkProxies(proxies []string) error {
	share := map[int]float64{} // of the widest network, by the length of an address
	for _, p := range proxies {
		prefix, err := proxyNetwork(p)
		if err != nil {
			return err
		}
		widest := widestIPv4
		if prefix.Addr().Is6() {
			widest = widestIPv6
		}
		switch {
		case prefix.Bits() == 0:
			return fmt.Errorf("trusted_proxies %q trusts everybody: name the proxies", p)
		case prefix.Bits() < widest:
			return fmt.Errorf("trusted_proxies %q is too wide: name the proxies, or networks of /%d (IPv4), /%d (IPv6) or less", p, widestIPv4, widestIPv6)
		}
		share[prefix.Addr().BitLen()] += math.Exp2(float64(widest - prefix.Bits()))
	}
	for _, sum := range share {
		if sum > widestSum {
			return fmt.Errorf("trusted_proxies are too wide together: name the proxies, or networks that sum up to at most %d times a /%d (IPv4) or a /%d (IPv6)", widestSum, widestIPv4, widestIPv6)
		}
	}
	return nil
}

// proxyNetwork reads an entry of trusted_proxies; an address is a network of one.
func proxyNetwork(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("trusted_proxies %q is neither an address nor a network: use such as 10.0.0.7 or 10.0.0.0/24", text)
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	if prefix.Addr().Is4In6() { // net/netip and net do not read the same network
		return netip.Prefix{}, fmt.Errorf("trusted_proxies %q is a network of IPv4 written as IPv6: use such as 10.0.0.0/24", text)
	}
	return prefix.Masked(), nil
}

// errPeer says that somebody came past the proxies.
var errPeer = errors.New("not a trusted proxy")

// proxiesOnly are the peers that are served: where the proxies hold the TLS, nobody comes in clear past them. It is
// empty where this process speaks TLS itself, or has no proxy.
func proxiesOnly(c Config) ([]netip.Prefix, error) {
	if c.TLSCertFile != "" {
		return nil, nil
	}
	only := make([]netip.Prefix, 0, len(c.TrustedProxies))
	for _, p := range c.TrustedProxies {
		prefix, err := proxyNetwork(p)
		if err != nil {
			return nil, err
		}
		only = append(only, prefix)
	}
	return only, nil
}

// peer refuses who comes past the proxies.
func (s *Server) peer(c *gin.Context) {
	if len(s.peers) == 0 {
		return
	}
	from, err := netip.ParseAddr(c.RemoteIP())
	if err != nil || !slices.ContainsFunc(s.peers, func(p netip.Prefix) bool { return p.Contains(from.Unmap().WithZone("")) }) {
		WriteProblem(c, errPeer)
	}
}
