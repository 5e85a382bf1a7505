package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"safeconduct/config"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/vaulttransit"
)

// ErrUnfit says that profile production refuses to start.
var ErrUnfit = errors.New("profile production refuses to start")

// checkDatabaseTransport refuses a database that is not reached over TLS with its certificate checked, unless it is on
// this machine. It reads what the driver makes of the URL and of the environment, fallbacks included. The error holds
// nothing of the URL.
func checkDatabaseTransport(url config.Secret) error {
	c, err := pgconn.ParseConfig(url.Reveal())
	if err != nil {
		return fmt.Errorf("%w: database.url cannot be read", ErrUnfit) // the cause would repeat the password
	}
	ways := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	for _, way := range ways {
		socket := strings.HasPrefix(way.Host, "/") || strings.HasPrefix(way.Host, "@")
		if socket || edge.Loopback(net.JoinHostPort(way.Host, "0")) {
			continue
		}
		t := way.TLSConfig
		// sslmode=verify-ca checks the chain, and not the name, in a function of its own: with the roots of the machine
		// any certificate of any host would do.
		chain := t != nil && t.VerifyPeerCertificate != nil && t.RootCAs != nil
		if t == nil || t.InsecureSkipVerify && !chain {
			return fmt.Errorf("%w: database.url: the database is on another machine and may be reached without a checked certificate: add sslmode=verify-full and sslrootcert=FILE", ErrUnfit)
		}
	}
	return nil
}

// probesAtOnce bounds how many keys are looked at at once.
const probesAtOnce = 8

// prober is one session with the key service, by which a process looks at its keys before it serves.
type prober struct {
	key vaulttransit.Probe
	log *vaulttransit.LogSigner
}

// proberOf uses the right of the client's duty that tells most.
func proberOf(d duty.Duty, c *vaulttransit.Client, log *vaulttransit.LogSigner) prober {
	p := prober{log: log}
	switch d {
	case duty.Keeper:
		p.key = c.ProveByConfig
	case duty.Intake:
		p.key = c.ProveBySealing
	case duty.Release, duty.Sequencer:
		p.key = c.ProveByOpening
	}
	return p
}

// better reports whether the probe of a tells more than that of b.
func better(a, b duty.Duty) bool {
	rank := map[duty.Duty]int{duty.Keeper: 3, duty.Intake: 2, duty.Release: 1}
	return rank[a] > rank[b]
}

// checkKeys refuses every key that is there and is not derived, or that may leave the key service: the key of the log,
// and those of rows, missions and agreements that the database knows. A key that is not there is told, and no reason not
// to serve the others. The sequencer may look at the first two only.
func (o *opened) checkKeys(ctx context.Context, log *slog.Logger) error {
	if o.prober.log == nil {
		return nil
	}
	if err := o.prober.log.Check(ctx); err != nil {
		return unfit("log.vault_key", err)
	}
	names := []seal.KeyName{AuthorityKey}
	if o.probedBy != duty.Sequencer {
		missions, agreements, err := o.Store.KeyOwners(ctx)
		if err != nil {
			return err
		}
		for _, id := range agreements {
			names = append(names, transfer.KeyOf(id))
		}
		if o.probedBy != duty.Release { // which may not touch them
			for _, id := range missions {
				names = append(names, consent.KeyOf(id))
			}
		}
	}
	var mu sync.Mutex
	var errs []error
	var all sync.WaitGroup
	slots := make(chan struct{}, probesAtOnce)
	for _, name := range names {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			err := o.prober.key(ctx, name)
			if errors.Is(err, seal.ErrKeyUnknown) {
				log.WarnContext(ctx, "the key service has no such key", "key", string(name))
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil && len(errs) < 20 {
				errs = append(errs, unfit("transit key "+string(name), err))
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// unfit says so of a key that is not as it must be; an outage stays one.
func unfit(what string, err error) error {
	if errors.Is(err, seal.ErrUnavailable) {
		return fmt.Errorf("checking %s: %w", what, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnfit, what, err)
}
