package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
)

// generalAtOnce is more than the store has connections for general work.
const generalAtOnce = 60

// RunPools checks that what general requests and pulls hold keeps neither acts
// of release nor the log from the database, on an engine that has several
// connections.
func RunPools(t *testing.T, open Open) {
	t.Helper()
	s, db := open(t)
	l := &logged{bench: &bench{Store: s, tx: store.For[Tx](s)}, db: db}
	ctx, leave := context.WithCancel(t.Context())
	entered := make(chan struct{}, generalAtOnce)
	var running sync.WaitGroup
	defer running.Wait()
	defer leave()
	for range generalAtOnce {
		running.Go(func() {
			_ = l.tx.View(ctx, func(Tx) error { // what it waits for ends with ctx
				entered <- struct{}{}
				<-ctx.Done()
				return nil
			})
		})
	}
	for range 24 { // whoever gets no connection waits for one
		<-entered
	}
	bounded, cancel := context.WithTimeout(t.Context(), lockBound)
	defer cancel()
	short, cut := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cut()
	if err := l.tx.View(short, func(Tx) error { return nil }); !errors.Is(err, evidence.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("there is a connection left for general work: %v", err)
	}
	stalled := make(chan struct{}, generalAtOnce)
	for range generalAtOnce {
		running.Go(func() {
			_ = l.tx.View(evidence.Pulling(ctx), func(Tx) error { // its recipient takes nothing
				stalled <- struct{}{}
				<-ctx.Done()
				return nil
			})
		})
	}
	for range 6 {
		<-stalled
	}
	t.Run("a release passes", func(t *testing.T) {
		urgent := evidence.Urgent(bounded)
		if _, err := l.tx.Update(urgent, func(tx Tx) error {
			return errors.Join(tx.SaveMission(urgent, mission("m-urgent")), tx.Record(urgent, l.entry()))
		}); err != nil {
			t.Error(err)
		}
	})
	t.Run("the log is sequenced and signed", func(t *testing.T) {
		log := store.Log{Store: s}
		if n, err := log.Sequence(bounded, 0, 10, integrate); err != nil || n != 1 {
			t.Errorf("%d placed, %v", n, err)
		}
		if head, err := log.Head(bounded); err != nil || head.Size != 1 {
			t.Errorf("%+v %v", head, err)
		}
		if err := log.AddCheckpoint(bounded, checkpoint()); err != nil {
			t.Error(err)
		}
	})
	t.Run("the process is ready", func(t *testing.T) {
		if err := s.Ready(bounded); err != nil {
			t.Error(err)
		}
	})
}
