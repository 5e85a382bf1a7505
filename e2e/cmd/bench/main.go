// Command bench is `make bench`: it measures the given program on private
// PostgreSQL, Vault and MinIO, and prints a table. It fails if something breaks
// or the program holds more memory than it may; never for a time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"

	"safeconduct/e2e/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	short := flags.Bool("short", false, "a small version, in under a minute")
	crowds := flags.Bool("crowds", false, "only transfers and lists among many agreements and subjects")
	most := flags.Int("most", 0, "leave out larger numbers of agreements and subjects; 0 leaves out none")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading the arguments: %w", err)
	}
	if flags.NArg() != 1 {
		return errors.New("usage: bench [-short] [-crowds] [-most N] PROGRAM")
	}
	sizes := bench.Full()
	if *short {
		sizes = bench.Short()
	}
	sizes.OnlyCrowds = *crowds
	sizes.Crowds = slices.DeleteFunc(sizes.Crowds, func(n int) bool { return *most > 0 && n > *most })
	began := time.Now()
	report, err := bench.Run(ctx, flags.Arg(0), sizes, stderr)
	fmt.Fprintf(stdout, "\n%s/%s, %d cores, %s; medians of %d rounds in turn; %s in all\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), sizes.Rounds, time.Since(began).Round(time.Second))
	return errors.Join(err, report.Write(stdout))
}
