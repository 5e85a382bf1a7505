package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

const (
	attempts  = 3 // of one run; the next is a minute away
	workers   = 4 // of one replica, so that a slow job holds no other up
	pollEvery = 2 * time.Second
	// lost is after how long a run is given up whose process has died.
	lost = 2 * Bound
	// kept is how long the row of a run that ended is kept, to be looked at.
	kept = time.Hour
	// farewell bounds how long jobs that were told to stop are waited for.
	farewell = 10 * time.Second
	// again is how long a queue rests whose database did not answer.
	again = 5 * time.Second
)

// Queue hands the jobs of the system out among the replicas that are open on
// one database: of all replicas one, the leader, lists each job once for every
// period, and any one does it. Beside that each does all of them once when it
// starts, so that nothing waits until a leader that died is known to be dead. It
// is safe for one Run at a time.
type Queue struct {
	log    *slog.Logger
	jobs   []Job
	client interface {
		Start(ctx context.Context) error
		StopAndCancel(ctx context.Context) error
	}
}

// Options are how a queue goes; zero values are the program's.
type Options struct {
	Every time.Duration
}

// NewQueue prepares a queue of the jobs in the database of the driver. The
// database holds names of jobs and times, and nothing that a job acts upon: who
// writes there by hand can only have one done sooner, or not at all, which the
// age of its last success tells.
func NewQueue[T any](driver riverdriver.Driver[T], log *slog.Logger, o Options, list ...Job) (*Queue, error) {
	every, list := cmp.Or(o.Every, Every), Bounded(list)
	w := &worker{log: log, jobs: make(map[string]Job, len(list))}
	all := river.NewWorkers()
	if err := river.AddWorkerSafely(all, w); err != nil {
		return nil, fmt.Errorf("preparing the jobs of the clock: %w", err)
	}
	periodic := make([]*river.PeriodicJob, 0, len(list))
	for _, j := range list {
		w.jobs[j.Name] = j
		periodic = append(periodic, river.NewPeriodicJob(beat(every), due(j.Name, every), nil))
	}
	client, err := river.NewClient(driver, &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers: all, PeriodicJobs: periodic, RetryPolicy: soon{},
		JobTimeout: Bound, RescueStuckJobsAfter: lost, FetchPollInterval: pollEvery, PollOnly: true,
		CompletedJobRetentionPeriod: kept, CancelledJobRetentionPeriod: kept, DiscardedJobRetentionPeriod: kept,
		ReindexerSchedule: never{}, // only the owner of the tables may, and a run leaves nothing behind
		Logger:            slog.New(warnings{log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the jobs of the clock: %w", err)
	}
	return &Queue{log: log, jobs: list, client: client}, nil
}

// Run does each job once and takes part until ctx ends; where the database does not answer it begins
// again and again. A job that is being done at the end is told to stop.
func (q *Queue) Run(ctx context.Context) {
	var first sync.WaitGroup
	defer first.Wait()
	first.Go(func() {
		for _, j := range q.jobs {
			_ = j.told(ctx, q.log) // it is logged, and done again with the next period
		}
	})
	apart := context.WithoutCancel(ctx)
	for {
		err := q.client.Start(apart)
		if err == nil {
			break
		}
		q.log.ErrorContext(ctx, "the jobs of the clock cannot begin", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
	<-ctx.Done()
	apart, cancel := context.WithTimeout(apart, farewell)
	defer cancel()
	if err := q.client.StopAndCancel(apart); err != nil {
		q.log.ErrorContext(apart, "the jobs of the clock did not end", "error", err)
	}
}

// run names one run of one job: of two alike only one is listed.
type run struct {
	Job string    `json:"job"`
	Due time.Time `json:"due"`
}

// Kind implements river.JobArgs.
func (run) Kind() string { return "clock" }

// due lists a run of the job for the period that begins now. There is one for
// each period, whoever leads meanwhile, whatever becomes of it; and one whose
// process died holds up nothing of the next.
func due(job string, every time.Duration) river.PeriodicJobConstructor {
	return func() (river.JobArgs, *river.InsertOpts) {
		period := time.Now().UTC().Add(every / 10).Truncate(every) // a timer may ring a moment early
		return run{Job: job, Due: period}, &river.InsertOpts{MaxAttempts: attempts, UniqueOpts: river.UniqueOpts{ByArgs: true}}
	}
}

// worker does the jobs by their names.
type worker struct {
	river.WorkerDefaults[run]
	log  *slog.Logger
	jobs map[string]Job
}

// errFailed stands in the database for why a job failed; the log of operations
// tells.
var errFailed = errors.New("the job failed: see the log of operations")

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, r *river.Job[run]) error {
	j, known := w.jobs[r.Args.Job]
	if !known { // another build's, while they change over; or nobody's
		return river.JobCancel(errors.New("this program knows no such job"))
	}
	if err := j.told(ctx, w.log); err != nil {
		return errFailed
	}
	return nil
}

// beat begins periods at the same instants for every replica.
type beat time.Duration

// Next implements river.PeriodicSchedule.
func (b beat) Next(now time.Time) time.Time {
	return now.Truncate(time.Duration(b)).Add(time.Duration(b))
}

// never is no time that a process lives to see.
type never struct{}

// Next implements river.PeriodicSchedule.
func (never) Next(now time.Time) time.Time { return now.AddDate(100, 0, 0) }

// soon tries a job again after 5 and 20 seconds.
type soon struct{}

// NextRetry implements river.ClientRetryPolicy.
func (soon) NextRetry(r *rivertype.JobRow) time.Time {
	n := len(r.Errors) + 1
	return time.Now().UTC().Add(time.Duration(5*n*n) * time.Second)
}

// warnings keeps the chatter of the queue out of the log, and what it says of a
// job that failed, which is told already, with its cause.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}
