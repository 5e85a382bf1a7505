package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// scrubbed is what of a span leaves the process: attributes that are known to come from fixed sets, the kind of an error,
// and neither events nor links. Libraries put texts of errors into attributes, and those hold addresses and worse; what
// nobody put on this list stays here.
type scrubbed struct{ sdktrace.ReadOnlySpan }

func (s scrubbed) Attributes() []attribute.KeyValue {
	var kept []attribute.KeyValue
	for _, a := range s.ReadOnlySpan.Attributes() {
		if exported(a.Key) {
			kept = append(kept, a)
		}
	}
	return kept
}

func exported(k attribute.Key) bool {
	switch k {
	case AttrPhase, AttrVerdict, AttrCode, AttrStep, AttrOutcome, AttrState, AttrJob, AttrKind, AttrDependency, AttrRoute,
		"http.request.method", "http.response.status_code", "network.protocol.version":
		return true
	}
	return false
}

// Events implements sdktrace.ReadOnlySpan: none. An event of an error holds its text.
func (scrubbed) Events() []sdktrace.Event { return nil }

// Links implements sdktrace.ReadOnlySpan: none. A link would repeat what a client sent.
func (scrubbed) Links() []sdktrace.Link { return nil }
