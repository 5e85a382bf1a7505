package sealtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"

	"safeconduct/transfer/seal"
)

// Run checks a key service. Open returns a wrapper and a keeper of the same
// keys; Run uses names that no one used before.
func Run(t *testing.T, open func(t *testing.T) (seal.KeyWrapper, seal.KeyKeeper)) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *fixture){
		"a data key unwraps to itself":                     roundTrip,
		"each data key is new":                             distinct,
		"another binding does not open it":                 wrongBinding,
		"another key does not open it":                     wrongName,
		"an altered wrapped key does not open":             altered,
		"what is not a wrapped key is refused":             garbage,
		"a rotated key opens its older versions":           rotation,
		"rewrap keeps the data key and its binding":        rewrap,
		"trim destroys older versions and no others":       trim,
		"trim beyond the newest version is refused":        trimBeyond,
		"an unknown key is refused":                        unknown,
		"a key is ensured once":                            ensureTwice,
		"an ill-formed name or binding is refused":         illFormed,
		"many use one key at once, while it rotates":       concurrent,
		"a cancelled context ends every operation at once": cancelled,
	} {
		t.Run(name, func(t *testing.T) {
			w, k := open(t)
			f := &fixture{wrapper: w, keeper: k, name: FreshName(), binding: seal.NewBinding("instrument", "transfer")}
			test(t, f)
		})
	}
}

// RunNotDerived checks that the named key, which exists in the key service and
// is not derived, is refused by every operation that would use it. A wrapper
// whose service cannot hold such a key need not run it.
func RunNotDerived(t *testing.T, w seal.KeyWrapper, k seal.KeyKeeper, name seal.KeyName, wrapped seal.Wrapped) {
	t.Helper()
	b := seal.NewBinding("instrument", "transfer")
	t.Run("it is refused when ensured", func(t *testing.T) {
		wantErr(t, k.Ensure(t.Context(), name), seal.ErrNotDerived)
	})
	t.Run("it makes no data key", func(t *testing.T) {
		_, _, err := w.NewDataKey(t.Context(), name, b)
		wantErr(t, err, seal.ErrNotDerived)
	})
	t.Run("it unwraps nothing", func(t *testing.T) {
		_, err := w.Unwrap(t.Context(), name, b, wrapped)
		wantErr(t, err, seal.ErrNotDerived)
	})
	t.Run("it rewraps nothing", func(t *testing.T) {
		_, err := k.Rewrap(t.Context(), name, b, wrapped)
		wantErr(t, err, seal.ErrNotDerived)
	})
}

// FreshName returns a key name that no one used before.
func FreshName() seal.KeyName { return seal.KeyName("agr-" + strings.ToLower(rand.Text())) }

type fixture struct {
	wrapper seal.KeyWrapper
	keeper  seal.KeyKeeper
	name    seal.KeyName
	binding seal.Binding
}

func (f *fixture) ensure(t *testing.T, name seal.KeyName) {
	t.Helper()
	wantErr(t, f.keeper.Ensure(t.Context(), name), nil)
}

// make ensures the key and returns a data key.
func (f *fixture) make(t *testing.T) (seal.DataKey, seal.Wrapped) {
	t.Helper()
	f.ensure(t, f.name)
	key, wrapped, err := f.wrapper.NewDataKey(t.Context(), f.name, f.binding)
	wantErr(t, err, nil)
	if len(key.Bytes()) != seal.DataKeySize || bytes.Equal(key.Bytes(), make([]byte, seal.DataKeySize)) {
		t.Fatalf("data key of %d bytes, or zero", len(key.Bytes()))
	}
	return key, wrapped
}

func (f *fixture) opens(t *testing.T, w seal.Wrapped, want seal.DataKey) {
	t.Helper()
	got, err := f.wrapper.Unwrap(t.Context(), f.name, f.binding, w)
	wantErr(t, err, nil)
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Fatal("unwrapped to another data key")
	}
}

