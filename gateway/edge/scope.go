package edge

import (
	"context"
	"log/slog"

	"safeconduct/authz"
)

type scopeKey struct{}

// scope is what the edge knows of one request. It belongs to the goroutine of the request.
type scope struct {
	id       string
	lang     string
	route    string // template, never the path
	caller   authz.Caller
	class    Class
	joined   bool   // the caller has one of their places
	counted  bool   // refused at the door, where a flood stands: no line of its own
	problem  string // type of the problem that was answered
	problems *problems
	log      *slog.Logger
}

func scopeOf(ctx context.Context) (*scope, bool) {
	s, ok := ctx.Value(scopeKey{}).(*scope)
	return s, ok
}

// Caller is who calls, as identity found it for this request. Where nobody was identified it is the zero Caller, who
// holds no role and may do nothing.
func Caller(ctx context.Context) authz.Caller {
	if s, ok := scopeOf(ctx); ok {
		return s.caller
	}
	return authz.Caller{}
}

// RequestID is the id that the edge gave the request; empty outside of one.
func RequestID(ctx context.Context) string {
	if s, ok := scopeOf(ctx); ok {
		return s.id
	}
	return ""
}

// Language is the language to answer in: en, fr or es.
func Language(ctx context.Context) string {
	if s, ok := scopeOf(ctx); ok {
		return s.lang
	}
	return english
}
