package telemetry_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// collector takes OTLP over HTTP and keeps it as text.
type collector struct {
	mu      sync.Mutex
	traces  []string
	metrics []string
	headers []http.Header
	status  int // 200 where zero
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, "no gzip", http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	content, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, "cut", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status != 0 {
		http.Error(w, "no room", c.status)
		return
	}
	c.headers = append(c.headers, r.Header)
	switch r.URL.Path {
	case "/v1/traces":
		c.traces = append(c.traces, text(content, &collectortrace.ExportTraceServiceRequest{}))
	case "/v1/metrics":
		c.metrics = append(c.metrics, text(content, &collectormetrics.ExportMetricsServiceRequest{}))
	default:
		http.NotFound(w, r)
	}
}

func text(content []byte, m proto.Message) string {
	if err := proto.Unmarshal(content, m); err != nil {
		return "no OTLP: " + err.Error()
	}
	return protojson.Format(m)
}

func (c *collector) taken() (traces, metrics []string, headers []http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.traces, c.metrics, c.headers
}

func collect(t *testing.T, status int) (*collector, *httptest.Server) {
	t.Helper()
	c := &collector{status: status}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return c, s
}
