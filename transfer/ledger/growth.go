package ledger

import "golang.org/x/mod/sumdb/tlog"

// Growth recomputes the roots of a log from its entries, which are added from
// the first on, each in its place. The zero value is the empty log.
type Growth struct{ edge edge }

// Add appends the entry, whatever its Seq says.
func (g *Growth) Add(e Entry) { g.edge.push(tlog.RecordHash(Leaf(e))) }

// Size is how many entries were added.
func (g *Growth) Size() int64 { return g.edge.size }

// Root is the root of the tree over them (RFC 6962, 2.1).
func (g *Growth) Root() tlog.Hash { return g.edge.root() }
