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
	"text/tabwriter"
	"time"
)

// campaign is what is run, and how far it is.
type campaign struct {
	settings
	out     io.Writer
	targets []target
	done    map[string]*done
	built   map[string]string // test binaries by package
}

func open(ctx context.Context, s settings, out io.Writer) (*campaign, error) {
	found, err := discover(ctx, s.root)
	if err != nil {
		return nil, err
	}
	c := &campaign{settings: s, out: out, built: map[string]string{}}
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

// run gives each target its time, whoever had least first, until all have it or ctx ends.
func (c *campaign) run(ctx context.Context) {
	for ctx.Err() == nil {
		t, ok := c.next()
		if !ok {
			return
		}
		d := of(c.done, t)
		before := *d
		if err := c.stretch(ctx, t, d); err != nil {
			d.Crash = err.Error()
			c.say("FAILED %s\n%s\n", t, indent(d.Crash))
		}
		c.say("%-70s %8s of %s, %d executions\n", t, d.CPU.Round(time.Second), c.each, d.Execs-before.Execs)
		if err := save(c.cache, c.done); err != nil {
			c.say("%v\n", err)
		}
	}
}

// next is the target that had least CPU time, of those that have not had it all and did not fail.
func (c *campaign) next() (least target, ok bool) {
	for _, t := range c.targets {
		d := of(c.done, t)
		if d.Crash == "" && d.CPU < c.each && (!ok || d.CPU < of(c.done, least).CPU) {
			least, ok = t, true
		}
	}
	return least, ok
}

// stretch runs the target for what is left of its time, at most a slice of it.
func (c *campaign) stretch(ctx context.Context, t target, d *done) error {
	binary, err := c.build(ctx, t)
	if err != nil {
		return err
	}
	left := min(c.slice, max(time.Second, (c.each-d.CPU)/time.Duration(c.parallel)))
	test := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.fuzz=^"+t.Name+"$", "-test.fuzztime="+left.String(),
		"-test.parallel="+strconv.Itoa(c.parallel), "-test.fuzzcachedir="+filepath.Join(c.cache, "corpus", filepath.FromSlash(t.Package)))
	var said bytes.Buffer
	test.Dir, test.Stdout, test.Stderr = t.Dir, &said, &said
	test.Cancel = func() error { return test.Process.Signal(os.Interrupt) } // it ends its workers, and keeps what it found
	test.WaitDelay = 30 * time.Second
	err = test.Run()
	if test.ProcessState != nil { // with that of the workers, for which it waited
		d.CPU += test.ProcessState.UserTime() + test.ProcessState.SystemTime()
	}
	p := progressOf(said.String())
	d.Execs, d.New = d.Execs+p.execs, d.New+p.fresh
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w\n%s", err, tail(said.String()))
	}
	if err == nil && p.execs == 0 {
		return fmt.Errorf("it ended without running anything\n%s", tail(said.String()))
	}
	return nil
}

// build makes the instrumented test binary of the target's package, once.
func (c *campaign) build(ctx context.Context, t target) (string, error) {
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

// progress is what one stretch did.
type progress struct{ execs, fresh int64 }

var progressLine = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)

// progressOf reads the last line of progress that go test printed.
func progressOf(said string) progress {
	all := progressLine.FindAllStringSubmatch(said, -1)
	if len(all) == 0 {
		return progress{}
	}
	last := all[len(all)-1]
	execs, err1 := strconv.ParseInt(last[1], 10, 64)
	fresh, err2 := strconv.ParseInt(last[2], 10, 64)
	if err1 != nil || err2 != nil {
		return progress{}
	}
	return progress{execs, fresh}
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
	fmt.Fprintln(w, "\ntarget\tCPU time\texecutions\tnew inputs\tresult")
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
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\n", t, d.CPU.Round(time.Second), d.Execs, d.New, result)
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