func wantVersion(t *testing.T, w seal.Wrapped, want int) {
	t.Helper()
	got, err := w.Version()
	if err != nil || got != want {
		t.Fatalf("version %d, %v; want %d", got, err, want)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

func roundTrip(t *testing.T, f *fixture) {
	key, wrapped := f.make(t)
	wantVersion(t, wrapped, 1)
	f.opens(t, wrapped, key)
	f.opens(t, wrapped, key)
	if strings.Contains(string(wrapped), base64.StdEncoding.EncodeToString(key.Bytes())) {
		t.Fatal("the wrapped key contains the data key")
	}
}

func distinct(t *testing.T, f *fixture) {
	k1, w1 := f.make(t)
	k2, w2 := f.make(t)
	if bytes.Equal(k1.Bytes(), k2.Bytes()) || w1 == w2 {
		t.Fatal("two data keys are the same")
	}
	f.opens(t, w1, k1)
}

func wrongBinding(t *testing.T, f *fixture) {
	_, wrapped := f.make(t)
	for _, b := range []seal.Binding{
		seal.NewBinding("instrument", "other"), seal.NewBinding("transfer", "instrument"),
		seal.NewBinding("instrumenttransfer"), seal.NewBinding("instrument"), seal.NewBinding("instrument", "transfer", ""),
	} {
		_, err := f.wrapper.Unwrap(t.Context(), f.name, b, wrapped)
		wantErr(t, err, seal.ErrUnwrap)
		_, err = f.keeper.Rewrap(t.Context(), f.name, b, wrapped)
		wantErr(t, err, seal.ErrUnwrap)
	}
}

func wrongName(t *testing.T, f *fixture) {
	_, wrapped := f.make(t)
	other := FreshName()
	f.ensure(t, other)
	_, err := f.wrapper.Unwrap(t.Context(), other, f.binding, wrapped)
	wantErr(t, err, seal.ErrUnwrap)
}

func altered(t *testing.T, f *fixture) {
	_, wrapped := f.make(t)
	head := string(wrapped[:strings.LastIndexByte(string(wrapped), ':')+1])
	body, err := base64.StdEncoding.DecodeString(string(wrapped[len(head):]))
	wantErr(t, err, nil)
	try := func(head string, body []byte) {
		t.Helper()
		_, err := f.wrapper.Unwrap(t.Context(), f.name, f.binding, seal.Wrapped(head+base64.StdEncoding.EncodeToString(body)))
		wantErr(t, err, seal.ErrUnwrap)
	}
	for i := range body {
		flipped := bytes.Clone(body)
		flipped[i] ^= 1
		try(head, flipped)
	}
	try(head, body[:len(body)-1])
	try(head, body[:1])
	try(head, append(bytes.Clone(body), 0))
	try(strings.Replace(head, ":v1:", ":v2:", 1), body)
}

func garbage(t *testing.T, f *fixture) {
	_, wrapped := f.make(t)
	for _, w := range []seal.Wrapped{"", "x", "vault:v1:", "local:v1:", "other:v1:AAAA", wrapped + "\n", wrapped + ":", "local:v0:AAAA"} {
		_, err := f.wrapper.Unwrap(t.Context(), f.name, f.binding, w)
		wantErr(t, err, seal.ErrInvalid)
		_, err = f.keeper.Rewrap(t.Context(), f.name, f.binding, w)
		wantErr(t, err, seal.ErrInvalid)
	}
}

func unknown(t *testing.T, f *fixture) {
	_, wrapped := f.make(t)
	missing := FreshName()
	_, _, err := f.wrapper.NewDataKey(t.Context(), missing, f.binding)
	wantErr(t, err, seal.ErrKeyUnknown)
	_, err = f.wrapper.Unwrap(t.Context(), missing, f.binding, wrapped)
	wantErr(t, err, seal.ErrKeyUnknown)
	_, err = f.keeper.Rotate(t.Context(), missing)
	wantErr(t, err, seal.ErrKeyUnknown)
	_, err = f.keeper.Rewrap(t.Context(), missing, f.binding, wrapped)
	wantErr(t, err, seal.ErrKeyUnknown)
	wantErr(t, f.keeper.Trim(t.Context(), missing, 1), seal.ErrKeyUnknown)
}

func ensureTwice(t *testing.T, f *fixture) {
	key, wrapped := f.make(t)
	f.ensure(t, f.name)
	f.opens(t, wrapped, key)
	_, again := f.make(t)
	wantVersion(t, again, 1)
}

func illFormed(t *testing.T, f *fixture) {
	_, wrapped := f.make(t)
	for _, name := range []seal.KeyName{"", "A", "a/b", "../keys", "a b", "é", seal.KeyName(strings.Repeat("a", 81))} {
		wantErr(t, f.keeper.Ensure(t.Context(), name), seal.ErrInvalid)
		_, _, err := f.wrapper.NewDataKey(t.Context(), name, f.binding)
		wantErr(t, err, seal.ErrInvalid)
		_, err = f.wrapper.Unwrap(t.Context(), name, f.binding, wrapped)
		wantErr(t, err, seal.ErrInvalid)
		_, err = f.keeper.Rotate(t.Context(), name)
		wantErr(t, err, seal.ErrInvalid)
		wantErr(t, f.keeper.Trim(t.Context(), name, 1), seal.ErrInvalid)
	}
	for _, b := range []seal.Binding{nil, seal.NewBinding()} {
		_, _, err := f.wrapper.NewDataKey(t.Context(), f.name, b)
		wantErr(t, err, seal.ErrInvalid)
		_, err = f.wrapper.Unwrap(t.Context(), f.name, b, wrapped)
		wantErr(t, err, seal.ErrInvalid)
		_, err = f.keeper.Rewrap(t.Context(), f.name, b, wrapped)
		wantErr(t, err, seal.ErrInvalid)
	}
}

func concurrent(t *testing.T, f *fixture) {
	first, wrapped := f.make(t)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 5 {
				key, w, err := f.wrapper.NewDataKey(t.Context(), f.name, f.binding)
				if err != nil {
					t.Errorf("making a data key: %v", err)
					return
				}
				got, err := f.wrapper.Unwrap(t.Context(), f.name, f.binding, w)
				if err != nil || !bytes.Equal(got.Bytes(), key.Bytes()) {
					t.Errorf("unwrapping: %v, or another data key", err)
					return
				}
			}
		})
	}
	for range 2 {
		workers.Go(func() {
			if _, err := f.keeper.Rotate(t.Context(), f.name); err != nil {
				t.Errorf("rotating: %v", err)
			}
			if err := f.keeper.Ensure(t.Context(), FreshName()); err != nil {
				t.Errorf("ensuring: %v", err)
			}
		})
	}
	workers.Wait()
	f.opens(t, wrapped, first)
	_, w := f.make(t)
	wantVersion(t, w, 3)
}

func cancelled(t *testing.T, f *fixture) {
	_, wrapped := f.make(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := f.wrapper.NewDataKey(ctx, f.name, f.binding)
	wantErr(t, err, context.Canceled)
	_, err = f.wrapper.Unwrap(ctx, f.name, f.binding, wrapped)
	wantErr(t, err, context.Canceled)
	wantErr(t, f.keeper.Ensure(ctx, FreshName()), context.Canceled)
	_, err = f.keeper.Rotate(ctx, f.name)
	wantErr(t, err, context.Canceled)
	_, err = f.keeper.Rewrap(ctx, f.name, f.binding, wrapped)
	wantErr(t, err, context.Canceled)
	wantErr(t, f.keeper.Trim(ctx, f.name, 1), context.Canceled)
	_, again := f.make(t)
	wantVersion(t, again, 1) // nothing was done
}
