package storetest

import (
	"context"
	"errors"
	"strings"
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
	l.keepsConnections(t)
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

// keepsConnections checks that a burst of work finds the connections of the last
// one: to connect, and to prepare every statement anew, costs more than the work.
func (l *logged) keepsConnections(t *testing.T) {
	t.Helper()
	const most = 24
	burst := func() (sessions string) {
		var running sync.WaitGroup
		entered, leave := make(chan error, most), make(chan struct{})
		for range most {
			running.Go(func() {
				if err := l.tx.View(t.Context(), func(Tx) error {
					entered <- nil
					<-leave
					return nil
				}); err != nil {
					entered <- err
				}
			})
		}
		for range most {
			if err := <-entered; err != nil {
				t.Error(err)
			}
		}
		if err := l.db.QueryRowContext(t.Context(), `SELECT string_agg(CAST(pid AS TEXT), ' ' ORDER BY pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'safeconduct' AND state = 'idle in transaction'`).Scan(&sessions); err != nil {
			t.Error(err)
		}
		close(leave)
		running.Wait()
		return sessions
	}
	t.Run("connections are kept between bursts", func(t *testing.T) {
		if before, after := burst(), burst(); before != after || strings.Count(before, " ") != most-1 {
			t.Errorf("the sessions of one burst are %s, and of the next %s", before, after)
		}
	})
}
