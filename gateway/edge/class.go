package edge

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

// urgent reports whether the class is of those for which the store keeps connections.
func (c Class) urgent() bool { return c == Release || c == Pull }
