package sealtest

import (
	"testing"

	"safeconduct/transfer/seal"
)

func (f *fixture) rotate(t *testing.T, want int) {
	t.Helper()
	v, err := f.keeper.Rotate(t.Context(), f.name)
	if err != nil || v != want {
		t.Fatalf("rotated to version %d, %v; want %d", v, err, want)
	}
}

func rotation(t *testing.T, f *fixture) {
	var keys []seal.DataKey
	var wraps []seal.Wrapped
	for version := 1; version <= 12; version++ { // two digits: no code may count on one
		if version > 1 {
			f.rotate(t, version)
		}
		key, wrapped := f.make(t)
		wantVersion(t, wrapped, version)
		keys, wraps = append(keys, key), append(wraps, wrapped)
	}
	for i := range keys {
		f.opens(t, wraps[i], keys[i])
	}
}

func rewrap(t *testing.T, f *fixture) {
	key, old := f.make(t)
	f.rotate(t, 2)
	fresh, err := f.keeper.Rewrap(t.Context(), f.name, f.binding, old)
	wantErr(t, err, nil)
	wantVersion(t, fresh, 2)
	f.opens(t, fresh, key)
	f.opens(t, old, key)
	_, err = f.wrapper.Unwrap(t.Context(), f.name, seal.NewBinding("instrument", "other"), fresh)
	wantErr(t, err, seal.ErrUnwrap)
	_, err = f.keeper.Rewrap(t.Context(), f.name, f.binding, fresh[:len(fresh)-8]+"AAAAAAA=")
	wantErr(t, err, seal.ErrUnwrap)
}

func trim(t *testing.T, f *fixture) {
	_, v1 := f.make(t)
	f.rotate(t, 2)
	k2, v2 := f.make(t)
	f.rotate(t, 3)
	k3, v3 := f.make(t)
	wantErr(t, f.keeper.Trim(t.Context(), f.name, 2), nil)
	gone := func(w seal.Wrapped) {
		t.Helper()
		_, err := f.wrapper.Unwrap(t.Context(), f.name, f.binding, w)
		wantErr(t, err, seal.ErrUnwrap)
		_, err = f.keeper.Rewrap(t.Context(), f.name, f.binding, w)
		wantErr(t, err, seal.ErrUnwrap)
	}
	gone(v1)
	f.opens(t, v2, k2)
	f.opens(t, v3, k3)
	wantErr(t, f.keeper.Trim(t.Context(), f.name, 2), nil) // again
	wantErr(t, f.keeper.Trim(t.Context(), f.name, 1), nil) // brings nothing back
	gone(v1)
	f.opens(t, v2, k2)
	wantErr(t, f.keeper.Trim(t.Context(), f.name, 3), nil)
	gone(v2)
	f.opens(t, v3, k3)
	f.rotate(t, 4)
	k4, v4 := f.make(t)
	wantVersion(t, v4, 4)
	f.opens(t, v4, k4)
}

func trimBeyond(t *testing.T, f *fixture) {
	key, wrapped := f.make(t)
	for _, v := range []int{2, 100, 0, -1} {
		wantErr(t, f.keeper.Trim(t.Context(), f.name, v), seal.ErrInvalid)
	}
	f.opens(t, wrapped, key)
}
