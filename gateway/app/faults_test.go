package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/seal"
)

// marker stands in every payload; it must never be found on disk.
const marker = "PLAINTEXT-MARKER-7f3a"

func payload(n int) []byte { return bytes.Repeat([]byte(marker+"\n"), n) }

// faults fails the calls that a test names, in front of the real parts.
type faults struct {
	blob.Store
	seal.KeyWrapper
	mu    sync.Mutex
	fail  map[string]error
	after map[string]int // let so many calls pass first
	alter func([]byte) []byte
}

var errCrash = errors.New("the process died here")

func (f *faults) hit(step string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.after[step] > 0 {
		f.after[step]--
		return nil
	}
	return f.fail[step]
}

func (f *faults) set(step string, after int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.after = map[string]error{step: err}, map[string]int{step: after}
}

func (f *faults) Create(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	if err := f.hit("create"); err != nil {
		return err
	}
	if err := f.Store.Create(ctx, name, content, sum); err != nil {
		return err
	}
	return f.hit("created")
}

func (f *faults) Open(ctx context.Context, name blob.Name) (io.ReadCloser, error) {
	if err := f.hit("open"); err != nil {
		return nil, err
	}
	r, err := f.Store.Open(ctx, name)
	if err != nil || f.alter == nil {
		return r, err
	}
	b, err := io.ReadAll(r)
	return io.NopCloser(bytes.NewReader(f.alter(b))), errors.Join(err, r.Close())
}

func (f *faults) Delete(ctx context.Context, prefix blob.Name) error {
	if err := f.hit("delete"); err != nil {
		return err
	}
	return f.Store.Delete(ctx, prefix)
}

func (f *faults) NewDataKey(ctx context.Context, n seal.KeyName, b seal.Binding) (seal.DataKey, seal.Wrapped, error) {
	if err := f.hit("datakey"); err != nil {
		return seal.DataKey{}, "", err
	}
	return f.KeyWrapper.NewDataKey(ctx, n, b)
}

func (f *faults) Unwrap(ctx context.Context, n seal.KeyName, b seal.Binding, x seal.Wrapped) (seal.DataKey, error) {
	if err := f.hit("unwrap"); err != nil {
		return seal.DataKey{}, err
	}
	return f.KeyWrapper.Unwrap(ctx, n, b, x)
}

func faultyWorld(t *testing.T) (*apptest.World, *faults) {
	f := &faults{}
	w := apptest.Ready(t, apptest.Options{Parts: func(p *app.Parts) {
		f.Store, f.KeyWrapper = p.Blobs, p.Keys
		p.Blobs, p.Keys = f, f
	}})
	return w, f
}

// noPlaintext looks for the marker and for the case numbers in every file.
func noPlaintext(w *apptest.World) {
	w.T.Helper()
	w.Must(filepath.WalkDir(w.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, secret := range []string{marker, "CASE-1", "CASE-2"} {
			if bytes.Contains(b, []byte(secret)) {
				w.T.Errorf("%s lies in plain in %s", secret, filepath.Base(path))
			}
		}
		return err
	}))
}

func TestUploadBreaksAtEachStep(t *testing.T) {
	body := payload(500_000) // several chunks
	sum := sha256.Sum256(body)
	cut := io.MultiReader(bytes.NewReader(body[:6<<20]), failing{})
	for _, tc := range []struct {
		name  string
		step  string
		after int
		body  io.Reader
	}{
		{"before the data key", "datakey", 0, bytes.NewReader(body)},
		{"before the first object", "create", 0, bytes.NewReader(body)},
		{"after the first object landed", "created", 0, bytes.NewReader(body)},
		{"before the second object", "create", 1, bytes.NewReader(body)},
		{"the connection is cut", "none", 0, cut},
		{"the content is not what was declared", "none", 0, bytes.NewReader(payload(3))},
	} {
		t.Run("R49 "+tc.name, func(t *testing.T) {
			w, f := faultyWorld(t)
			sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
			w.Must(err)
			f.set(tc.step, tc.after, errCrash)
			if _, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, hex.EncodeToString(sum[:]), tc.body); err == nil {
				t.Fatal("the upload did not fail")
			}
			seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID)
			w.Must(err)
			if seen.Files[0].Sealed != nil {
				t.Fatal("a broken upload counts as landed")
			}
			if _, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); !errors.Is(err, evidence.ErrNotFound) {
				t.Fatalf("pulling it: %v", err)
			}
			f.set("none", 0, nil)
			w.SweepAll()
			if left := w.Objects(); len(left) > 0 {
				t.Fatalf("objects are left: %v", left)
			}
			// The sender tries again, and it goes through.
			again, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, hex.EncodeToString(sum[:]), bytes.NewReader(body))
			w.Must(err)
			if again.State != transfer.AwaitingApproval {
				t.Fatalf("after the second try it is %s", again.State)
			}
			noPlaintext(w)
			w.Verify()
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestDeliveryBreaks(t *testing.T) {
	body := payload(500_000)
	flip := func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b }
	for _, tc := range []struct {
		name  string
		step  string
		after int
		alter func([]byte) []byte
	}{
		{"the key service is gone", "unwrap", 0, nil},
		{"the object store is gone", "open", 0, nil},
		{"the second object is gone", "open", 1, nil},
		{"a bit is flipped", "none", 0, flip},
		{"an object is cut short", "none", 0, func(b []byte) []byte { return b[:len(b)-1] }},
		{"an object is longer", "none", 0, func(b []byte) []byte { return append(bytes.Clone(b), 0) }},
	} {
		t.Run("R49 "+tc.name, func(t *testing.T) {
			w, f := faultyWorld(t)
			sent := w.Available(body)
			f.set(tc.step, tc.after, errCrash)
			f.alter = tc.alter
			d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
			w.Must(err)
			var got bytes.Buffer
			if err := d.Send(w.Ctx, &got); err == nil {
				t.Fatal("a broken delivery looks complete")
			}
			if !bytes.HasPrefix(body, got.Bytes()) || got.Len() == len(body) {
				t.Fatal("something wrong, or everything, was handed over")
			}
			seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID)
			w.Must(err)
			if seen.State != transfer.Available {
				t.Fatalf("after a broken delivery it is %s", seen.State)
			}
			f.set("none", 0, nil)
			f.alter = nil
			d, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, int64(got.Len()))
			w.Must(err)
			w.Must(d.Send(w.Ctx, &got))
			if !bytes.Equal(got.Bytes(), body) {
				t.Fatal("the resumed delivery differs")
			}
			w.Verify()
		})
	}
}

