package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/trace"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/sequencer"
	"safeconduct/transfer"
)

// Transactions watches a store: steps transaction and read.
func Transactions[T evidence.Recorder](w *Watch, s evidence.Store[T]) evidence.Store[T] {
	return watchedStore[T]{watch: w, store: s, noting: func(t T, _ *[]evidence.Entry) T { return t }}
}

// Transfers watches the store of transfers, and counts every entry that it commits.
func (w *Watch) Transfers(s transfer.Store) transfer.Store {
	return watchedStore[transfer.Tx]{watch: w, store: s, noting: func(t transfer.Tx, into *[]evidence.Entry) transfer.Tx {
		return notingTx{t, into}
	}}
}

// Denials watches the store where denials are recorded, and counts every entry that it commits.
func (w *Watch) Denials(s evidence.Store[evidence.Recorder]) evidence.Store[evidence.Recorder] {
	return watchedStore[evidence.Recorder]{watch: w, store: s, noting: func(r evidence.Recorder, into *[]evidence.Entry) evidence.Recorder {
		return noting{r, into}
	}}
}

type watchedStore[T evidence.Recorder] struct {
	watch  *Watch
	store  evidence.Store[T]
	noting func(T, *[]evidence.Entry) T // puts a note of each recorded entry between
}

func (s watchedStore[T]) Update(ctx context.Context, fn func(T) error) ([]string, error) {
	ctx, end := s.watch.begin(ctx, StepTransaction)
	var noted []evidence.Entry
	ids, err := s.store.Update(ctx, func(t T) error {
		noted = noted[:0] // the transaction may be begun again
		return fn(s.noting(t, &noted))
	})
	end(err)
	if err == nil {
		for _, e := range noted {
			s.watch.meters.Entry(ctx, e)
		}
	}
	return ids, err
}

func (s watchedStore[T]) View(ctx context.Context, fn func(T) error) error {
	ctx, end := s.watch.begin(ctx, StepRead)
	err := s.store.View(ctx, fn)
	end(err)
	return err
}

// noting keeps what is recorded until it is known whether that is committed.
type noting struct {
	evidence.Recorder
	into *[]evidence.Entry
}

func (n noting) Record(ctx context.Context, e evidence.Entry) error {
	err := n.Recorder.Record(ctx, e)
	if err == nil {
		*n.into = append(*n.into, e)
	}
	return err
}

type notingTx struct {
	transfer.Tx
	into *[]evidence.Entry
}

func (n notingTx) Record(ctx context.Context, e evidence.Entry) error {
	return noting{n.Tx, n.into}.Record(ctx, e)
}

// Sequencer watches the placing of entries: step sequence. A round that found nothing to place is none.
func (w *Watch) Sequencer(s sequencer.Store) sequencer.Store { return watchedSequence{s, w} }

type watchedSequence struct {
	sequencer.Store
	watch *Watch
}

func (s watchedSequence) Sequence(ctx context.Context, signed int64, limit int, fn sequencer.Integrate) (int, error) {
	begun := time.Now()
	placed, err := s.Store.Sequence(ctx, signed, limit, fn)
	if placed == 0 && (err == nil || errors.Is(err, context.Canceled)) {
		return placed, err
	}
	spanned, span := s.watch.tracer.Start(ctx, string(StepSequence), trace.WithTimestamp(begun))
	s.watch.end(spanned, span, StepSequence, begun, err, nil)
	s.watch.meters.entries.Add(ctx, int64(placed))
	return placed, err
}
