package app

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"safeconduct/config"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/telemetry"
	"safeconduct/transfer/blob"
)

// watched puts a watch before each part, for the services; health is asked of
// the parts themselves, so that asking is no step.
func watched(p Parts, w *telemetry.Watch) Parts {
	p.Keys, p.Keeper, p.Signer, p.Blobs = w.Keys(p.Keys), w.Keeper(p.Keeper), w.Signer(p.Signer), w.Blobs(p.Blobs)
	return p
}

// How long the answer of a dependency is believed, and how long it may take.
const (
	healthKeep  = 3 * time.Second
	healthBound = 2 * time.Second
)

// healthProbes ask each dependency for the least that shows that it answers.
func healthProbes(p Parts, objects func(context.Context) error, now func() time.Time) []*telemetry.Probe {
	probe := func(name string, ask func(context.Context) error) *telemetry.Probe {
		return telemetry.NewProbe(name, ask, now, healthKeep, healthBound)
	}
	return []*telemetry.Probe{
		probe("database", p.Store.Ready),
		probe("keys", func(ctx context.Context) error {
			_, err := p.Signer.PublicKeys(ctx) // every duty may read those
			return err
		}),
		probe("objects", objects),
	}
}

// nowhere is the name of an object that there never is.
const nowhere blob.Name = "health/none"

// answers asks a folder of objects for nothing.
func answers(ctx context.Context, b blob.Store) error {
	r, err := b.Open(ctx, nowhere)
	switch {
	case err == nil:
		return r.Close()
	case ctx.Err() != nil, errors.Is(err, blob.ErrUnavailable):
		return err
	}
	return nil
}

// observe begins to tell of the system, and answers with the checks of
// readiness.
func (a *App) observe(c config.Config, m *telemetry.Meters) ([]edge.Check, error) {
	asked := healthProbes(a.Parts, a.opened.objects, time.Now)
	sources := telemetry.Sources{Dependencies: asked, Backlog: a.backlog, Logins: a.loginEnds()}
	if file := c.Server.TLSCertFile; file != "" { // it may be renewed while we run
		sources.Certificate = func() (time.Time, error) { return certificateEnd(file) }
	}
	if err := m.Observe(sources); err != nil {
		return nil, err
	}
	checks := make([]edge.Check, len(asked))
	for i, p := range asked {
		checks[i] = edge.Check{Name: p.Name, Run: p.Run}
	}
	return checks, nil
}

// backlog reads ages from the ids of entries, which are ordered by time.
func (a *App) backlog(ctx context.Context) (telemetry.Backlog, error) {
	b, err := a.Parts.Store.Backlog(ctx)
	if err != nil {
		return telemetry.Backlog{}, err
	}
	now := time.Now()
	unsigned, err := ageOf(b.Unsigned, now)
	if err != nil {
		return telemetry.Backlog{}, err
	}
	signed, err := ageOf(b.Signed, now)
	return telemetry.Backlog{Unsequenced: b.Unsequenced, Unsigned: unsigned, Checkpoint: signed, Uploads: b.Uploads}, err
}

// ageOf is how long ago an id was made; zero for none.
func ageOf(id string, now time.Time) (time.Duration, error) {
	if id == "" {
		return 0, nil
	}
	u, err := uuid.Parse(id)
	if err != nil {
		return 0, fmt.Errorf("reading the id of an entry: %w", err)
	}
	return max(0, now.Sub(time.Unix(u.Time().UnixTime()))), nil
}

// certificateEnd is when the first certificate of the chain ends.
func certificateEnd(file string) (time.Time, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, fmt.Errorf("server.tls_cert_file: %w", err)
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, fmt.Errorf("server.tls_cert_file: %w", err)
		}
		return cert.NotAfter, nil
	}
	return time.Time{}, errors.New("server.tls_cert_file holds no certificate in PEM")
}

// Verified notes that the log was verified just now, and whether it was sound.
func (a *App) Verified(ctx context.Context, sound bool) { a.watch.Meters().VerifiedLog(ctx, sound) }
