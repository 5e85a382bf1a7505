// Command fuzz is `make fuzz`: a campaign over every fuzz target of the module. It finds them by itself, gives each the
// same CPU time, keeps going where one fails, and ends with a table. What is done is kept in the user's cache folder, with
// the corpora, so that a campaign that was interrupted goes on; a target whose package has changed begins anew.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// Exit codes.
const (
	clean       = 0
	crashed     = 1 // a target failed, or was not built
	misused     = 2
	interrupted = 3 // the campaign can go on
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout))
}

// settings are the flags.
type settings struct {
	each     time.Duration
	slice    time.Duration
	parallel int
	atOnce   int
	only     *regexp.Regexp
	root     string
	cache    string
	list     bool
}

func parse(args []string, out io.Writer) (settings, error) {
	var s settings
	var only string
	f := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	f.SetOutput(out)
	f.DurationVar(&s.each, "time", time.Hour, "CPU time that each target gets in all")
	f.DurationVar(&s.slice, "slice", 5*time.Minute, "longest stretch of one target: as much is lost when the machine goes down")
	f.IntVar(&s.parallel, "parallel", 1, "workers of the target that runs")
	f.IntVar(&s.atOnce, "at-once", 1, "targets that run at once")
	f.StringVar(&only, "run", "", "only targets whose package.Name matches this expression")
	f.StringVar(&s.root, "root", ".", "folder of the module")
	f.StringVar(&s.cache, "cache", "", "folder of the corpora and of what is done; by default safeconduct/fuzz in the user's cache folder")
	f.BoolVar(&s.list, "list", false, "print the table and run nothing")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if s.each <= 0 || s.slice <= 0 || s.parallel < 1 || s.atOnce < 1 || f.NArg() > 0 {
		return s, errors.New("fuzz takes flags only; times and workers are more than none")
	}
	var err error
	if s.only, err = regexp.Compile(only); err != nil {
		return s, fmt.Errorf("reading -run: %w", err)
	}
	if s.cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return s, fmt.Errorf("finding the cache folder: %w; give -cache DIR", err)
		}
		s.cache = filepath.Join(dir, "safeconduct", "fuzz")
	}
	s.root, err = filepath.Abs(s.root)
	return s, err
}

func run(ctx context.Context, args []string, out io.Writer) int {
	s, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return clean
	} else if err != nil {
		fmt.Fprintln(out, err)
		return misused
	}
	c, err := open(ctx, s, out)
	if err != nil {
		fmt.Fprintln(out, "preparing the campaign:", err)
		return crashed
	}
	if !s.list {
		c.run(ctx)
	}
	if err := c.table(); err != nil {
		return crashed // nobody reads what is printed
	}
	switch {
	case c.failed():
		return crashed
	case !s.list && ctx.Err() != nil:
		return interrupted
	}
	return clean
}
