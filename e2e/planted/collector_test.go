package planted

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

// collector keeps what it is sent, as it came and as text.
type collector struct {
	*httptest.Server
	mu  sync.Mutex
	all bytes.Buffer
}

func collect(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(w http.ResponseWriter, r *http.Request) {
	body, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, "no gzip", http.StatusBadRequest)
		return
	}
	content, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, "cut", http.StatusBadRequest)
		return
	}
	var m proto.Message = &collectormetrics.ExportMetricsServiceRequest{}
	if r.URL.Path == "/v1/traces" {
		m = &collectortrace.ExportTraceServiceRequest{}
	}
	if err := proto.Unmarshal(content, m); err != nil {
		http.Error(w, "no OTLP", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Write(content)
	c.all.WriteString(protojson.Format(m))
}

func (c *collector) taken() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.all.Bytes())
}
