// Command testall is `make test`: it sets up what is missing where it may, runs
// every check and every test, and ends with one line that counts them. A test
// that skips itself fails the run; a part that cannot be had here is named, and
// the run then ends INCOMPLETE.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"safeconduct/e2e/servers"
)

// Exit codes.
const (
	passed     = 0
	failed     = 1
	incomplete = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	from := flag.Bool("proof-from", false, "run nothing: build the proof from files of go test -json, of which the later say what the earlier did not pass")
	flag.Parse()
	if *from {
		os.Exit(proveFrom(os.Stdout, flag.Args()))
	}
	os.Exit(run(ctx, os.Stdout))
}

// proveFrom builds the proof from what was heard before, such as writtenEvents
// and the packages that were run again since.
func proveFrom(out io.Writer, files []string) int {
	shown, err := heard()
	if err != nil {
		fmt.Fprintln(out, err)
		return failed
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			fmt.Fprintln(out, "opening what was heard:", err)
			return failed
		}
		count(f, io.Discard, shown.take)
		_ = f.Close() // it was only read
	}
	if !shown.prove(".", out) {
		return failed
	}
	return passed
}

// step is one thing that is run. A step that needs servers is not run where
// they cannot be had.
type step struct {
	name    string
	servers bool
	tests   bool // prints go test -json
	argv    []string
}

func steps(ctx context.Context) ([]step, error) {
	list, err := exec.CommandContext(ctx, "go", "list", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages: %w", err)
	}
	var own, real []string
	for _, p := range strings.Fields(string(list)) {
		if needsServers(p) {
			real = append(real, p)
		} else {
			own = append(own, p)
		}
	}
	test := []string{"go", "test", "-json", "-race", "-shuffle=on", "-timeout=45m"}
	return []step{
		{name: "modules", argv: []string{"go", "mod", "tidy", "-diff"}},
		{name: "linters", argv: []string{"go", "tool", "-modfile=deploy/tools/go.mod", "golangci-lint", "run", "./..."}},
		{name: "tests on embedded parts", tests: true, argv: append(test, own...)},
		{name: "demo on embedded parts", argv: []string{"make", "demo-once"}},
		{name: "tests on real servers", servers: true, tests: true, argv: append(append([]string{}, append(test, "-p=1")...), real...)},
		{name: "demo on real servers", servers: true, argv: []string{"make", "demo-real"}},
		{name: "short benchmark on real servers", servers: true, argv: []string{"make", "bench-short"}},
	}, nil
}

// needsServers tells the packages whose tests start real servers.
func needsServers(pkg string) bool {
	return pkg == "safeconduct/e2e" || pkg == "safeconduct/e2e/planted" || strings.HasPrefix(pkg, "safeconduct/e2e/servers")
}

func run(ctx context.Context, out io.Writer) int {
	missing, err := prepare(ctx, out)
	if err != nil {
		fmt.Fprintln(out, "preparing:", err)
		return failed
	}
	list, err := steps(ctx)
	if err != nil {
		fmt.Fprintln(out, err)
		return failed
	}
	shown, err := heard()
	if err != nil {
		fmt.Fprintln(out, err)
		return failed
	}
	told, err := os.Create(writtenEvents)
	if err != nil {
		fmt.Fprintln(out, "making the file of what is heard:", err)
		return failed
	}
	defer func() { _ = told.Close() }() // what is lost of it can be run again
	var total tally
	var notRun []string
	tested := true // every suite, and all passed
	for _, s := range list {
		if s.servers && len(missing) > 0 {
			notRun = append(notRun, s.name)
			tested = tested && !s.tests
			continue
		}
		began := time.Now()
		fmt.Fprintf(out, "== %s\n", s.name)
		n := s.run(ctx, out, shown.into(told))
		total.add(n)
		tested = tested && (!s.tests || n.failed == 0)
		fmt.Fprintf(out, "   %d passed, %d failed in %s\n", n.passed, n.failed, time.Since(began).Round(time.Second))
		if ctx.Err() != nil {
			fmt.Fprintln(out, "interrupted")
			return failed
		}
	}
	if fmt.Fprintln(out, "== proof of completeness"); !tested {
		fmt.Fprintln(out, "   not compared: not every test passed")
	} else if shown.prove(".", out) {
		total.passed++
	} else {
		total.failed++
	}
	for _, m := range missing {
		fmt.Fprintln(out, m.Error())
	}
	if len(notRun) > 0 {
		fmt.Fprintf(out, "INCOMPLETE: %d passed, %d failed, %d not run: %s\n", total.passed, total.failed, len(notRun), strings.Join(notRun, ", "))
		return incomplete
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", total.passed, total.failed)
	if total.failed > 0 || total.passed == 0 {
		return failed
	}
	return passed
}

// prepare finds or builds the servers, and answers with those that cannot be
// had here. It installs packages only as root and with apt, and never asks for
// more rights than it was given.
func prepare(ctx context.Context, out io.Writer) ([]*servers.MissingError, error) {
	fmt.Fprintln(out, "== servers")
	cache, err := servers.CacheDir()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		if err := servers.Install(ctx, out); err != nil {
			fmt.Fprintln(out, "   installing:", err)
		}
	}
	if err := servers.Build(ctx, cache, out); err != nil {
		fmt.Fprintln(out, "   building:", err)
	}
	parts, err := servers.Check(ctx, cache)
	if err != nil {
		return nil, err
	}
	var missing []*servers.MissingError
	for _, p := range parts {
		if p.Missing != nil {
			missing = append(missing, p.Missing)
			continue
		}
		fmt.Fprintf(out, "   %s: %s\n", p.Name, p.Found)
	}
	return missing, nil
}

// heard is the evidence of a run that begins: what an earlier one wrote is no
// longer there to be taken over.
func heard() (*evidence, error) {
	if err := os.Remove(writtenProof); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing an earlier proof: %w", err)
	}
	table, err := os.Open(gateTable)
	if err != nil {
		return nil, fmt.Errorf("opening the gate's table: %w", err)
	}
	defer func() { _ = table.Close() }() // only read
	return newEvidence(table)
}

func (s step) run(ctx context.Context, out io.Writer, hear func(event)) tally {
	cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...) // the commands stand in this file
	cmd.Stdin = nil
	if !s.tests {
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Run(); err != nil {
			fmt.Fprintf(out, "   %s: %v\n", s.name, err)
			return tally{failed: 1}
		}
		return tally{passed: 1}
	}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	ended := make(chan error, 1)
	go func() {
		err := cmd.Run()
		ended <- errors.Join(err, w.Close())
	}()
	n := count(r, out, hear)
	if err := <-ended; err != nil && n.failed == 0 {
		fmt.Fprintf(out, "   %s: %v\n", s.name, err)
		n.failed++
	}
	return n
}
