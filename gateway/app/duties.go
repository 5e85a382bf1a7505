package app

import (
	"context"
	"io"
	"iter"
	"strings"

	"safeconduct/gateway/duty"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/seal"
)

// login is what one duty works with, under credentials of its own. Objects are nil for the sequencer.
type login struct {
	keys   seal.KeyWrapper
	keeper seal.KeyKeeper
	signer seal.Signer
	blobs  blob.Store
}

// logins are those of the duties that this process plays. Each act is done under the login of the one duty that it
// belongs to. Where that duty is not played the answer is a *duty.OtherError: no other login is tried in its place.
type logins struct {
	played duty.Set
	of     map[duty.Duty]login
}

func newLogins(played duty.Set) *logins {
	return &logins{played: played, of: make(map[duty.Duty]login, len(played))}
}

// set changes the login of a duty that is played.
func (l *logins) set(d duty.Duty, change func(*login)) {
	in := l.of[d]
	change(&in)
	l.of[d] = in
}

// login answers with that of a duty.
func (l *logins) login(d duty.Duty) (login, error) {
	return l.of[d], l.played.Needs(d)
}

// parts are the ports over the logins.
func (l *logins) parts() Parts {
	return Parts{Keys: wrapsByDuty{l}, Keeper: keepsByDuty{l}, Signer: signsByDuty{l}, Blobs: storesByDuty{l}}
}

// opener is the duty that may unwrap what lies under a key: the authority key is everybody's, so that every process can
// check rows; mission keys are intake's, which looks subjects up by them; payloads are release's.
func (l *logins) opener(name seal.KeyName) duty.Duty {
	switch {
	case name == AuthorityKey:
		return l.played[0]
	case strings.HasPrefix(string(name), consent.KeyPrefix):
		return duty.Intake
	}
	return duty.Release
}

// wrapsByDuty is seal.KeyWrapper by duty.
type wrapsByDuty struct{ *logins }

// NewDataKey implements seal.KeyWrapper.
func (w wrapsByDuty) NewDataKey(ctx context.Context, name seal.KeyName, b seal.Binding) (seal.DataKey, seal.Wrapped, error) {
	in, err := w.login(duty.Intake)
	if err != nil {
		return seal.DataKey{}, "", err
	}
	return in.keys.NewDataKey(ctx, name, b)
}

// Unwrap implements seal.KeyWrapper.
func (w wrapsByDuty) Unwrap(ctx context.Context, name seal.KeyName, b seal.Binding, wrapped seal.Wrapped) (seal.DataKey, error) {
	in, err := w.login(w.opener(name))
	if err != nil {
		return seal.DataKey{}, err
	}
	return in.keys.Unwrap(ctx, name, b, wrapped)
}

// keepsByDuty is seal.KeyKeeper by duty.
type keepsByDuty struct{ *logins }

// Ensure implements seal.KeyKeeper.
func (k keepsByDuty) Ensure(ctx context.Context, name seal.KeyName) error {
	in, err := k.login(duty.Keeper)
	if err != nil {
		return err
	}
	return in.keeper.Ensure(ctx, name)
}

// Rotate implements seal.KeyKeeper.
func (k keepsByDuty) Rotate(ctx context.Context, name seal.KeyName) (int, error) {
	in, err := k.login(duty.Keeper)
	if err != nil {
		return 0, err
	}
	return in.keeper.Rotate(ctx, name)
}

// Rewrap implements seal.KeyKeeper.
func (k keepsByDuty) Rewrap(ctx context.Context, name seal.KeyName, b seal.Binding, wrapped seal.Wrapped) (seal.Wrapped, error) {
	in, err := k.login(duty.Keeper)
	if err != nil {
		return "", err
	}
	return in.keeper.Rewrap(ctx, name, b, wrapped)
}

// Trim implements seal.KeyKeeper.
func (k keepsByDuty) Trim(ctx context.Context, name seal.KeyName, minVersion int) error {
	in, err := k.login(duty.Keeper)
	if err != nil {
		return err
	}
	return in.keeper.Trim(ctx, name, minVersion)
}

// signsByDuty is seal.Signer by duty.
type signsByDuty struct{ *logins }

// Sign implements seal.Signer.
func (s signsByDuty) Sign(ctx context.Context, message []byte) ([]byte, int, error) {
	in, err := s.login(duty.Sequencer)
	if err != nil {
		return nil, 0, err
	}
	return in.signer.Sign(ctx, message)
}

// PublicKeys implements seal.Signer. Every duty may read them: whoever waits for a checkpoint verifies it.
func (s signsByDuty) PublicKeys(ctx context.Context) ([]seal.PublicKey, error) {
	in, err := s.login(s.played[0])
	if err != nil {
		return nil, err
	}
	return in.signer.PublicKeys(ctx)
}

// storesByDuty is blob.Store by duty.
type storesByDuty struct{ *logins }

// Create implements blob.Store.
func (s storesByDuty) Create(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	in, err := s.login(duty.Intake)
	if err != nil {
		return err
	}
	return in.blobs.Create(ctx, name, content, sum)
}

// Repeat implements blob.Store.
func (s storesByDuty) Repeat(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	in, err := s.login(duty.Intake)
	if err != nil {
		return err
	}
	return in.blobs.Repeat(ctx, name, content, sum)
}

// Open implements blob.Store.
func (s storesByDuty) Open(ctx context.Context, name blob.Name) (io.ReadCloser, error) {
	in, err := s.login(duty.Release)
	if err != nil {
		return nil, err
	}
	return in.blobs.Open(ctx, name)
}

// Delete implements blob.Store.
func (s storesByDuty) Delete(ctx context.Context, prefix blob.Name) error {
	in, err := s.login(duty.Keeper)
	if err != nil {
		return err
	}
	return in.blobs.Delete(ctx, prefix)
}

// List implements blob.Store.
func (s storesByDuty) List(ctx context.Context, prefix blob.Name) iter.Seq2[blob.Info, error] {
	in, err := s.login(duty.Keeper)
	if err != nil {
		return func(yield func(blob.Info, error) bool) { yield(blob.Info{}, err) }
	}
	return in.blobs.List(ctx, prefix)
}
