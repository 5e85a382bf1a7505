package telemetry

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Config says what is told of the process, and how.
type Config struct {
	LogLevel  string `koanf:"log_level"  doc:"least level of the operations log: debug, info, warn or error"`
	LogFormat string `koanf:"log_format" doc:"form of the operations log: json or text"`
	Metrics   bool   `koanf:"metrics"    doc:"serve Prometheus metrics at /metrics of the admin listener"`

	OTLPEndpoint    string        `koanf:"otlp_endpoint"       doc:"URL of a collector that takes OTLP over HTTP, such as https://collector.example.org:4318; empty sends nothing"`
	OTLPCAFile      string        `koanf:"otlp_ca_file"        doc:"certificates (PEM) that the collector's must chain to; the system's if empty"`
	OTLPHeadersFile string        `koanf:"otlp_headers_file"   doc:"file of headers for the collector, one 'Name: value' a line, such as a token"`
	OTLPTraces      int           `koanf:"otlp_traces_percent" doc:"share of traces that is sent, in percent: 0 to 100"`
	OTLPInterval    time.Duration `koanf:"otlp_interval"       doc:"how often metrics are sent"`
}

// The forms of the operations log.
const (
	FormatJSON = "json"
	FormatText = "text"
)

const (
	leastInterval   = time.Second
	longestInterval = time.Hour
)

// Default is what holds where nothing is configured: nothing is sent anywhere.
func Default() Config {
	return Config{LogLevel: "info", LogFormat: FormatJSON, Metrics: true, OTLPTraces: 100, OTLPInterval: time.Minute}
}

// Validate names each key that is wrong, and how to mend it. It reads no file.
func (c Config) Validate() error {
	_, levelErr := c.level()
	var formatErr error
	if c.LogFormat != FormatJSON && c.LogFormat != FormatText {
		formatErr = fmt.Errorf("log_format %q is no form: use json or text", c.LogFormat)
	}
	return errors.Join(levelErr, formatErr, c.checkExport())
}

func (c Config) checkExport() error {
	if c.OTLPEndpoint == "" {
		if c.OTLPCAFile != "" || c.OTLPHeadersFile != "" {
			return errors.New("otlp_endpoint is missing: otlp_ca_file and otlp_headers_file have no effect without it")
		}
		return nil
	}
	var errs []error
	// What is exported tells how the system goes: it travels in clear on this machine only.
	if u, err := url.Parse(c.OTLPEndpoint); err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		errs = append(errs, errors.New("otlp_endpoint is no URL of a collector: use https://host:port, or http to this machine; secrets go into otlp_headers_file"))
	}
	if strings.HasPrefix(c.OTLPEndpoint, "http:") && c.OTLPCAFile != "" {
		errs = append(errs, errors.New("otlp_ca_file has no effect with http: remove one of them"))
	}
	if c.OTLPTraces < 0 || c.OTLPTraces > 100 {
		errs = append(errs, errors.New("otlp_traces_percent is out of bounds: use 0 to 100"))
	}
	if c.OTLPInterval < leastInterval || c.OTLPInterval > longestInterval {
		errs = append(errs, fmt.Errorf("otlp_interval is out of bounds: use %s to %s", leastInterval, longestInterval))
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (c Config) level() (slog.Level, error) {
	switch strings.ToLower(c.LogLevel) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	default:
		return 0, fmt.Errorf("log_level %q is no level: use debug, info, warn or error", c.LogLevel)
	}
}

// signalURL is where one signal of OTLP over HTTP goes, such as "v1/traces".
func (c Config) signalURL(path string) string {
	return strings.TrimRight(c.OTLPEndpoint, "/") + "/" + path
}

// dialer bounds how long a collector may take to answer the telephone.
func dialer() *net.Dialer { return &net.Dialer{Timeout: exportTimeout} }
