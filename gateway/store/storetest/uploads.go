package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
)

// work changes working state, which needs no entry.
func (b *bench) work(t *testing.T, fn func(Tx) error) error {
	t.Helper()
	_, err := b.tx.Update(t.Context(), fn)
	return err
}

func testUploads(t *testing.T, b *bench) {
	t.Run("life", func(t *testing.T) { uploadLife(t, b) })
	t.Run("what is swept", func(t *testing.T) { swept(t, b) })
	t.Run("the key of a mission", func(t *testing.T) { missionKeys(t, b) })
}

func upload(id, of string, state transfer.UploadState, touched time.Time) transfer.Upload {
	u := filled[transfer.Upload](id, full)
	u.ID, u.Transfer, u.State, u.Touched = id, of, state, touched
	return u
}

func (b *bench) wantUpload(t *testing.T, want transfer.Upload) {
	t.Helper()
	b.view(t, func(tx Tx) error {
		got, err := tx.Upload(t.Context(), want.ID)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
		}
		return nil
	})
}

func uploadLife(t *testing.T, b *bench) {
	ctx := t.Context()
	u := upload("u-1", "t-1", transfer.UploadOpen, Epoch())
	add := func(tx Tx) error { return tx.AddUpload(ctx, u) }
	if err := b.work(t, add); err != nil {
		t.Fatal(err)
	}
	b.wantUpload(t, u)
	if err := b.work(t, add); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	mark := func(id string, to transfer.UploadState, from ...transfer.UploadState) error {
		u.Touched = u.Touched.Add(time.Second)
		return b.work(t, func(tx Tx) error { return tx.MarkUpload(ctx, id, u.Touched, to, from...) })
	}
	before := u
	if err := mark(u.ID, transfer.UploadDoomed, transfer.UploadSealed); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("from another state: %v", err)
	}
	b.wantUpload(t, before)
	if err := mark("u-unknown", transfer.UploadDoomed, transfer.UploadOpen); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("unknown: %v", err)
	}
	for _, to := range []transfer.UploadState{transfer.UploadOpen, transfer.UploadSealed, transfer.UploadDoomed} {
		if err := mark(u.ID, to, transfer.UploadOpen, transfer.UploadSealed); err != nil {
			t.Fatal(err)
		}
		u.State = to
		b.wantUpload(t, u)
	}
	remove := func(tx Tx) error { return tx.DeleteUpload(ctx, u.ID) }
	if err := b.work(t, remove); err != nil {
		t.Fatal(err)
	}
	if err := b.work(t, remove); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("removed twice: %v", err)
	}
	b.view(t, func(tx Tx) error {
		if _, err := tx.Upload(ctx, u.ID); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("removed: %v", err)
		}
		return nil
	})
}

func swept(t *testing.T, b *bench) {
	limit, doomedBefore := Epoch(), Epoch()
	old, fresh := limit.Add(-time.Microsecond), limit
	if err := b.work(t, func(tx Tx) error {
		var errs []error
		for i, u := range []transfer.Upload{
			upload("", "t-a", transfer.UploadOpen, old),
			upload("", "t-a", transfer.UploadOpen, fresh), // touched at the limit: kept
			upload("", "t-a", transfer.UploadSealed, old),
			upload("", "t-b", transfer.UploadDoomed, fresh),
			upload("", "t-b", transfer.UploadDoomed, old),
			upload("", "t-c", transfer.UploadSealed, fresh),
		} {
			u.ID = fmt.Sprintf("w-%d", i)
			errs = append(errs, tx.AddUpload(t.Context(), u))
		}
		return errors.Join(errs...)
	}); err != nil {
		t.Fatal(err)
	}
	want := func(most int, ids ...string) {
		t.Helper()
		b.view(t, func(tx Tx) error {
			all, err := tx.Sweepable(t.Context(), limit, doomedBefore, most)
			got := []string{}
			for _, u := range all {
				got = append(got, u.ID)
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(ids) {
				t.Errorf("%v, %v; want %v", got, err, ids)
			}
			return nil
		})
	}
	want(10, "w-0", "w-4", "w-3")
	want(2, "w-0", "w-4")
	doomedBefore = old // what was doomed just now is left a while
	want(10, "w-0", "w-4")
	doomedBefore = limit.Add(time.Hour)
	if err := b.work(t, func(tx Tx) error { return tx.DoomUploads(t.Context(), "t-c", limit.Add(time.Hour)) }); err != nil {
		t.Fatal(err)
	}
	want(10, "w-0", "w-4", "w-3", "w-5")
}

func missionKeys(t *testing.T, b *bench) {
	k := consent.CaseKey{Mission: "m-1", Name: "mis-m-1", Wrapped: "vault:v1:abc"}
	add := func(tx Tx) error { return tx.AddMissionKey(t.Context(), k) }
	if err := b.work(t, add); err != nil {
		t.Fatal(err)
	}
	if err := b.work(t, add); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	b.view(t, func(tx Tx) error {
		if got, err := tx.MissionKey(t.Context(), "m-1"); err != nil || got != k {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := tx.MissionKey(t.Context(), "m-2"); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%v", err)
		}
		return nil
	})
}
