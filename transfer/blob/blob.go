// Package blob is the object port: immutable sealed chunks under opaque names.
//
// Whatever implements [Store] is taken to be hostile. It sees ciphertext only, and what it hands back is believed in
// nothing: a reader that ends before, or goes on after, the announced size is an error and never an end of file. Whether
// the bytes are the right ones is for the seal to say, not for this package.
//
// Contract package blobtest states, and checks, what every adapter promises.
package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"time"
)

// MaxSize is the most bytes an object may hold (8 MiB). Chunks are about 4 MiB; the bound keeps every put a single
// request and keeps a hostile store from feeding more than memory was planned for.
const MaxSize = 8 << 20

// Errors that callers branch on. Messages of the errors that wrap them carry the opaque object name and a cause, and
// never a credential, a URL or anything that a server wrote in prose.
var (
	// ErrNotFound: no object has this name.
	ErrNotFound = errors.New("object not found")
	// ErrExists: the name is taken. What is stored under it was left as it was.
	ErrExists = errors.New("object exists")
	// ErrUnavailable: the store could not answer now (network, server error, full disk). Trying again may succeed.
	ErrUnavailable = errors.New("object store unavailable")
	// ErrTimeout goes with ErrUnavailable where the store kept silent for as long as one object may take, attempts
	// included. Trying again at once would double that bound: it is for whoever asked to come again.
	ErrTimeout = errors.New("timed out")
	// ErrInvalidName: the name was refused before any input or output.
	ErrInvalidName = errors.New("invalid object name")
	// ErrTooLarge: the content is larger than MaxSize.
	ErrTooLarge = errors.New("object too large")
	// ErrDigest: the bytes that the store was to keep, or those that reached it, do not have the digest that came with
	// them. Nothing was stored.
	ErrDigest = errors.New("content does not have its digest")
	// ErrWrongSize: the store handed out an object that is larger than it announced, or announced none or an
	// impossible size.
	ErrWrongSize = errors.New("object has the wrong size")
	// ErrLocked: the store holds the object under retention or legal hold, so that it could not be destroyed.
	// Trying again does not help before the lock ends.
	ErrLocked = errors.New("object is locked against deletion")
	// ErrDenied: the store refuses this process, or does not know its keys. Somebody must mend its rights.
	ErrDenied = errors.New("the object store refuses this process")
)

// Info describes one stored object.
type Info struct {
	Name     Name
	Size     int64     // bytes
	Modified time.Time // by the clock of the store, UTC; not evidence
}

// Digest is the SHA-256 of an object's whole content.
type Digest [sha256.Size]byte

// DigestOf takes the digest of content. Who sealed it has it already.
func DigestOf(content []byte) Digest { return sha256.Sum256(content) }

// Store keeps immutable objects. Methods may be called concurrently, from several processes too. A context that ends
// stops the call, whose error then wraps the context's.
//
// No name may also be the folder of another name ("a" beside "a/b"): some stores are file systems and refuse it.
type Store interface {
	// Create stores content, of which sum is the digest, under a free name: all of it or nothing, and durably once it
	// returns. Whoever keeps it checks sum. It fails with ErrExists, ErrInvalidName, ErrTooLarge, ErrDigest or
	// ErrUnavailable. Of several concurrent calls for one name exactly one
	// succeeds. After ErrUnavailable, or an ended context, the object may or may not exist: the caller then goes on
	// with Repeat.
	Create(ctx context.Context, name Name, content []byte, sum Digest) error

	// Repeat stores content under a name whether or not it is taken: all of it or nothing, and durably once it
	// returns. It is for who has begun a Create of these very bytes and lost the answer, under a name that nobody else
	// knows; it reads nothing, so that who may only put can do it. On a store that keeps versions it may leave two of
	// the same content. It fails as Create does, but never with ErrExists.
	Repeat(ctx context.Context, name Name, content []byte, sum Digest) error

	// Open reads an object from its beginning. It fails with ErrNotFound, ErrInvalidName, ErrUnavailable or
	// ErrWrongSize. The reader answers io.EOF only after exactly the announced number of bytes; a cut is
	// ErrUnavailable (and io.ErrUnexpectedEOF), a surplus ErrWrongSize. It stops when ctx ends. The caller closes it.
	Open(ctx context.Context, name Name) (io.ReadCloser, error)

	// Delete destroys every object, and every version of it, under the folder prefix "a/b/". Without the last slash,
	// "a/b" means the object of that name as well. Nothing there is no error, and a call that failed can be
	// repeated. It is not atomic. An empty prefix is ErrInvalidName. ErrLocked reports what the store refuses to
	// destroy, after everything else was.
	Delete(ctx context.Context, prefix Name) error

	// List yields the objects under prefix (as Delete reads it; empty means all) in byte order of their names, while
	// they are being found. The first error ends it. Objects created or deleted meanwhile may or may not appear.
	// What no Create could have stored is not listed.
	List(ctx context.Context, prefix Name) iter.Seq2[Info, error]
}
