package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/seal"
)

// ErrOrigin says that the log of the database has another name than the configured one: everything that it holds would
// look altered.
var ErrOrigin = errors.New("log.origin is not the name of this log")

// checkOrigin compares the name of the log with the one in its newest checkpoint, where there is one. It is no
// verification: a checkpoint that cannot be read is for that to find.
func checkOrigin(ctx context.Context, st *store.Store, origin string) error {
	var newest []byte
	err := store.For[transfer.LogTx](st).View(ctx, func(tx transfer.LogTx) (err error) {
		newest, err = newestCheckpoint(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	if newest == nil {
		return nil
	}
	text, _, _ := strings.Cut(string(newest), "\n\n")
	c, err := ledger.ParseCheckpoint([]byte(text + "\n"))
	if err != nil || c.Origin == origin {
		return nil //nolint:nilerr // see above
	}
	return fmt.Errorf("%w: it is %s, and the checkpoints of this database are of %s: set log.origin to %s, or name the database of the other log",
		ErrOrigin, origin, c.Origin, c.Origin)
}

// newestCheckpoint reads the newest signed checkpoint; nil where nobody signed one yet.
func newestCheckpoint(ctx context.Context, tx transfer.LogTx) ([]byte, error) {
	note, err := tx.LatestCheckpoint(ctx)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil, nil
	}
	return note, err
}

// ErrNotSetUp says that the system has never been started by its operator.
var ErrNotSetUp = errors.New("the system is not set up: run safeconduct bootstrap, once, with the logins of every duty")

// bootstrapFirst is err, and says what is missing where that is that nobody has set the system up.
func bootstrapFirst(ctx context.Context, st *store.Store, err error) error {
	rows, looked := st.AuthorityKeys(ctx)
	if looked != nil || len(rows) > 0 || errors.Is(err, seal.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotSetUp, err)
}

// warnEmpty says so where nobody is enrolled: the gateway then answers nobody.
func (a *App) warnEmpty(ctx context.Context) {
	empty := false
	err := store.For[bootstrapTx](a.Parts.Store).View(ctx, func(tx bootstrapTx) (err error) {
		empty, err = tx.Empty(ctx)
		return err
	})
	if err != nil {
		a.Log.WarnContext(ctx, "looking for the first people failed", "error", err)
	} else if empty {
		a.Log.WarnContext(ctx, "nobody is enrolled: run safeconduct bootstrap")
	}
}
