package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/agreements/imports"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/templates"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// count is how many lines of the log are so.
func (l logged) count(is func(evidence.Entry) bool) (n int) {
	for _, line := range l.lines {
		if is(line.Entry) {
			n++
		}
	}
	return n
}

func releasesOf(id string) func(evidence.Entry) bool {
	return func(e evidence.Entry) bool {
		return e.Kind == evidence.Decision && e.Phase == "COMMIT" && e.Verdict == evidence.Allowed && e.Subject.ID == id
	}
}

func TestTwiceAtOnce(t *testing.T) {
	const tries, times = 6, 5
	a := newArena(t, []byte("x"))
	w := a.w
	t.Run("R52 commits of one transfer leave one release", func(t *testing.T) {
		for range times {
			r := &round{releases: true, alone: true}
			r.callers(a)
			r.transfer = a.landed(r)
			entries := make([]string, tries)
			together(tries, func(i int) {
				x, err := alone(a.replicas[i%2].Transfers).Commit(w.Ctx, r.ro, r.transfer.ID)
				if err != nil {
					t.Errorf("commit %d: %v", i, err)
				}
				entries[i] = x.ReleaseEntry
			})
			if n := a.log().count(releasesOf(r.transfer.ID)); n != 1 || len(slices.Compact(entries)) != 1 || entries[0] == "" {
				t.Errorf("%d entries release it; the answers name %q", n, entries)
			}
		}
	})
	t.Run("R52 approvals of one transfer leave one release", func(t *testing.T) {
		for range times {
			r := &round{releases: true}
			r.callers(a)
			r.transfer = a.landed(r)
			var approved atomic.Int64
			together(tries, func(i int) {
				_, err := a.replicas[i%2].Transfers.Approve(w.Ctx, r.hom, r.transfer.ID, true, "")
				if err == nil {
					approved.Add(1)
				} else if !errors.Is(err, lifecycle.ErrIllegal) {
					t.Errorf("approval %d: %v", i, err)
				}
			})
			if n := a.log().count(releasesOf(r.transfer.ID)); n != 1 || approved.Load() != 1 {
				t.Errorf("%d entries release it, %d approvals were answered so", n, approved.Load())
			}
		}
	})
	t.Run("PULL_WINDOW a window that ends against a pull", func(t *testing.T) {
		for range times {
			r := &round{}
			r.callers(a)
			r.transfer = a.landed(r)
			together(3, func(i int) {
				if i > 0 {
					a.pull(r, a.replicas[i-1])
					return
				}
				w.Clock.Add(15 * 24 * time.Hour)
				if _, err := w.Transfers.Lapse(w.Ctx); err != nil {
					t.Error(err)
				}
				r.answered.Store(true)
			})
			if _, err := w.Transfers.Lapse(w.Ctx); err != nil { // a pull that ended last made it a later version
				t.Error(err)
			}
			if len(r.faults) > 0 {
				t.Error(r.faults)
			}
			if _, err := w.Transfers.Pull(w.Ctx, r.pdl, r.transfer.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
				t.Errorf("after it lapsed: %v", err)
			}
			_, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], 60*24*time.Hour, nil)
			w.Must(err)
		}
	})
	t.Run("R39 the same paper, brought in at once, is one agreement", func(t *testing.T) {
		hour := w.Clock.Now().Add(-time.Hour)
		for i := range times {
			row := imports.Row{
				Line: 2, Partner: w.Partner.ID, Mission: w.Mission.ID, Type: "data_sharing", Title: "Old paper", Language: "en", Purposes: []string{w.Purpose.ID},
				SubjectTypes: []string{"beneficiary"}, Categories: []string{"identity"}, Fields: []string{"given_name"}, RecipientCountries: []string{"CO"},
				StorageCountries: []string{"CO"}, MaxSubjectsPerTransfer: 10, MaxSubjectsPerYear: 100, RetentionDays: map[string]int{"identity": 90},
				EffectiveFrom: hour, ValidUntil: hour.AddDate(1, 0, 0), Clauses: templates.Codes(), ScanSHA256: evidence.DigestOf([]byte{byte(i)}),
				IOM: imports.Signatory{Name: "A", Title: "Chief", SignedAt: hour}, Other: imports.Signatory{Name: "B", Title: "Director", SignedAt: hour},
			}
			ids := make([]string, tries)
			together(tries, func(i int) {
				done, err := a.replicas[i%2].Agreements.Import(w.Ctx, w.As(authz.FP), []imports.Row{row}, false)
				if err != nil || len(done) != 1 {
					t.Errorf("import %d: %v, %v", i, done, err)
					return
				}
				ids[i] = done[0].Agreement
			})
			if len(slices.Compact(ids)) != 1 {
				t.Errorf("agreements of one paper: %q", ids)
			}
		}
	})
	w.Verify()
}

