package edge

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxSources bounds how many networks are told apart in a minute; the rest are counted together.
	maxSources = 4096
	// otherSources is the one that stands for the rest.
	otherSources = "others"
)

// sources counts requests without a valid token by the network that they came from, in the minute that runs.
type sources struct {
	most int

	mu     sync.Mutex
	minute time.Time
	failed map[string]int
}

func newSources(most int) *sources { return &sources{most: most, failed: map[string]int{}} }

// count counts one more, where there is one, and reports whether the source has had too many.
func (s *sources) count(source string, more int, at time.Time) bool {
	minute := at.UTC().Truncate(time.Minute)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !minute.Equal(s.minute) {
		s.minute, s.failed = minute, map[string]int{}
	}
	if _, known := s.failed[source]; !known && len(s.failed) >= maxSources {
		source = otherSources
	}
	if more > 0 {
		s.failed[source] += more
	}
	return s.failed[source] >= s.most
}

// network is what an address is counted by: a provider gives a customer so much of IPv6, and neighbours of IPv4 are
// often one customer. What is no address is one network.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}
