// Command demoreal is `make demo-real`: it starts private PostgreSQL, Vault and
// MinIO, plays the demo of the given program on them, and stops them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/system"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: demoreal PROGRAM [FLAGS OF demo], such as --once")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], os.Args[2:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program string, flags []string, stdout, stderr io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "safeconduct-demo-real-")
	if err != nil {
		return fmt.Errorf("making a folder for the configuration: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	fmt.Fprintln(stderr, "starting private PostgreSQL, Vault and MinIO")
	all, err := servers.StartAll(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.Stop()) }()
	s, err := system.New(ctx, all, dir)
	if err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"migrate", "--config", s.Config},
		append([]string{"demo", "--config", s.Config}, flags...),
	} {
		cmd := exec.CommandContext(ctx, program, argv...) // the program that the Makefile has built
		cmd.Stdout, cmd.Stderr = stdout, stderr
		// Interrupted, it ends as it does by hand: with its own clean end.
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 30 * time.Second
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				return nil // interrupted by hand
			}
			return fmt.Errorf("%s %s: %w", program, argv[0], err)
		}
	}
	return nil
}
