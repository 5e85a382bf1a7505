package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/e2e/servers"
	"safeconduct/gateway/app"
	"safeconduct/gateway/sequencer"
	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/vaulttransit"
)

const benchKey seal.KeyName = "agr-benchmark"

// parts are what a referral is made of, each alone: the adapters of the
// gateway, on the same servers, with a database and a bucket of their own.
type parts struct {
	vault   *vaulttransit.Client
	s3      *minio.Client
	bucket  string
	names   atomic.Int64
	store   *store.Store
	log     *sequencer.Sequencer
	office  *evidence.Office
	content []byte
	stop    context.CancelFunc
	running sync.WaitGroup
}

func (b *bench) parts(ctx context.Context) (_ *parts, err error) {
	p := &parts{content: content(seal.SealedSize(smallSize)), office: &evidence.Office{Now: time.Now, NewID: app.NewID, Policy: "benchmark"}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	quiet := slog.New(slog.DiscardHandler)
	config := vaulttransit.Config{
		Address: b.all.Vault.Address, RoleIDFile: b.all.Vault.Role.RoleIDFile, SecretIDFile: b.all.Vault.Role.SecretIDFile,
	}
	if p.vault, err = vaulttransit.Open(ctx, config, quiet); err != nil {
		return p, err
	}
	if err := p.vault.Ensure(ctx, benchKey); err != nil {
		return p, err
	}
	if p.s3, err = b.all.MinIO.Client(); err != nil {
		return p, err
	}
	if p.bucket, err = b.all.MinIO.NewBucket(ctx, true); err != nil {
		return p, err
	}
	return p, p.openLog(ctx, b.all, quiet)
}

func (p *parts) openLog(ctx context.Context, all *servers.All, quiet *slog.Logger) error {
	dsn, err := all.Postgres.NewDatabase(ctx)
	if err != nil {
		return err
	}
	p.store, err = store.OpenPostgres(ctx, dsn.Reveal(), store.Options{Now: time.Now, NewID: app.NewID, Random: rand.Reader})
	if err != nil {
		return err
	}
	if _, err := p.store.Migrate(ctx); err != nil {
		return err
	}
	authority, err := newAuthority()
	if err != nil {
		return err
	}
	p.store.SetAuthority(authority)
	p.log, err = sequencer.New(store.Log{Store: p.store}, p.vault.LogSigner(servers.LogKey), "safeconduct.test/benchmark", quiet, sequencer.Options{})
	if err != nil {
		return err
	}
	p.store.SetWake(p.log.Wake)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	p.running.Go(func() { _ = p.log.Run(background) }) // it ends without an error, when it is stopped
	return nil
}

func newAuthority() (*evidence.Authority, error) {
	raw := make([]byte, evidence.AuthorityKeySize)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return evidence.NewAuthority(map[uint32][]byte{1: raw})
}

func (p *parts) close() error {
	var err error
	if p.stop != nil {
		p.stop()
		p.running.Wait()
	}
	if p.store != nil {
		err = errors.Join(err, p.store.Close())
	}
	if p.vault != nil {
		err = errors.Join(err, p.vault.Close())
	}
	return err
}

func (p *parts) dataKey(ctx context.Context, _, i int) error {
	key, _, err := p.vault.NewDataKey(ctx, benchKey, seal.NewBinding("benchmark", strconv.Itoa(i)))
	key.Destroy()
	return err
}

func (p *parts) put(ctx context.Context, _, _ int) error {
	name := "small/" + strconv.FormatInt(p.names.Add(1), 10)
	_, err := p.s3.PutObject(ctx, p.bucket, name, bytes.NewReader(p.content), int64(len(p.content)), minio.PutObjectOptions{})
	return err
}

// record is one business transaction that leaves an entry and nothing else.
func (p *parts) record(ctx context.Context) ([]string, error) {
	return store.For[evidence.Recorder](p.store).Update(ctx, func(tx evidence.Recorder) error {
		return tx.Record(ctx, p.office.Entry(authz.System(""), authz.SYS, evidence.Change, "benchmark.step", authz.Resource{Kind: "benchmark"}))
	})
}

func (p *parts) transaction(ctx context.Context, _, _ int) error {
	_, err := p.record(ctx)
	return err
}

func (p *parts) checkpoint(ctx context.Context, _, _ int) error {
	entries, err := p.record(ctx)
	if err != nil {
		return err
	}
	return p.log.Wait(ctx, entries...)
}