func TestSequencersAtOnce(t *testing.T) {
	const writers, each = 8, 400
	a := newArena(t, nil)
	a.w.Replica(storeOn(t, a.dsn)) // a third sequencer
	before := len(a.log().lines)
	leg := a.w.As(authz.LEG)
	var mu sync.Mutex
	written := map[string]bool{}
	together(writers, func(i int) {
		s := a.replicas[i%2]
		for range each {
			e := s.Office.Entry(leg, authz.LEG, evidence.Change, "test.many", authz.Resource{})
			ids, err := s.Office.Denials.Update(a.w.Ctx, func(r evidence.Recorder) error { return r.Record(a.w.Ctx, e) })
			if err != nil {
				t.Errorf("writer %d: %v", i, err)
				return
			}
			mu.Lock()
			written[ids[0]] = true
			mu.Unlock()
		}
	})
	t.Run("R52 no entry is lost, doubled or forked", func(t *testing.T) {
		l := a.log()
		for i, line := range l.lines {
			if line.Seq != int64(i) {
				t.Fatalf("line %d has number %d", i, line.Seq)
			}
			delete(written, line.Entry.ID)
		}
		if got := l.count(func(e evidence.Entry) bool { return e.Action == "test.many" }); got != writers*each || len(written) > 0 {
			t.Errorf("%d of %d entries have a place, %d acknowledged ones have none", got, writers*each, len(written))
		}
		if len(l.position) != len(l.lines) || len(l.lines) < before+writers*each {
			t.Errorf("%d entries on %d lines", len(l.position), len(l.lines))
		}
		var forks int
		a.w.Must(a.db.QueryRow("SELECT COUNT(*) - COUNT(DISTINCT prev) FROM log_checkpoints").Scan(&forks))
		if forks != 0 {
			t.Errorf("%d checkpoints share the one before", forks)
		}
		a.w.Verify()
	})
}

func TestBootstrapsAtOnce(t *testing.T) {
	t.Run("R16 one of many has the first people", func(t *testing.T) {
		for range 5 {
			w := apptest.Bare(t, apptest.Options{Store: storeOn(t, servertest.Database(t, sharedPostgres(t)))})
			var first atomic.Int64
			together(6, func(i int) {
				name := fmt.Sprint("Legal ", i)
				_, err := w.Bootstrap(w.Ctx, w.Store, w.Founder(name), w.Founder(name+" too"))
				if err == nil {
					first.Add(1)
				} else if !errors.Is(err, app.ErrBootstrapped) {
					t.Error(err)
				}
			})
			if first.Load() != 1 {
				t.Errorf("%d had the first people", first.Load())
			}
			w.Verify()
		}
	})
}

// gated is a body, or a recipient, that stops half way until it is let go on.
type gated struct {
	r        io.Reader
	w        io.Writer
	at, done int
	reached  chan struct{}
	goOn     chan struct{}
}

func newGated(at int) *gated {
	return &gated{at: at, reached: make(chan struct{}), goOn: make(chan struct{})}
}

func (g *gated) pass(n int) {
	if g.done <= g.at && g.done+n > g.at {
		close(g.reached)
		<-g.goOn
	}
	g.done += n
}

func (g *gated) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.pass(n)
	return n, err // io.Reader
}

func (g *gated) Write(p []byte) (int, error) {
	n, err := g.w.Write(p)
	g.pass(n)
	return n, err // io.Writer
}

