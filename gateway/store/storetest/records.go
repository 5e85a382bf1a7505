package storetest

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"safeconduct/authz/evidence"
)

func testRecords(t *testing.T, b *bench) {
	for _, k := range kinds() {
		t.Run(k.called(), func(t *testing.T) { k.contract(t, b) })
	}
}

// contract is what holds for every kind of record.
func (k kind[T]) contract(t *testing.T, b *bench) {
	for name, x := range map[string]extent{"full": full, "sparse": sparse, "hollow": hollow} {
		t.Run("round trip "+name, func(t *testing.T) { roundTrip(t, b, k, k.fresh(k.name+"-"+name, x)) })
	}
	t.Run("unknown", func(t *testing.T) {
		b.view(t, func(tx Tx) error {
			if _, err := k.load(tx, t.Context(), k.fresh(k.name+"-unknown", full)); !errors.Is(err, evidence.ErrNotFound) {
				t.Errorf("%v", err)
			}
			return nil
		})
	})
	t.Run("versions", func(t *testing.T) { versions(t, b, k) })
	t.Run("one of many wins", func(t *testing.T) { oneWins(t, b, k) })
}

func (k kind[T]) saved(t *testing.T, b *bench, v T) error {
	t.Helper()
	return b.try(t, func(tx Tx) error { return k.save(tx, t.Context(), v) })
}

func (k kind[T]) wants(t *testing.T, b *bench, want T) {
	t.Helper()
	b.view(t, func(tx Tx) error {
		got, err := k.load(tx, t.Context(), want)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %#v\nwant %#v", got, want)
		}
		return nil
	})
}

func roundTrip[T any](t *testing.T, b *bench, k kind[T], v T) {
	for range 2 {
		if err := k.saved(t, b, v); err != nil {
			t.Fatal(err)
		}
		k.wants(t, b, v)
		*k.version(&v)++
	}
}

func versions[T any](t *testing.T, b *bench, k kind[T]) {
	v := k.fresh(k.name+"-versions", full)
	if err := k.saved(t, b, v); err != nil {
		t.Fatal(err)
	}
	if err := k.saved(t, b, v); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("the same again: %v", err)
	}
	for _, version := range []int{-1, 0, 3, 4} {
		*k.version(&v) = version
		if err := k.saved(t, b, v); !errors.Is(err, evidence.ErrConflict) {
			t.Errorf("version %d after 1: %v", version, err)
		}
	}
	*k.version(&v) = 2
	if err := k.saved(t, b, v); err != nil {
		t.Fatal(err)
	}
	if err := k.saved(t, b, v); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("version 2 twice: %v", err)
	}
	k.wants(t, b, v)
	other := k.fresh(k.name+"-never", full)
	*k.version(&other) = 2
	if err := k.saved(t, b, other); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("version 2 of nothing: %v", err)
	}
}

// oneWins has several writers that read the same version.
func oneWins[T any](t *testing.T, b *bench, k kind[T]) {
	v := k.fresh(k.name+"-raced", full)
	if err := k.saved(t, b, v); err != nil {
		t.Fatal(err)
	}
	*k.version(&v) = 2
	var won, lost atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			switch err := k.saved(t, b, v); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, evidence.ErrConflict):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 || lost.Load() != 3 {
		t.Errorf("%d won and %d lost", won.Load(), lost.Load())
	}
	k.wants(t, b, v)
}

// testNaturalKeys saves two records that share only what they are looked up by.
func testNaturalKeys(t *testing.T, b *bench) {
	shared(t, b, tokenKind(), "Hash")
	shared(t, b, purposeKind(), "Code")
	shared(t, b, categoryKind(), "Code")
	shared(t, b, retentionKind(), "Purpose", "Category")
	shared(t, b, noticeKind(), "Purpose", "Number")
	shared(t, b, subjectKind(), "Mission", "Reference")
}

func shared[T any](t *testing.T, b *bench, k kind[T], fields ...string) {
	t.Run(k.name, func(t *testing.T) {
		first, second := k.fresh(k.name+"-first", full), k.fresh(k.name+"-second", full)
		if err := k.saved(t, b, first); err != nil {
			t.Fatal(err)
		}
		copyField := func(i int) {
			reflect.ValueOf(&second).Elem().FieldByName(fields[i]).Set(reflect.ValueOf(first).FieldByName(fields[i]))
		}
		if len(fields) == 2 {
			copyField(0)
			third := second
			*k.id(&third) = k.name + "-third"
			if err := k.saved(t, b, third); err != nil {
				t.Errorf("half the key: %v", err)
			}
		}
		for i := range fields {
			copyField(i)
		}
		if err := k.saved(t, b, second); !errors.Is(err, evidence.ErrExists) {
			t.Errorf("the whole key: %v", err)
		}
		k.wants(t, b, first)
	})
}
