// Command servers obtains, checks and runs the real servers that the tests and
// the demonstration on real parts use.
//
//	servers build [--install] [NAME...]   obtain what is missing
//	servers check                         say what is missing and what mends it
//	servers run                           start them, print their environment, wait
//
// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something is missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"safeconduct/e2e/servers"
)

const (
	exitFailed  = 1
	exitUsage   = 2
	exitMissing = 3
)

const usage = `usage:
  servers build [--install] [minio] [vault] [versitygw] [mcli]
  servers check
  servers run
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		return misused(stderr)
	}
	var err error
	switch verb, rest := args[0], args[1:]; verb {
	case "build":
		err = build(ctx, rest, stdout)
	case "check":
		err = check(ctx, rest, stdout)
	case "run":
		err = serve(ctx, rest, stdout, stderr)
	default:
		err = errUsage
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		return misused(stderr)
	}
	say(stderr, "servers: %v\n", err)
	if errors.Is(err, servers.ErrMissing) {
		return exitMissing
	}
	return exitFailed
}

var errUsage = errors.New("wrong usage")

func misused(stderr io.Writer) int {
	say(stderr, "%s", usage)
	return exitUsage
}

func build(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	install := flags.Bool("install", false, "have apt-get install PostgreSQL where that needs no sudo")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	var notInstalled error
	if *install {
		notInstalled = servers.Install(ctx, stdout)
	}
	// What can be built is built even where PostgreSQL is for a person to install.
	return errors.Join(notInstalled, servers.Build(ctx, "", stdout, flags.Args()...))
}

func check(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) > 0 {
		return errUsage
	}
	parts, err := servers.Check(ctx, "")
	if err != nil {
		return err
	}
	var missing error
	for _, part := range parts {
		if part.Missing == nil {
			say(stdout, "%-10s %s\n", part.Name, part.Found)
			continue
		}
		say(stdout, "%-10s MISSING: %s\n%-10s   %s\n", part.Name, part.Missing.Why, "", part.Missing.Mend)
		missing = servers.ErrMissing
	}
	return missing
}

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		return errUsage
	}
	all, err := servers.StartAll(ctx, "")
	if err != nil {
		return err
	}
	for _, line := range all.Environment() {
		say(stdout, "%s\n", line)
	}
	say(stderr, "The servers run until interrupted. Give these lines to a shell to use them.\n")
	<-ctx.Done()
	return all.Stop()
}

// say prints for a person, whose having gone away is no failure of the work.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
