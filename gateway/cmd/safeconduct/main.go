// Command safeconduct is the gateway and its command line.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"safeconduct/gateway/cli"
)

func main() {
	if err := noCores(); err != nil {
		fmt.Fprintln(os.Stderr, "safeconduct:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A reader that goes away is an error to end on, cleanly, and no sudden death:
	// the demo removes what it has made.
	signal.Ignore(syscall.SIGPIPE)
	code := run(ctx, os.Args[1:], os.Environ(), cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program but for the process.
func run(ctx context.Context, args, env []string, stdio cli.IO) int {
	return cli.Run(ctx, args, env, stdio)
}
