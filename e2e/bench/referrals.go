package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
)

const smallSize = 4 << 10

// referrals measures small referrals through the gateway in turn with each
// part that no referral can do without, alone, as many at a time.
func (b *bench) referrals(ctx context.Context) (err error) {
	parts, err := b.parts(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parts.close()) }()
	w, payload := b.world, content(smallSize)
	n, workers := b.sizes.Referrals, b.sizes.AtOnce
	group := func(name string, do func(ctx context.Context, worker, i int) error) *contender {
		return &contender{name: name, run: func(ctx context.Context, _ int) error { return atOnce(ctx, n, workers, do) }}
	}
	send := func(ctx context.Context, worker int) (string, error) {
		id, err := w.request(ctx, worker)
		if err != nil {
			return "", err
		}
		return id, w.upload(ctx, w.senders[worker], id, bytes.NewReader(payload), smallSize)
	}
	release := func(ctx context.Context, worker int) (string, error) {
		id, err := send(ctx, worker)
		if err != nil {
			return "", err
		}
		return id, w.commit(ctx, w.senders[worker], id)
	}
	contenders := []*contender{
		group("part: data key", parts.dataKey),
		group("part: put of 4 KiB", parts.put),
		group("part: transaction with an entry", parts.transaction),
		group("part: transaction, under a checkpoint", parts.checkpoint),
		group("4 KiB referrals, request and upload", func(ctx context.Context, worker, _ int) error {
			_, err := send(ctx, worker)
			return err
		}),
		group("4 KiB referrals, to the release", func(ctx context.Context, worker, _ int) error {
			_, err := release(ctx, worker)
			return err
		}),
		group("4 KiB referrals, to the pull", func(ctx context.Context, worker, _ int) error {
			id, err := release(ctx, worker)
			if err != nil {
				return err
			}
			return w.pull(ctx, w.receivers[worker], id, io.Discard, smallSize)
		}),
	}
	if err := inTurn(ctx, max(1, b.sizes.Rounds-1), contenders...); err != nil {
		return err
	}
	rows := make([]Row, 0, len(contenders))
	for _, c := range contenders {
		rows = append(rows, Row{What: c.name, Unit: "1/s", Sample: rates(float64(n), c.took)})
	}
	const alone = 4 // so many contenders are parts
	worst := slowest(rows[:alone])
	for i := range rows[alone:] {
		rows[alone+i].Against = worst
	}
	rows[len(rows)-1].Target = 0.7
	b.report.add(rows...)
	return nil
}
