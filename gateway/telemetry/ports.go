package telemetry

import (
	"context"
	"io"
	"iter"

	"safeconduct/transfer"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/seal"
)

// Keys watches a key wrapper: steps wrap and unwrap.
func (w *Watch) Keys(k seal.KeyWrapper) seal.KeyWrapper { return watchedKeys{w, k} }

type watchedKeys struct {
	watch *Watch
	keys  seal.KeyWrapper
}

func (k watchedKeys) NewDataKey(ctx context.Context, name seal.KeyName, binding seal.Binding) (seal.DataKey, seal.Wrapped, error) {
	ctx, end := k.watch.begin(ctx, StepWrap)
	key, wrapped, err := k.keys.NewDataKey(ctx, name, binding)
	end(err)
	return key, wrapped, err
}

func (k watchedKeys) Unwrap(ctx context.Context, name seal.KeyName, binding seal.Binding, wrapped seal.Wrapped) (seal.DataKey, error) {
	ctx, end := k.watch.begin(ctx, StepUnwrap)
	key, err := k.keys.Unwrap(ctx, name, binding, wrapped)
	end(err)
	return key, err
}

// Keeper watches a key keeper: step key.
func (w *Watch) Keeper(k seal.KeyKeeper) seal.KeyKeeper { return watchedKeeper{w, k} }

type watchedKeeper struct {
	watch  *Watch
	keeper seal.KeyKeeper
}

func (k watchedKeeper) Ensure(ctx context.Context, name seal.KeyName) error {
	ctx, end := k.watch.begin(ctx, StepKey)
	err := k.keeper.Ensure(ctx, name)
	end(err)
	return err
}

func (k watchedKeeper) Rotate(ctx context.Context, name seal.KeyName) (int, error) {
	ctx, end := k.watch.begin(ctx, StepKey)
	version, err := k.keeper.Rotate(ctx, name)
	end(err)
	return version, err
}

func (k watchedKeeper) Rewrap(ctx context.Context, name seal.KeyName, binding seal.Binding, wrapped seal.Wrapped) (seal.Wrapped, error) {
	ctx, end := k.watch.begin(ctx, StepKey)
	fresh, err := k.keeper.Rewrap(ctx, name, binding, wrapped)
	end(err)
	return fresh, err
}

func (k watchedKeeper) Trim(ctx context.Context, name seal.KeyName, minVersion int) error {
	ctx, end := k.watch.begin(ctx, StepKey)
	err := k.keeper.Trim(ctx, name, minVersion)
	end(err)
	return err
}

// Signer watches a signer: step sign. Reading public keys is not watched.
func (w *Watch) Signer(s seal.Signer) seal.Signer { return watchedSigner{s, w} }

type watchedSigner struct {
	seal.Signer
	watch *Watch
}

func (s watchedSigner) Sign(ctx context.Context, message []byte) ([]byte, int, error) {
	ctx, end := s.watch.begin(ctx, StepSign)
	signature, version, err := s.Signer.Sign(ctx, message)
	end(err)
	return signature, version, err
}

// Blobs watches an object store: steps put, get and delete. What is read of an opened object belongs to whoever reads.
func (w *Watch) Blobs(b blob.Store) blob.Store { return watchedBlobs{w, b} }

type watchedBlobs struct {
	watch *Watch
	blobs blob.Store
}

func (b watchedBlobs) Create(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	ctx, end := b.watch.begin(ctx, StepPut)
	err := b.blobs.Create(ctx, name, content, sum)
	end(err)
	return err
}

func (b watchedBlobs) Repeat(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	ctx, end := b.watch.begin(ctx, StepPut)
	err := b.blobs.Repeat(ctx, name, content, sum)
	end(err)
	return err
}

// Open hands on the context that came in: the reader lives longer than the step.
func (b watchedBlobs) Open(ctx context.Context, name blob.Name) (io.ReadCloser, error) {
	_, end := b.watch.begin(ctx, StepGet)
	r, err := b.blobs.Open(ctx, name)
	end(err)
	return r, err
}

func (b watchedBlobs) Delete(ctx context.Context, prefix blob.Name) error {
	ctx, end := b.watch.begin(ctx, StepDelete)
	err := b.blobs.Delete(ctx, prefix)
	end(err)
	return err
}

func (b watchedBlobs) List(ctx context.Context, prefix blob.Name) iter.Seq2[blob.Info, error] {
	return b.blobs.List(ctx, prefix)
}

// Log watches the wait for evidence: step checkpoint.
func (w *Watch) Log(l transfer.Log) transfer.Log { return watchedLog{w, l} }

type watchedLog struct {
	watch *Watch
	log   transfer.Log
}

func (l watchedLog) Wait(ctx context.Context, entries ...string) error {
	ctx, end := l.watch.begin(ctx, StepCheckpoint)
	err := l.log.Wait(ctx, entries...)
	end(err)
	return err
}
