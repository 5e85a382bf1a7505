package seal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"safeconduct/transfer/seal"
)

var here = seal.Address{Transfer: "trf-1", File: 1} // read only

func keyOf(t testing.TB, b byte) seal.DataKey {
	t.Helper()
	key, err := seal.NewDataKey(bytes.Repeat([]byte{b}, seal.DataKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// objects is an object store in memory.
type objects struct {
	mu     sync.Mutex
	sealed [][]byte
	got    []int // the chunks that were read
	open   int   // readers not closed
}

func (o *objects) put(_ context.Context, seq int, c seal.Chunk, sealed []byte) error {
	if c.SHA256 != sha256.Sum256(sealed) || c.Sealed != int64(len(sealed)) {
		return errors.New("the chunk is not the one that is described")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for seq >= len(o.sealed) {
		o.sealed = append(o.sealed, nil)
	}
	if o.sealed[seq] != nil {
		return errors.New("put twice")
	}
	o.sealed[seq] = bytes.Clone(sealed)
	return nil
}

func (o *objects) get(_ context.Context, seq int) (io.ReadCloser, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if seq >= len(o.sealed) || o.sealed[seq] == nil {
		return nil, errMissing
	}
	o.got = append(o.got, seq)
	o.open++
	return &object{Reader: bytes.NewReader(o.sealed[seq]), o: o}, nil
}

var errMissing = errors.New("no such object")

type object struct {
	io.Reader
	o *objects
}

func (o *object) Close() error {
	o.o.mu.Lock()
	defer o.o.mu.Unlock()
	o.o.open--
	return nil
}

// payload returns n bytes that are the same in every run.
func payload(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// sealed seals plain in chunks of size.
func sealed(t testing.TB, plain []byte, size int) (*objects, seal.Manifest) {
	t.Helper()
	o := &objects{}
	m, err := seal.Seal(t.Context(), keyOf(t, 1), here, bytes.NewReader(plain), o.put, seal.WithChunkSize(size))
	if err != nil {
		t.Fatal(err)
	}
	if m.Size != int64(len(plain)) || m.SHA256 != sha256.Sum256(plain) {
		t.Fatal("the manifest's size or digest is wrong")
	}
	return o, m
}
