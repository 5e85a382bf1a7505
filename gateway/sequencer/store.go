// Package sequencer is the loop that gives waiting log entries their place in
// the tree and puts the head under a signed checkpoint (R52).
//
// Any number of sequencers may run over one store. Nothing elects among them:
// the unique seq and the primary key of the hashes fence the places, and the
// unique prev keeps the chain of checkpoints linear, so a loser gets
// ErrConflict and goes on with what the winner wrote.
package sequencer

import (
	"context"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/ledger"
)

var (
	// ErrConflict says that another sequencer was first; nothing was written.
	ErrConflict = errors.New("another sequencer was first")
	// ErrNotSigned says that entries are not known to be under a signed
	// checkpoint within the wait. They may still come under one later.
	ErrNotSigned = errors.New("log entries are not under a signed checkpoint")
	// ErrTampered says that the stored log contradicts its last checkpoint.
	// Nothing is signed over it.
	ErrTampered = errors.New("the stored log contradicts its last signed checkpoint")
)

// Head is the end of the log as it is stored.
type Head struct {
	// Size is the number of sequenced entries: the largest seq plus one.
	Size int64
	// Checkpoint is the signed note of the largest size; nil if there is none.
	Checkpoint []byte
	// Unsigned are the entries from the size of Checkpoint on, in order, without
	// salt and body, each known to be written by this system.
	Unsigned []ledger.Entry
}

// Integrate decides what Store.Sequence writes. A batch without places writes
// nothing. It may be called again when the store repeats its transaction.
type Integrate func(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error)

// Store keeps the three log tables. Other errors than ErrConflict are the
// adapter's own. It is safe for concurrent use.
type Store interface {
	// Sequence reads up to limit entries without a seq, in order of id (all of
	// them, whatever ids were sequenced before). Where there are any it reads the
	// size of the log, calls fn, and writes the seq of each placed entry, which
	// must have none still, and the new hashes, in one transaction. It returns
	// the number of entries placed. Nothing is placed upon an entry from signed
	// on that this system did not write. An error of fn is returned as it is, and
	// nothing is written. ErrConflict: another transaction took the same places,
	// or the same entries, first; nothing is written.
	Sequence(ctx context.Context, signed int64, limit int, fn Integrate) (placed int, err error)
	// Head reads the end of the log from one snapshot, or the checkpoint before
	// the size, so that the size is never the older of the two.
	Head(ctx context.Context) (Head, error)
	// Hashes reads committed rows of log_hashes, by id in any order; a row
	// that is not there is an error.
	Hashes(ctx context.Context) tlog.HashReader
	// AddCheckpoint inserts a row. ErrConflict: there is one of the same size
	// or with the same prev.
	AddCheckpoint(ctx context.Context, row ledger.StoredCheckpoint) error
	// Placed returns those of the entries, which differ from each other, that
	// have a place, in one read, without salt and body, each known to be written
	// by this system. Whether they are in the tree, at that place, it cannot say.
	Placed(ctx context.Context, entryIDs ...string) ([]ledger.Entry, error)
}
