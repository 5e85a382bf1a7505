package edge

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

type originalKey struct{}

// open is the outermost handler: it gives the request its id and scope, and a span with the name of its route.
//
// otelhttp would note path, host, address and user agent of the request it is given, so it is given one without them.
func (s *Server) open(next http.Handler) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		original, ok := r.Context().Value(originalKey{}).(*http.Request)
		sc, scoped := scopeOf(r.Context())
		if !ok || !scoped {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		request := original.WithContext(r.Context())
		request.Body = r.Body // counted by otelhttp
		defer func() {
			r.Pattern = sc.route // for the metric
			span := trace.SpanFromContext(r.Context())
			span.SetName(method(original.Method) + " " + sc.route) // also where the handler breaks the connection
			span.SetAttributes(attribute.String("http.route", sc.route))
		}()
		next.ServeHTTP(w, request)
	})
	measured := otelhttp.NewHandler(inner, "edge",
		otelhttp.WithTracerProvider(s.deps.Tracer),
		otelhttp.WithMeterProvider(s.deps.Meter),
		// Each request begins a trace of its own. What a client sends of one is not read at all: ids, trace state and
		// baggage are free text to it, and would be exported.
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()),
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return method(r.Method) + " " + r.Pattern }),
	)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := requestID(s.deps.Random)
		if err != nil {
			s.deps.Log.ErrorContext(r.Context(), "request failed", "error", err.Error())
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		sc := &scope{
			id: id, lang: negotiate(s.languages, r.Header.Get("Accept-Language")), route: unmatched,
			problems: s.problems, log: s.deps.Log,
		}
		ctx := context.WithValue(context.WithValue(r.Context(), scopeKey{}, sc), originalKey{}, r)
		measured.ServeHTTP(w, bare(r).WithContext(ctx))
	})
}

// bare is what otelhttp may see of a request: no path, no address and no header.
func bare(r *http.Request) *http.Request {
	return &http.Request{
		Method: method(r.Method), URL: &url.URL{}, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: http.Header{}, Body: r.Body, ContentLength: r.ContentLength, Host: "safeconduct",
	}
}

// requestID is made here: one that a client brings is not believed.
func requestID(random io.Reader) (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("drawing a request id: %w", err)
	}
	return hex.EncodeToString(b), nil
}
