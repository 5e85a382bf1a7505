package ledgertest

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"safeconduct/transfer/ledger"
)

// Tables are the three log tables of a store, to be read and changed below
// every constraint and trigger. An adapter on SQL drops those first.
type Tables interface {
	// Load reads every row.
	Load(ctx context.Context) (*Rows, error)
	// Replace makes the tables hold exactly these rows.
	Replace(ctx context.Context, rows *Rows) error
}

// Pick chooses a number from 0 to n-1; n is at least 1.
type Pick func(n int) int

// Target is the row that a finding must name.
type Target struct {
	Table string
	Row   string
}

// Mutation is one thing that somebody with the database may do to one row, or
// to two in the case of a swap.
type Mutation struct {
	Name string
	// Doubles says that a primary key or unique constraint forbids it, so
	// that the adapter must drop that constraint too.
	Doubles bool
	// Apply changes rows and says which row must be named. The log must be
	// sound, without waiting entries, and have at least 3 checkpoints and 8
	// entries, none of them erased or evidence of an erasure.
	Apply func(rows *Rows, pick Pick) Target
}

// Found reports whether a finding names the target.
func (t Target) Found(report ledger.Report) bool {
	return slices.ContainsFunc(report.Findings, func(f ledger.Finding) bool {
		return f.Table == t.Table && f.Row == t.Row
	})
}

// Run loads the rows of tables, applies the mutation, and replaces them.
func (m Mutation) Run(ctx context.Context, tables Tables, pick Pick) (Target, error) {
	rows, err := tables.Load(ctx)
	if err != nil {
		return Target{}, fmt.Errorf("loading the rows for %s: %w", m.Name, err)
	}
	target := m.Apply(rows, pick)
	if err := tables.Replace(ctx, rows); err != nil {
		return Target{}, fmt.Errorf("replacing the rows for %s: %w", m.Name, err)
	}
	return target, nil
}

// Mutations lists all of them.
func Mutations() []Mutation {
	return slices.Concat(entryMutations(), hashMutations(), checkpointMutations())
}

func entryAt(e ledger.Entry) Target {
	return Target{ledger.TableEntries, fmt.Sprintf("seq=%d", e.Seq)}
}

func hashAt(id int64) Target { return Target{ledger.TableHashes, fmt.Sprintf("id=%d", id)} }

func noteAt(size int64) Target { return Target{ledger.TableCheckpoints, fmt.Sprintf("size=%d", size)} }

// flip changes one bit.
func flip(b []byte, pick Pick) []byte {
	b = bytes.Clone(b)
	b[pick(len(b))] ^= 1 << pick(8)
	return b
}

// letter changes one character into another printable one.
func letter(s string, pick Pick) string {
	b, at := []byte(s), pick(len(s))
	b[at] = "ab"[map[bool]int{true: 1, false: 0}[b[at] == 'a']]
	return string(b)
}

func two(n int, pick Pick) (int, int) {
	a := pick(n)
	return a, (a + 1 + pick(n-1)) % n
}
