// Package bench measures the gateway on real servers beside what it stands on:
// the same bytes put directly, the same wrapping, putting, committing and
// signing alone. Only ratios of what was measured in the same run, in turn, say
// anything: absolute figures are the machine's.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/system"
)

// Sizes say how much is measured.
type Sizes struct {
	Stream    int64 // bytes of one put and one get
	Rounds    int   // of each thing, in turn with what it is compared with
	Referrals int   // small referrals in one round
	AtOnce    int   // of them
	Large     int64 // bytes of the stream under which memory is watched
	Crowds    []int // agreements, and subjects, among which transfers and lists are measured
	Among     int   // transfers in one round of those, with each list once for each
	Micro     string
	MicroRuns int
	// OnlyCrowds measures nothing else.
	OnlyCrowds bool
}

// Full is `make bench`.
func Full() Sizes {
	return Sizes{Stream: 256 << 20, Rounds: 7, Referrals: 320, AtOnce: 16, Large: 4 << 30, Crowds: []int{100, 10_000, 1_000_000}, Among: 12, Micro: "300ms", MicroRuns: 7}
}

// Short is `make bench-short`: all of it, in under a minute.
func Short() Sizes {
	return Sizes{Stream: 32 << 20, Rounds: 2, Referrals: 64, AtOnce: 16, Large: 256 << 20, Crowds: []int{100, 10_000}, Among: 3, Micro: "20ms", MicroRuns: 2}
}

// MaxResident bounds the resident memory of the gateway, in bytes.
const MaxResident = 200 << 20

// ErrMemory says that the gateway held more memory than it may. It and ErrWhole
// are the only figures that fail a run: times are the machine's.
var ErrMemory = errors.New("the gateway held more memory than it may")

// ErrPlaintext says that plaintext lay on the disk.
var ErrPlaintext = errors.New("plaintext lies on the disk")

// bench is one run.
type bench struct {
	sizes   Sizes
	program string
	dir     string
	log     io.Writer // progress
	all     *servers.All
	system  *system.System
	gateway *gateway
	world   *world
	report  Report
}

// Run starts the servers and the program, and measures. progress is told what
// is being done.
func Run(ctx context.Context, program string, sizes Sizes, progress io.Writer) (_ Report, err error) {
	dir, err := os.MkdirTemp("", "safeconduct-bench-")
	if err != nil {
		return Report{}, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{sizes: sizes, program: program, dir: dir, log: progress, all: &servers.All{}}
	if sizes.OnlyCrowds {
		defer func() { err = errors.Join(err, b.all.Stop()) }()
		if b.all.Postgres, err = servers.StartPostgres(ctx, "", "fsync=on", "max_wal_size=1GB"); err != nil {
			return b.report, err
		}
		return b.report, b.scale(ctx)
	}
	b.say("micro-benchmarks")
	if err := b.micro(ctx); err != nil {
		return b.report, err
	}
	b.say("starting private PostgreSQL, Vault and MinIO")
	defer func() { err = errors.Join(err, b.all.Stop()) }()
	if err := b.startServers(ctx); err != nil {
		return b.report, err
	}
	if b.system, err = system.New(ctx, b.all, dir); err != nil {
		return b.report, err
	}
	if b.gateway, err = start(ctx, program, b.system.Config, dir); err != nil {
		return b.report, err
	}
	defer func() { err = errors.Join(err, b.gateway.stop()) }()
	if b.world, err = enrol(ctx, b.gateway.url, b.gateway.tokens, sizes.AtOnce, false); err != nil {
		return b.report, err
	}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"streams, directly and through the gateway in turn", b.streams},
		{"small referrals, and their parts alone", b.referrals},
		{"transfers and lists among many agreements and subjects", b.scale},
		{"a large stream, with memory and disk watched", b.large},
	} {
		b.say(part.name)
		if err := part.run(ctx); err != nil {
			return b.report, fmt.Errorf("measuring %s: %w", part.name, err)
		}
	}
	return b.report, nil
}

// startServers is servers.StartAll, with a PostgreSQL that writes as one in
// production does.
func (b *bench) startServers(ctx context.Context) (err error) {
	if b.all.Postgres, err = servers.StartPostgres(ctx, "", "fsync=on", "max_wal_size=4GB"); err != nil {
		return err
	}
	if b.all.Vault, err = servers.StartVault(ctx, ""); err != nil {
		return err
	}
	b.all.MinIO, err = servers.StartMinIO(ctx, "")
	return err
}

func (b *bench) say(what string) {
	_, _ = fmt.Fprintf(b.log, "%s  %s\n", time.Now().Format(time.TimeOnly), what) // progress only
}
