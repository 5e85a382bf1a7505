package telemetrytest

import (
	"bytes"
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

// Collector takes OTLP over HTTP and keeps it. The zero value is an
// [http.Handler] that was sent nothing yet; it may be read meanwhile.
type Collector struct {
	status int // 200 where zero
	mu     sync.Mutex
	all    bytes.Buffer

	traces, metrics []string
	headers         []http.Header
}

// Collect serves a collector for the length of the test. With a status other
// than zero it answers that, and takes nothing.
func Collect(t testing.TB, status int) (*Collector, *httptest.Server) {
	t.Helper()
	c := &Collector{status: status}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return c, s
}

func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
		c.traces = append(c.traces, c.keep(content, &collectortrace.ExportTraceServiceRequest{}))
	case "/v1/metrics":
		c.metrics = append(c.metrics, c.keep(content, &collectormetrics.ExportMetricsServiceRequest{}))
	default:
		http.NotFound(w, r)
	}
}

// keep answers with the message as text.
func (c *Collector) keep(content []byte, m proto.Message) string {
	text := "no OTLP"
	if proto.Unmarshal(content, m) == nil {
		text = protojson.Format(m)
	}
	c.all.Write(content)
	c.all.WriteString(text)
	return text
}

// Taken is each message so far as text, and the headers of each request.
func (c *Collector) Taken() (traces, metrics []string, headers []http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.traces, c.metrics, c.headers
}

// All is every message so far, both as it came and as text.
func (c *Collector) All() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.all.Bytes())
}
