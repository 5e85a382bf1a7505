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
	"strconv"
	"strings"
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
	among := flags.String("among", "", "how many agreements and subjects there are, such as 100,10000")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading the arguments: %w", err)
	}
	if flags.NArg() != 1 {
		return errors.New("usage: bench [-short] [-crowds] [-among N,N] PROGRAM")
	}
	sizes := bench.Full()
	if *short {
		sizes = bench.Short()
	}
	sizes.OnlyCrowds = *crowds
	if *among != "" {
		sizes.Crowds = nil
		for text := range strings.SplitSeq(*among, ",") {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return fmt.Errorf("-among takes whole numbers, and not %q", text)
			}
			sizes.Crowds = append(sizes.Crowds, n)
		}
	}
	began := time.Now()
	report, err := bench.Run(ctx, flags.Arg(0), sizes, stderr)
	fmt.Fprintf(stdout, "\n%s/%s, %d cores, %s; medians of %d rounds in turn; %s in all\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), sizes.Rounds, time.Since(began).Round(time.Second))
	return errors.Join(err, report.Write(stdout))
}
