package telemetry

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// newLogger writes records of level and above to w. Each record made within a span carries trace_id and span_id.
func newLogger(c Config, w io.Writer) (*slog.Logger, error) {
	level, err := c.level()
	if err != nil {
		return nil, err
	}
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewJSONHandler(w, opts)
	if c.LogFormat == FormatText {
		h = slog.NewTextHandler(w, opts)
	}
	return slog.New(&traced{top: h, inner: h}), nil
}

// traced adds the ids of the current span to each record. They stay at the top level, whatever groups were opened, so
// that a log can be searched for them: groups are therefore opened per record, not in the handler below.
type traced struct {
	top   slog.Handler // without groups
	inner slog.Handler // with them
	steps []func(slog.Handler) slog.Handler
}

func (t *traced) Enabled(ctx context.Context, l slog.Level) bool { return t.top.Enabled(ctx, l) }

func (t *traced) Handle(ctx context.Context, r slog.Record) error {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return t.inner.Handle(ctx, r)
	}
	h := t.top.WithAttrs([]slog.Attr{
		slog.String("trace_id", span.TraceID().String()),
		slog.String("span_id", span.SpanID().String()),
	})
	for _, step := range t.steps {
		h = step(h)
	}
	return h.Handle(ctx, r)
}

func (t *traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return t
	}
	return t.with(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (t *traced) WithGroup(name string) slog.Handler {
	if name == "" {
		return t
	}
	return t.with(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (t *traced) with(step func(slog.Handler) slog.Handler) *traced {
	return &traced{top: t.top, inner: step(t.inner), steps: append(t.steps[:len(t.steps):len(t.steps)], step)}
}
