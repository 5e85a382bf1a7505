// Package sequencertest has a store in memory and the contract suite that every
// sequencer.Store passes.
package sequencertest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/gateway/sequencer"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

// Memory is a sequencer.Store that keeps the constraints of the schema and lets
// transactions overlap: one that read before another committed loses. It fails
// when told to.
type Memory struct {
	mu      sync.Mutex
	entries map[string]ledger.Entry
	waiting []string // ids without seq, sorted
	hashes  []ledger.StoredHash
	notes   []ledger.StoredCheckpoint
	size    int64
	down    error
}

// NewMemory is empty.
func NewMemory() *Memory { return &Memory{entries: make(map[string]ledger.Entry)} }

// Fail lets every call fail with err, until Fail(nil).
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

// Insert adds entries as a business transaction does.
func (m *Memory) Insert(_ context.Context, entries ...ledger.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		if _, twice := m.entries[e.ID]; twice {
			return fmt.Errorf("entry %s is there already", e.ID)
		}
		m.entries[e.ID] = e
		at, _ := slices.BinarySearch(m.waiting, e.ID)
		m.waiting = slices.Insert(m.waiting, at, e.ID)
	}
	return nil
}

// Rows returns a copy of the three tables.
func (m *Memory) Rows() *ledgertest.Rows {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := &ledgertest.Rows{Hashes: m.hashes, Checkpoints: m.notes}
	for _, e := range m.entries {
		rows.Entries = append(rows.Entries, e)
	}
	return rows.Clone()
}

// Alter changes the rows in place, below every constraint.
func (m *Memory) Alter(change func(rows *ledgertest.Rows)) {
	rows := m.Rows()
	change(rows)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries, m.waiting, m.size = make(map[string]ledger.Entry), nil, rows.Size()
	for _, e := range rows.Entries {
		m.entries[e.ID] = e
		if e.Seq == ledger.Unsequenced {
			m.waiting = append(m.waiting, e.ID)
		}
	}
	slices.Sort(m.waiting)
	m.hashes, m.notes = rows.Hashes, rows.Checkpoints
}

func (m *Memory) unable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return m.down
}

// Sequence implements sequencer.Store.
func (m *Memory) Sequence(ctx context.Context, _ int64, limit int, fn sequencer.Integrate) (int, error) {
	m.mu.Lock()
	if err := m.unable(ctx); err != nil {
		m.mu.Unlock()
		return 0, err
	}
	size := m.size
	var batch []ledger.Entry
	for _, id := range m.waiting[:min(limit, len(m.waiting))] {
		batch = append(batch, m.entries[id])
	}
	m.mu.Unlock()
	if len(batch) == 0 {
		return 0, nil
	}

	result, err := fn(size, m.Hashes(ctx), batch)
	if err != nil {
		return 0, err
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.unable(ctx); err != nil {
		return 0, err
	}
	return m.write(result)
}

func (m *Memory) write(batch ledger.Batch) (int, error) {
	if len(batch.Placed) == 0 {
		return 0, nil
	}
	if len(batch.Hashes) == 0 || batch.Hashes[0].ID != int64(len(m.hashes)) {
		return 0, sequencer.ErrConflict
	}
	placed := make(map[string]bool, len(batch.Placed))
	for i, p := range batch.Placed {
		if e, there := m.entries[p.ID]; !there || placed[p.ID] || e.Seq != ledger.Unsequenced || p.Seq != m.size+int64(i) {
			return 0, sequencer.ErrConflict
		}
		placed[p.ID] = true
	}
	for _, p := range batch.Placed {
		e := m.entries[p.ID]
		e.Seq = p.Seq
		m.entries[p.ID] = e
	}
	m.waiting = slices.DeleteFunc(m.waiting, func(id string) bool { return placed[id] })
	m.hashes = append(m.hashes, batch.Hashes...)
	m.size += int64(len(batch.Placed))
	return len(batch.Placed), nil
}

// Head implements sequencer.Store.
func (m *Memory) Head(ctx context.Context) (sequencer.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.unable(ctx); err != nil {
		return sequencer.Head{}, err
	}
	head := sequencer.Head{Size: m.size}
	if n := len(m.notes); n > 0 {
		head.Checkpoint = slices.Clone(m.notes[n-1].Note)
	}
	for _, e := range m.entries {
		if e.Seq >= m.signed() {
			e.Salt, e.Body = nil, nil
			head.Unsigned = append(head.Unsigned, e)
		}
	}
	slices.SortFunc(head.Unsigned, func(a, b ledger.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return head, nil
}

// signed is the size of the last checkpoint.
func (m *Memory) signed() int64 {
	if n := len(m.notes); n > 0 {
		return m.notes[n-1].Size
	}
	return 0
}

// Hashes implements sequencer.Store.
func (m *Memory) Hashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if err := m.unable(ctx); err != nil {
			return nil, err
		}
		return (&ledgertest.Rows{Hashes: m.hashes}).ReadHashes(indexes)
	})
}

// AddCheckpoint implements sequencer.Store.
func (m *Memory) AddCheckpoint(ctx context.Context, row ledger.StoredCheckpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.unable(ctx); err != nil {
		return err
	}
	for _, have := range m.notes {
		if have.Size == row.Size || have.Prev == row.Prev {
			return fmt.Errorf("checkpoint of size %d after %d: %w", row.Size, row.Prev, sequencer.ErrConflict)
		}
	}
	m.notes = append(m.notes, row)
	slices.SortFunc(m.notes, func(a, b ledger.StoredCheckpoint) int { return cmp.Compare(a.Size, b.Size) })
	return nil
}

// Placed implements sequencer.Store.
func (m *Memory) Placed(ctx context.Context, ids ...string) ([]ledger.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.unable(ctx); err != nil {
		return nil, err
	}
	var all []ledger.Entry
	for _, id := range ids {
		if e, there := m.entries[id]; there && e.Seq != ledger.Unsequenced {
			e.Salt, e.Body = nil, nil
			all = append(all, e)
		}
	}
	return all, nil
}