func TestSweepsAtOnce(t *testing.T) {
	body := bytes.Repeat([]byte("PLAINTEXT-MARKER\n"), 800_000) // several chunks
	a := newArena(t, body)
	w := a.w
	r := &round{}
	r.callers(a)
	const doomed = 4
	for range doomed {
		_, err := w.Transfers.Recall(w.Ctx, r.ro, a.landed(r).ID, "by mistake")
		w.Must(err)
	}
	pulled := a.landed(r)
	sent, err := w.Transfers.Request(w.Ctx, r.ro, w.Order())
	w.Must(err)
	w.Clock.Add(10 * time.Minute) // past the grace of what is doomed, not past a lease

	var got bytes.Buffer
	in, out := newGated(9<<20), newGated(2<<20)
	in.r, out.w = bytes.NewReader(body), &got
	received, delivered := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := a.replicas[0].Transfers.Receive(w.Ctx, r.ro, sent.ID, 1, "", in)
		received <- err
	}()
	go func() {
		d, err := a.replicas[1].Transfers.Pull(w.Ctx, r.pdl, pulled.ID, 1, 0)
		if err == nil {
			err = d.Send(w.Ctx, out)
		}
		delivered <- err
	}()
	<-in.reached
	<-out.reached
	together(4, func(i int) {
		s := a.replicas[i%2].Transfers
		if _, err := s.Sweep(w.Ctx); err != nil {
			t.Errorf("sweep %d: %v", i, err)
		}
		if _, err := s.CloseAbandoned(w.Ctx, w.Clock.Now()); err != nil { // whatever is open, also what lives
			t.Errorf("closing %d: %v", i, err)
		}
	})
	close(in.goOn)
	close(out.goOn)
	t.Run("R49 what comes in and what goes out is left alone", func(t *testing.T) {
		if err := errors.Join(<-received, <-delivered); err != nil || !bytes.Equal(got.Bytes(), body) {
			t.Errorf("%d of %d bytes, %v", got.Len(), len(body), err)
		}
	})
	t.Run("R49 what is doomed goes, each with one entry", func(t *testing.T) {
		if n := a.log().count(func(e evidence.Entry) bool { return e.Action == "transfer.sweep" }); n != doomed {
			t.Errorf("%d entries for %d uploads", n, doomed)
		}
		for _, name := range w.Objects() {
			if !bytes.Contains([]byte(name), []byte(pulled.ID)) && !bytes.Contains([]byte(name), []byte(sent.ID)) {
				t.Errorf("%s is left", name)
			}
		}
	})
	t.Run("a delivery that was taken for abandoned, and lived, counts as delivered", func(t *testing.T) {
		seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.LEG), pulled.ID)
		w.Must(err)
		if n := a.log().count(func(e evidence.Entry) bool { return e.Kind == evidence.Delivery && e.Subject.ID == pulled.ID }); n != 1 || seen.State != transfer.Pulled {
			t.Errorf("%d entries tell of the delivery, and it is %s", n, seen.State)
		}
	})
	t.Run("R49 an upload whose lease ended while it stood still is swept, and not sealed", func(t *testing.T) {
		late, err := w.Transfers.Request(w.Ctx, r.ro, w.Order())
		w.Must(err)
		in := newGated(9 << 20)
		in.r = bytes.NewReader(body)
		received := make(chan error, 1)
		go func() {
			_, err := a.replicas[0].Transfers.Receive(w.Ctx, r.ro, late.ID, 1, "", in)
			received <- err
		}()
		<-in.reached
		w.Clock.Add(3 * time.Hour)
		together(4, func(i int) {
			if _, err := a.replicas[i%2].Transfers.Sweep(w.Ctx); err != nil {
				t.Errorf("sweep %d: %v", i, err)
			}
		})
		close(in.goOn)
		if err := <-received; err == nil {
			t.Error("it landed, after it was swept")
		}
		w.SweepAll()
		for _, name := range w.Objects() {
			if bytes.Contains([]byte(name), []byte(late.ID)) {
				t.Errorf("%s is left", name)
			}
		}
	})
	w.Verify()
}
