package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// campaign is what is run, and how far it is.
type campaign struct {
	settings
	out     io.Writer
	targets []target

	building sync.Mutex
	built    map[string]string // test binaries by package

	mu   sync.Mutex // of what follows
	done map[string]*done
	runs map[target]bool // those that run now
}

func open(ctx context.Context, s settings, out io.Writer) (*campaign, error) {
	found, err := discover(ctx, s.root)
	if err != nil {
		return nil, err
	}
	c := &campaign{settings: s, out: out, built: map[string]string{}, runs: map[target]bool{}}
	for _, t := range found {
		if s.only.MatchString(t.String()) {
			c.targets = append(c.targets, t)
		}
	}
	if len(c.targets) == 0 {
		return nil, errors.New("there is no fuzz target")
	}
	if err := os.MkdirAll(s.cache, 0o700); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	c.done, err = load(s.cache)
	if err != nil {
		return nil, err
	}
	for _, t := range c.targets {
		if d := of(c.done, t); !s.list {
			d.Crash = "" // whoever runs it again wants to know whether it still fails
		}
	}
	return c, nil
}

// run gives each target its time, as many at once as is set, whoever had least first, until all have it or ctx ends.
func (c *campaign) run(ctx context.Context) {
	var all sync.WaitGroup
	for range c.atOnce {
		all.Go(func() {
			for ctx.Err() == nil {
				t, had, ok := c.next()
				if !ok {
					return // the others run what is left
				}
				got, err := c.stretch(ctx, t, had)
				c.record(t, got, err)
			}
		})
	}
	all.Wait()
}

// next is the target that had least CPU time, and how much, of those that do not run, have not had it all and did not fail.
func (c *campaign) next() (least target, had time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.targets {
		d := of(c.done, t)
		if d.Crash == "" && d.CPU < c.each && !c.runs[t] && (!ok || d.CPU < had) {
			least, had, ok = t, d.CPU, true
		}
	}
	if ok {
		c.runs[least] = true
	}
	return least, had, ok
}

// record keeps what a stretch did, and tells it.
func (c *campaign) record(t target, got done, failed error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.runs, t)
	d := of(c.done, t)
	d.CPU, d.Wall, d.Execs, d.New = d.CPU+got.CPU, d.Wall+got.Wall, d.Execs+got.Execs, d.New+got.New
	if failed != nil {
		d.Crash = failed.Error()
		c.say("FAILED %s\n%s\n", t, indent(d.Crash))
	}
	c.say("%-70s %8s of %s, %d executions\n", t, d.CPU.Round(time.Second), c.each, got.Execs)
	if err := save(c.cache, c.done); err != nil {
		c.say("%v\n", err)
	}
}

// stretch runs the target, which had so much CPU time, for what is left of it, at most a slice.
func (c *campaign) stretch(ctx context.Context, t target, had time.Duration) (did done, err error) {
	binary, err := c.build(ctx, t)
	if err != nil {
		return did, err
	}
	left := min(c.slice, max(time.Second, (c.each-had)/time.Duration(c.parallel)))
	test := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.fuzz=^"+t.Name+"$", "-test.fuzztime="+left.String(),
		"-test.parallel="+strconv.Itoa(c.parallel), "-test.fuzzcachedir="+filepath.Join(c.cache, "corpus", filepath.FromSlash(t.Package)))
	var said bytes.Buffer
	test.Dir, test.Stdout, test.Stderr = t.Dir, &said, &said
	test.Cancel = func() error { return test.Process.Signal(os.Interrupt) } // it ends its workers, and keeps what it found
	test.WaitDelay = 30 * time.Second
	began := time.Now()
	err = test.Run()
	did.Wall = time.Since(began)
	if test.ProcessState != nil { // with that of the workers, for which it waited
		did.CPU = test.ProcessState.UserTime() + test.ProcessState.SystemTime()
	}
	did.Execs, did.New = progressOf(said.String())
	if err != nil && ctx.Err() == nil && !timeUp.MatchString(said.String()) {
		return did, fmt.Errorf("%w\n%s", err, tail(said.String()))
	}
	if err == nil && did.Execs == 0 && !warmingUp.MatchString(said.String()) {
		return did, fmt.Errorf("it ended without running anything\n%s", tail(said.String()))
	}
	return did, nil
}

// build makes the instrumented test binary of the target's package, once.
func (c *campaign) build(ctx context.Context, t target) (string, error) {
	c.building.Lock()
	defer c.building.Unlock()
	if path, ok := c.built[t.Package]; ok {
		return path, nil
	}
	path := filepath.Join(c.cache, "bin", strings.ReplaceAll(t.Package, "/", "_")+".test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-fuzz=.", "-o", path, t.Package)
	build.Dir = c.root
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building it: %w\n%s", err, tail(string(said)))
	}
	c.built[t.Package] = path
	return path, nil
}

// timeUp is what go test may print where the time of a target that holds is over between two inputs: a failure of nothing
// (golang.org/issue/75804).
var timeUp = regexp.MustCompile(`(?m)^--- FAIL: \S+ \([0-9.]+s\)\n {4}context deadline exceeded\nFAIL$`)

// warmingUp is printed while the corpus is read, which takes longer than a slice on a machine that does much else.
var warmingUp = regexp.MustCompile(`gathering baseline coverage: \d+/\d+ completed`)

var progressLine = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)

// progressOf reads the last line of progress that go test printed.
func progressOf(said string) (execs, fresh int64) {
	all := progressLine.FindAllStringSubmatch(said, -1)
	if len(all) == 0 {
		return 0, 0
	}
	last := all[len(all)-1]
	execs, err1 := strconv.ParseInt(last[1], 10, 64)
	fresh, err2 := strconv.ParseInt(last[2], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, 0
	}
	return execs, fresh
}

func (c *campaign) failed() bool {
	for _, t := range c.targets {
		if of(c.done, t).Crash != "" {
			return true
		}
	}
	return false
}

// table prints every target, what it had and how it ended.
func (c *campaign) table() error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\ntarget\tCPU time\ttime\texecutions\tnew inputs\tresult")
	for _, t := range c.targets {
		d := of(c.done, t)
		result := "ok"
		switch {
		case d.Crash != "":
			result = "CRASH"
		case d.CPU == 0:
			result = "not run"
		case d.CPU < c.each:
			result = "unfinished"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", t, d.CPU.Round(time.Second), d.Wall.Round(time.Second), d.Execs, d.New, result)
	}
	return w.Flush()
}

func (c *campaign) say(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// tail is the end of what was said, where the failure stands.
func tail(said string) string {
	const most = 4000
	if len(said) > most {
		said = "…" + said[len(said)-most:]
	}
	return strings.TrimSpace(said)
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
