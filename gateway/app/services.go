// Package app is the composition root: the only place that chooses adapters.
package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/people/undertaking"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/api"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/sequencer"
	"safeconduct/gateway/store"
	"safeconduct/gateway/telemetry"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/queue"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
	"safeconduct/transfer/seal"
)

// Parts are the engines that the services stand on, whatever they are.
type Parts struct {
	Store  *store.Store
	Keys   seal.KeyWrapper
	Keeper seal.KeyKeeper
	Signer seal.Signer
	Blobs  blob.Store
}

// Services are the use cases of the system, one per package, with what they
// share.
type Services struct {
	api.Services
	Office    *evidence.Office
	Sequencer *sequencer.Sequencer
	Refusals  *evidence.Tallies // of what is refused at the door
}

// Settings are what Compose takes from the configuration.
type Settings struct {
	Authz  authz.Config
	Origin string // of the log
	Limits transfer.Limits
	Wait   time.Duration // bound on waiting for a checkpoint
	Now    func() time.Time
	Logger *slog.Logger
	Duties duty.Set // that the process plays; all where it is nil
	// Tampered counts rows that are not as this system wrote them, by kind; nil
	// counts nothing.
	Tampered func(ctx context.Context, kind string)
	// Watch gives steps their spans and durations; nil tells nobody.
	Watch *telemetry.Watch
}

// apartPoll is how often a process looks for entries, or for the checkpoint of
// its own, where another process records or signs: no wake reaches it.
const apartPoll = 100 * time.Millisecond

// NewID makes ids: UUIDs of version 7, time-ordered.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Compose builds the services over the parts. It unwraps the authority key, and
// makes it where the database is empty.
func Compose(ctx context.Context, p Parts, s Settings) (*Services, error) {
	watch := s.Watch
	if watch == nil {
		var err error
		if watch, err = telemetry.Unwatched(); err != nil {
			return nil, err
		}
	}
	p = watched(p, watch)
	s.Now = onward(s.Now, s.Logger)
	played := s.Duties
	if played == nil {
		played = duty.All()
	}
	enforcer, err := authz.NewEnforcer(s.Authz)
	if err != nil {
		return nil, err
	}
	catalog, err := assessment.Embedded()
	if err != nil {
		return nil, fmt.Errorf("reading the assessment templates: %w", err)
	}
	office := &evidence.Office{
		Enforcer: enforcer, Denials: watch.Denials(store.For[evidence.Recorder](p.Store)), Now: s.Now, NewID: NewID,
		Policy: "authz:" + enforcer.Digest(),
	}
	rung := &alarm{office: office, log: s.Logger, count: s.Tampered, last: map[evidence.Ref]time.Time{}}
	p.Store.SetAlarm(rung.raise)
	if err := openAuthority(ctx, p, office); err != nil {
		return nil, err
	}
	pace := sequencer.Options{MaxWait: s.Wait}
	if len(played) < len(duty.All()) {
		pace.Poll = apartPoll
	}
	seq, err := sequencer.New(watch.Sequencer(store.Log{Store: p.Store}), p.Signer, s.Origin, s.Logger, pace)
	if err != nil {
		return nil, fmt.Errorf("preparing the sequencer: %w", err)
	}
	p.Store.SetWake(seq.Wake)
	cases := consent.NewCaseKeys(p.Keys, store.For[consent.CaseKeyTx](p.Store), rand.Reader)
	mends, err := gate.Mends()
	if err != nil {
		return nil, fmt.Errorf("reading the mend texts: %w", err)
	}
	sent := transfer.NewOffice(transfer.Deps{
		Office: office, Store: watch.Transfers(store.For[transfer.Tx](p.Store)), Keys: p.Keys, Blobs: p.Blobs, Log: watch.Log(seq),
		Cases: cases, Limits: s.Limits, Logger: s.Logger, Observer: watch,
	})
	refusals := &evidence.Tallies{Office: office, Store: store.For[evidence.TallyTx](p.Store)}
	return &Services{Office: office, Sequencer: seq, Refusals: refusals, Services: api.Services{
		People:      people.NewRegister(office, store.For[people.Tx](p.Store), keyProof{}, consent.MissionKeys{Keeper: p.Keeper}),
		Identity:    identity.NewDesk(office, store.For[identity.Tx](p.Store), rand.Reader),
		Parties:     parties.NewRegister(office, store.For[parties.Tx](p.Store)),
		Rules:       rulebook.NewDesk(office, store.For[rulebook.Tx](p.Store), undertaking.Versions()),
		Authorities: authorities.NewDesk(office, store.For[authorities.Tx](p.Store)),
		Incidents:   incidents.NewDesk(office, store.For[incidents.Tx](p.Store)),
		Clearances:  clearance.NewDesk(office, store.For[clearance.Tx](p.Store)),
		Destruction: retention.NewDesk(office, store.For[retention.Tx](p.Store)),
		Terms:       terms.NewBook(office, store.For[terms.Tx](p.Store)),
		Agreements:  agreements.NewDesk(office, store.For[agreements.Tx](p.Store), transfer.AgreementKeys{Keeper: p.Keeper}, transfer.Scans{Office: sent}),
		Templates:   templates.NewDesk(office, store.For[templates.Tx](p.Store)),
		Assessments: assessment.NewDesk(office, store.For[assessment.Tx](p.Store), catalog),
		Consents:    consent.NewOffice(office, telemetry.Transactions(watch, store.For[consent.Tx](p.Store)), cases),
		Holds:       rights.NewDesk(office, telemetry.Transactions(watch, store.For[rights.Tx](p.Store)), cases),
		Approvals:   approvals.NewDesk(office, store.For[approvals.Tx](p.Store)),
		Disclosures: anonymous.NewDesk(office, store.For[anonymous.Tx](p.Store)),
		Transfers:   sent,
		Queues:      queue.NewDesk(office, store.For[queue.Tx](p.Store)),
		Log:         transfer.NewLogOffice(office, store.For[transfer.LogTx](p.Store), watch.Log(seq)),
		Mends:       mends, Duties: played, Claims: claims{store.Claims{Store: p.Store, Now: s.Now}, seq},
	}}, nil
}

// keyProof checks that who enrols a key holds it.
type keyProof struct{}

// ProveKey implements people.KeyProof.
func (keyProof) ProveKey(publicJWK, proof, person string, now time.Time) (string, error) {
	key, err := signing.ParseJWK([]byte(publicJWK))
	if err != nil {
		return "", err
	}
	if _, err := signing.VerifyEnrolment(proof, key, person, now, signing.Bounds{MaxAge: 10 * time.Minute, Skew: time.Minute}); err != nil {
		return "", err
	}
	return key.Thumbprint(), nil
}

// Bootstrap enrols the first two role-granters, once, with the training that is
// stated of them, and answers with their tokens. Their roles stay locked until
// each has signed the undertaking. It fails where anybody is registered already.
func (s *Services) Bootstrap(ctx context.Context, st *store.Store, first, second Founder) ([]Enrolled, error) {
	desk := bootstrapDesk{services: s, store: store.For[bootstrapTx](st)}
	return desk.run(ctx, first, second)
}