func TestReleaseRules(t *testing.T) {
	w, f := faultyWorld(t)
	ro, hom, pdl := w.As(authz.RO), w.As(authz.HOM), w.As(authz.PDL)

	t.Run("R53 another mission's officer sees an unknown transfer", func(t *testing.T) {
		sent := w.Available(payload(1))
		stranger := ro
		stranger.Person, stranger.Grants = "stranger", []authz.Grant{{Role: authz.RO, Mission: "elsewhere"}}
		if _, err := w.Transfers.Transfer(w.Ctx, stranger, sent.ID); err == nil || err.Error() != "not found" {
			t.Fatalf("got %v", err)
		}
		other := pdl
		other.Grants = []authz.Grant{{Role: authz.PDL, Partner: "elsewhere"}}
		if _, err := w.Transfers.Pull(w.Ctx, other, sent.ID, 1, 0); err == nil || err.Error() != "not found" {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("PULL_LIMIT counts sessions, not requests, and none that ended before its first byte", func(t *testing.T) {
		body := payload(500_000)
		sent := w.Available(body)
		broken := func(after int) {
			t.Helper()
			f.set("open", after, errCrash)
			d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
			w.Must(err)
			if d.Send(w.Ctx, io.Discard) == nil {
				t.Fatal("the delivery did not break")
			}
			f.set("none", 0, nil)
		}
		for range sent.PullLimit {
			broken(0)
		}
		for range sent.PullLimit - 1 {
			d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
			w.Must(err)
			w.Must(d.Send(w.Ctx, io.Discard))
		}
		broken(1)
		if _, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, int64(len(body))-1); !errors.Is(err, transfer.ErrNotAvailable) {
			t.Fatalf("from beyond what was sent: %v", err)
		}
		pullRefused(w, sent.ID, "PULL_LIMIT")
	})
	t.Run("PULL_RECALLED and nothing is left", func(t *testing.T) {
		sent := w.Available(payload(10))
		before := len(w.Objects())
		_, err := w.Transfers.Recall(w.Ctx, ro, sent.ID, "sent by mistake")
		w.Must(err)
		pullRefused(w, sent.ID, "PULL_RECALLED")
		w.SweepAll()
		if len(w.Objects()) != before-1 {
			t.Fatal("the objects of a recalled transfer are left")
		}
	})
	t.Run("PULL_WINDOW and the key is destroyed", func(t *testing.T) {
		sent := w.Available(payload(10))
		w.Clock.Add(15 * 24 * time.Hour)
		pullRefused(w, sent.ID, "PULL_WINDOW")
		_, err := w.Transfers.Lapse(w.Ctx)
		w.Must(err)
		seen, err := w.Transfers.Transfer(w.Ctx, ro, sent.ID)
		w.Must(err)
		if seen.State != transfer.Unclaimed {
			t.Fatalf("it is %s", seen.State)
		}
	})
	t.Run("APPROVAL_DENIED", func(t *testing.T) {
		sent, err := w.Transfers.Request(w.Ctx, ro, w.Order())
		w.Must(err)
		_, err = w.Transfers.Receive(w.Ctx, ro, sent.ID, 1, "", bytes.NewReader(payload(1)))
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, hom, sent.ID, false, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"APPROVAL_DENIED"}) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("AGR_SUSPENDED holds, and lifting frees", func(t *testing.T) {
		sent := w.Available(payload(1))
		_, err := w.Agreements.Suspend(w.Ctx, hom, sent.Agreement, "a rumour")
		w.Must(err)
		pullRefused(w, sent.ID, "AGR_SUSPENDED")
		seen, err := w.Transfers.Transfer(w.Ctx, ro, sent.ID)
		w.Must(err)
		if seen.State != transfer.Held {
			t.Fatalf("it is %s", seen.State)
		}
		for _, role := range []authz.Role{authz.LEG, authz.DPO} {
			_, err := w.Agreements.Lift(w.Ctx, w.As(role), sent.Agreement, "it was a rumour")
			w.Must(err)
		}
		d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
		w.Must(err)
		w.Must(d.Send(w.Ctx, io.Discard))
	})
	w.Verify()
}

// pullRefused pulls, and checks that the partner learns nothing and that the
// officer reads the codes.
func pullRefused(w *apptest.World, id string, codes ...string) {
	w.T.Helper()
	_, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), id, 1, 0)
	var r *transfer.RefusedError
	if !errors.Is(err, transfer.ErrNotAvailable) || errors.As(err, &r) || strings.Contains(err.Error(), codes[0]) {
		w.T.Fatalf("the partner is told %v", err)
	}
	seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), id)
	w.Must(err)
	if !slices.Equal(seen.Decision.Codes(), codes) {
		w.T.Fatalf("the officer reads %v, want %v", seen.Decision.Codes(), codes)
	}
}
