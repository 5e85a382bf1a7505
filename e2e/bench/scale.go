package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that seeds

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
)

const (
	scaleSubjects = 3    // of one transfer
	scalePage     = "20" // records
	scaleBytes    = 4 << 10
	wholeFrom     = 10_000  // a planner reads smaller tables whole, and may
	wholePairFrom = 100_000 // and those of which more than a few rows are of the two
)

// ErrWhole says that some statement reads a table, or an index, whole: a transfer and a page of each list read as many rows as there
// are of what they do not concern. It fails the run, since it is a count and no time.
var ErrWhole = errors.New("a transfer and the lists read as many rows as there are of others")

// scaled is what is measured, in the order in which the report has it.
func scaled() []string {
	return append([]string{"request", "commit", "pull"}, listed()...)
}

// listed are the lists, each by its first page and by one in the middle.
func listed() []string {
	var all []string
	for _, list := range lists() {
		all = append(all, list.name, list.name+" from the middle")
	}
	return append(all, "queue", "log entries", "log entries from the middle")
}

type list struct{ name, path, kind string }

func lists() []list {
	return []list{
		{"list of agreements", "/agreements", "agreement"},
		{"list of assessments", "/assessments", "assessment"},
		{"list of transfers", "/transfers", "transfer"},
		{"list of people", "/people", "person"},
	}
}

// scale measures what a transfer of three subjects, and what a page of each list, takes as agreements, assessments, parties,
// subjects, consents, approvals and transfers become many: one gateway for each number, on a database of its own, asked in turn.
func (b *bench) scale(ctx context.Context) (err error) {
	var crowds []*crowd
	var whole error
	defer func() {
		for _, c := range crowds {
			err = errors.Join(err, c.db.Close(), c.gateway.stop())
		}
	}()
	for _, pair := range []bool{false, true} {
		for _, n := range b.sizes.Crowds {
			c, err := b.crowded(ctx, n, pair)
			if err != nil {
				return fmt.Errorf("making a system of %d agreements: %w", n, err)
			}
			crowds = append(crowds, c)
		}
	}
	contenders := make([]*contender, 0, len(crowds))
	for _, c := range crowds {
		contenders = append(contenders, &contender{name: c.name("transfers and lists"), run: func(ctx context.Context, round int) error { return c.round(ctx, round, b.sizes.Among) }})
	}
	before := make([]int64, len(crowds))
	for i, c := range crowds {
		if before[i], err = c.rowsRead(ctx); err != nil {
			return err
		}
	}
	if err := inTurn(ctx, b.sizes.Rounds, contenders...); err != nil {
		return err
	}
	for _, what := range scaled() {
		for i, c := range crowds {
			row := Row{What: c.name(what), Unit: "ms", Sample: c.took[what]}
			if first := crowds[i-i%len(b.sizes.Crowds)]; first != c {
				row.Against = first.name(what)
			}
			b.report.add(row)
		}
	}
	for i, c := range crowds {
		after, err := c.rowsRead(ctx)
		if err != nil {
			return err
		}
		read := Row{What: c.name("rows and entries of indexes read"), Unit: "rows", Sample: Sample{
			float64(after-before[i]) / float64(b.sizes.Among*(b.sizes.Rounds+1)),
		}}
		if c.n >= wholeFrom && (!c.pair || c.n >= wholePairFrom) {
			read.Most = float64(c.n)
		}
		b.report.add(read)
		if read.Most > 0 && read.Sample.Median() >= read.Most {
			whole = errors.Join(whole, fmt.Errorf("%w: %s rows at once among %d", ErrWhole, number(read.Sample.Median()), c.n))
		}
	}
	return whole
}

// round takes so many transfers from the request to the pull, and reads each list once for each; the first round warms up.
func (c *crowd) round(ctx context.Context, round, n int) error {
	took := map[string]time.Duration{}
	timed := func(what string, do func() error) error {
		began := time.Now()
		err := do()
		took[what] += time.Since(began)
		return err
	}
	for range n {
		if err := errors.Join(c.send(ctx, timed), c.list(ctx, timed)); err != nil {
			return err
		}
	}
	for what, sum := range took {
		if round > 0 {
			c.took[what] = append(c.took[what], sum.Seconds()*1000/float64(n))
		}
	}
	return nil
}

// send takes data of three persons through the gate at REQUEST, at COMMIT and at PULL. Where the officer approves the category a
// second person approves the transfer: their answer is the commit.
func (c *crowd) send(ctx context.Context, timed func(string, func() error) error) error {
	w := c.world
	order := client.Order{
		Mission: w.mission, Partner: w.partner, Purpose: w.purpose, Nature: "personal", RecipientClass: "service_provider",
		Origin: client.Origin{Source: "own"}, Categories: []string{category}, Fields: []string{"given_name"}, Files: []client.File{{MediaType: "text/csv"}},
	}
	for i := range scaleSubjects {
		order.Subjects = append(order.Subjects, reference(i))
	}
	var t client.Transfer
	if err := timed("request", func() (err error) {
		t, err = w.senders[0].client.Request(ctx, order)
		return err
	}); err != nil {
		return err
	}
	if err := w.upload(ctx, w.senders[0], t.ID, bytes.NewReader(content(scaleBytes)), scaleBytes); err != nil {
		return err
	}
	if err := timed("commit", func() error {
		if !c.pair {
			return w.commit(ctx, w.senders[0], t.ID)
		}
		_, err := w.by[authz.HOM].post(ctx, "/transfers/"+t.ID+"/approvals", object{"granted": true})
		return err
	}); err != nil {
		return err
	}
	return timed("pull", func() error { return w.pull(ctx, w.receivers[0], t.ID, io.Discard, scaleBytes) })
}

// list reads the first page of each list and one from the middle of what was filled in, as the head of the mission does.
func (c *crowd) list(ctx context.Context, timed func(string, func() error) error) error {
	reader := c.world.by[authz.HOM].client
	get := func(what, path string) error {
		return timed(what, func() error {
			_, err := reader.Get(ctx, path, &struct{}{})
			return err
		})
	}
	for _, l := range lists() {
		if err := errors.Join(get(l.name, l.path+"?limit="+scalePage), get(l.name+" from the middle", l.path+"?limit="+scalePage+"&after="+filler(l.kind, c.n/2))); err != nil {
			return err
		}
	}
	return errors.Join(get("queue", "/queue"), get("log entries", "/log/entries?limit="+scalePage), get("log entries from the middle", "/log/entries?after=40&limit="+scalePage))
}
