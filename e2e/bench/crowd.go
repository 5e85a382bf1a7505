package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"safeconduct/e2e/system"
)

// crowd is a system whose database holds so many agreements and subjects beside those of one world.
type crowd struct {
	n       int
	pair    bool // the others are all of the mission and the partner of the world, and over; else the partners are others
	gateway *gateway
	world   *world
	db      *sql.DB
	took    map[string]Sample // milliseconds of each thing, one for each round
}

func (c *crowd) name(what string) string {
	if c.pair {
		return fmt.Sprintf("%s, %d of one mission and partner", what, c.n)
	}
	return fmt.Sprintf("%s, %d agreements and subjects", what, c.n)
}

// crowded makes a system of so many; keys and objects are embedded, the database is that of the other measurements.
func (b *bench) crowded(ctx context.Context, n int, pair bool) (*crowd, error) {
	dsn, err := b.all.Postgres.NewDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("making a database: %w", err)
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("crowd-%d-%t", n, pair))
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	url := filepath.Join(dir, "database-url")
	if err := os.WriteFile(url, []byte(dsn.Reveal()), 0o600); err != nil {
		return nil, fmt.Errorf("writing the address of the database: %w", err)
	}
	config, err := system.WriteTo(dir, "safeconduct.yaml", map[string]any{
		"data": filepath.Join(dir, "data"), "server": map[string]any{"listen": "127.0.0.1:0"},
		"database": map[string]any{"url_file": url}, "log": map[string]any{"origin": "safeconduct.test/log"},
	})
	if err != nil {
		return nil, err
	}
	c := &crowd{n: n, pair: pair, took: map[string]Sample{}}
	if c.gateway, err = start(ctx, b.program, config, dir); err != nil {
		return nil, err
	}
	if c.db, err = sql.Open("pgx", dsn.Reveal()); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database: %w", err), c.gateway.stop())
	}
	if c.world, err = enrol(ctx, c.gateway.url, c.gateway.tokens, scaleSubjects, pair); err == nil {
		err = c.fill(ctx, filepath.Join(dir, "data"))
	}
	if err != nil {
		return nil, errors.Join(err, c.db.Close(), c.gateway.stop())
	}
	return c, nil
}

// rowsRead is how many rows of the tables that grow, and how many entries of their indexes, were read since the database began.
// A statement that reads a table whole, or an index, shows here long before it shows in the time.
func (c *crowd) rowsRead(ctx context.Context) (n int64, err error) {
	const tables = `relname IN ('parties', 'agreements', 'agreement_missions', 'assessments', 'subjects', 'consents', 'transfers', 'transfer_subjects',
'dpo_approvals', 'persons', 'grants', 'tokens', 'record_versions')`
	err = c.db.QueryRowContext(ctx, `SELECT COALESCE((SELECT SUM(seq_tup_read) FROM pg_stat_user_tables WHERE `+tables+`), 0)::bigint
+ COALESCE((SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE `+tables+`), 0)::bigint`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("reading how many rows were read: %w", err)
	}
	return n, nil
}
