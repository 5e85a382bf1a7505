package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that seeds

	"safeconduct/e2e/system"
	"safeconduct/gateway/cli/client"
)

const (
	scaleSubjects = 3  // of one request
	scaleRequests = 12 // in one round
)

// crowd is a system whose database holds so many agreements and subjects beside those of one world.
type crowd struct {
	n       int
	gateway *gateway
	world   *world
	db      *sql.DB
}

// scale measures what a request of three subjects takes as agreements, assessments, parties, subjects, consents and transfers
// become many: one gateway for each number, on a database of its own, asked in turn.
func (b *bench) scale(ctx context.Context) (err error) {
	var crowds []*crowd
	defer func() {
		for _, c := range crowds {
			err = errors.Join(err, c.db.Close(), c.gateway.stop())
		}
	}()
	for _, n := range b.sizes.Crowds {
		c, err := b.crowded(ctx, n)
		if err != nil {
			return fmt.Errorf("making a system of %d agreements: %w", n, err)
		}
		crowds = append(crowds, c)
	}
	contenders := make([]*contender, 0, len(crowds))
	for _, c := range crowds {
		contenders = append(contenders, &contender{name: c.name(), run: func(ctx context.Context, _ int) error {
			for range scaleRequests {
				if err := c.request(ctx); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	before := make([]int64, len(crowds))
	for i, c := range crowds {
		if before[i], err = c.scanned(ctx); err != nil {
			return err
		}
	}
	if err := inTurn(ctx, b.sizes.Rounds, contenders...); err != nil {
		return err
	}
	for i, c := range crowds {
		after, err := c.scanned(ctx)
		if err != nil {
			return err
		}
		took := contenders[i].took
		row := Row{What: c.name(), Unit: "ms"}
		for _, d := range took {
			row.Sample = append(row.Sample, d.Seconds()*1000/scaleRequests)
		}
		if i > 0 {
			row.Against = crowds[0].name()
		}
		b.report.add(row, Row{What: c.name() + ": rows read in sequence", Unit: "rows", Sample: Sample{
			float64(after-before[i]) / float64(scaleRequests*(len(took)+1)),
		}})
	}
	return nil
}

func (c *crowd) name() string { return fmt.Sprintf("request, %d agreements and subjects", c.n) }

// request asks to send data of three persons, and wants it to pass the gate.
func (c *crowd) request(ctx context.Context) error {
	w := c.world
	order := client.Order{
		Mission: w.mission, Partner: w.partner, Purpose: w.purpose, Nature: "personal", RecipientClass: "service_provider",
		Origin: client.Origin{Source: "own"}, Categories: []string{category}, Fields: []string{"given_name"}, Files: []client.File{{MediaType: "text/csv"}},
	}
	for i := range scaleSubjects {
		order.Subjects = append(order.Subjects, reference(i))
	}
	_, err := w.senders[0].client.Request(ctx, order)
	return err
}

// crowded makes a system of so many; keys and objects are embedded, the database is that of the other measurements.
func (b *bench) crowded(ctx context.Context, n int) (*crowd, error) {
	dsn, err := b.all.Postgres.NewDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("making a database: %w", err)
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("crowd-%d", n))
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
	c := &crowd{n: n}
	if c.gateway, err = start(ctx, b.program, config, dir); err != nil {
		return nil, err
	}
	if c.db, err = sql.Open("pgx", dsn.Reveal()); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database: %w", err), c.gateway.stop())
	}
	if c.world, err = enrol(ctx, c.gateway.url, c.gateway.tokens, scaleSubjects); err == nil {
		err = c.fill(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.db.Close(), c.gateway.stop())
	}
	return c, nil
}

// fill adds the others: ten agreements with each partner, all in the mission of the world, and one of everything else for each
// of them. They are real in every column that is looked up by. Nothing that is measured reads one of them, so their bodies are
// fillers and their tags are none that would be believed.
func (c *crowd) fill(ctx context.Context) error {
	began := time.Now().UnixMicro()
	year := began + int64(365*24*time.Hour/time.Microsecond)
	const id = "'-0000-7000-8000-' || lpad(to_hex(g), 12, '0')"
	of := func(letter string) string { return "'0000000" + letter + "' || " + id }
	partner := "'0000000a-0000-7000-8000-' || lpad(to_hex(g / 10), 12, '0')"
	insert := func(table, columns, values string) string {
		return "INSERT INTO " + table + " (" + columns + ") SELECT " + values + " FROM generate_series(1, $1::bigint) g"
	}
	statements := []struct {
		text string
		args []any
	}{
		{insert("parties", "id, version", of("a")+", 1"), nil},
		{insert("agreements", "id, version, mission, partner, state, valid_until", of("b")+", 1, $2::text, "+partner+", 'active', $3::bigint"), []any{c.world.mission, year}},
		{insert("agreement_missions", "partner, mission, agreement", partner+", $2::text, "+of("b")), []any{c.world.mission}},
		{
			insert("assessments", "id, version, agreement, state, template, countries, submitted, valid_until", of("c")+", 1, "+of("b")+", 'approved', 1, ' CO ', $2::bigint, $3::bigint"),
			[]any{began, year},
		},
		{insert("subjects", "id, version, mission, reference", of("d")+", 1, $2::text, md5(g::text)"), []any{c.world.mission}},
		{insert("consents", "id, version, subject", of("e")+", 1, "+of("d")), nil},
		{
			insert("transfers", "id, version, mission, partner, state, agreement, subjects, released, window_ends, held_since",
				of("f")+", 1, $2::text, "+partner+", 'available', "+of("b")+", 1, $3::bigint, $4::bigint, 0"), []any{c.world.mission, began, year},
		},
		{insert("transfer_subjects", "transfer, row_number, subject", of("f")+", 1, "+of("d")), nil},
	}
	for i, kind := range []string{"party", "agreement", "assessment", "subject", "consent", "transfer"} {
		statements = append(statements, struct {
			text string
			args []any
		}{insert("record_versions", "kind, id, version, body, mac", "$2::text, "+of(string(rune('a'+i)))+", 1, convert_to(repeat('x', 200), 'UTF8'), decode(repeat('00', 32), 'hex')"), []any{kind}})
	}
	for _, s := range statements {
		if _, err := c.db.ExecContext(ctx, s.text, append([]any{c.n}, s.args...)...); err != nil {
			return fmt.Errorf("filling the database: %w", err)
		}
	}
	if _, err := c.db.ExecContext(ctx, "VACUUM (ANALYZE)"); err != nil {
		return fmt.Errorf("telling the database what it holds: %w", err)
	}
	return nil
}

// scanned is how many rows of the tables that grow were read in sequence, and not by an index, since the database began.
func (c *crowd) scanned(ctx context.Context) (n int64, err error) {
	err = c.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname IN
('parties', 'agreements', 'agreement_missions', 'assessments', 'subjects', 'consents', 'transfers', 'transfer_subjects', 'record_versions')`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("reading what was scanned: %w", err)
	}
	return n, nil
}
