package edge

import (
	"context"

	"safeconduct/authz/evidence"
)

// Class says for what kind of requests a place is kept. It is declared where a route is mounted.
type Class int

const (
	// General is every route that nobody declared otherwise.
	General Class = iota
	// Release is what lets a transfer go, or stops one: short, and never kept waiting by anything else.
	Release
	// Pull is a download, by which a release leaves.
	Pull
	// Upload is a body of any length that comes as slowly as its client sends it.
	Upload
)

// Class declares the class of a route; method and template are those of Bound. It is called while routes are mounted.
func (s *Server) Class(method, template string, class Class) { s.classes[method+" "+template] = class }

// within marks what is done for the class, where the store keeps connections for it.
func (c Class) within(ctx context.Context) context.Context {
	switch c {
	case Release:
		return evidence.Urgent(ctx)
	case Pull:
		return evidence.Pulling(ctx)
	case General, Upload:
	}
	return ctx
}
