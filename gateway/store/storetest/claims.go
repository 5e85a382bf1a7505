package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
)

func testClaims(t *testing.T, b *bench) {
	for name, test := range map[string]func(*testing.T, *bench){
		"one of many has it":                   claimedOnce,
		"what is recorded stays":               claimKept,
		"what is not is freed":                 claimFreed,
		"who lost it records nothing":          claimLost,
		"denials are no acts":                  claimDenied,
		"acts are read back, erased ones not":  actsRead,
		"its lease and its life end":           claimEnds,
		"an act that fails leaves nothing":     claimRolledBack,
		"an act of many entries names each":    claimOfMany,
		"without a claim nothing is held back": claimNone,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// at is the store at another time.
func (b *bench) at(t *testing.T, d time.Duration) store.Claims {
	t.Helper()
	return store.Claims{Store: b.Store, Now: func() time.Time { return Epoch().Add(d) }}
}

func (b *bench) claim(t *testing.T, slot, holder string) (evidence.Claim, evidence.Claimed) {
	t.Helper()
	claim := evidence.NewClaim(slot, holder)
	claimed, err := b.at(t, 0).Claim(t.Context(), claim, "print of "+slot)
	if err != nil {
		t.Fatal(err)
	}
	return claim, claimed
}

// act records a mission under a claim.
func (b *bench) act(t *testing.T, claim evidence.Claim, id string) ([]string, error) {
	t.Helper()
	ctx := claim.In(t.Context())
	return b.tx.Update(ctx, func(tx Tx) error {
		return errors.Join(tx.SaveMission(ctx, mission(id)), tx.Record(ctx, b.entry()))
	})
}

func claimedOnce(t *testing.T, b *bench) {
	var held atomic.Int32
	var running sync.WaitGroup
	for i := range 8 {
		running.Go(func() {
			claimed, err := b.at(t, 0).Claim(t.Context(), evidence.NewClaim("slot-race", fmt.Sprint(i)), "p")
			if err != nil {
				t.Error(err)
			}
			if claimed.Held {
				held.Add(1)
			} else if claimed.Print != "p" || len(claimed.Entries) != 0 {
				t.Errorf("%+v", claimed)
			}
		})
	}
	running.Wait()
	if held.Load() != 1 {
		t.Errorf("%d have it", held.Load())
	}
}

func claimKept(t *testing.T, b *bench) {
	claim, claimed := b.claim(t, "slot-kept", "one")
	if !claimed.Held || claim.Acted() {
		t.Fatalf("%+v", claimed)
	}
	entries, err := b.act(t, claim, "m-kept")
	if err != nil || !claim.Acted() {
		t.Fatal(err)
	}
	if err := b.at(t, 0).Release(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	_, again := b.claim(t, "slot-kept", "two")
	if again.Held || again.Print != "print of slot-kept" || !slices.Equal(again.Entries, entries) {
		t.Errorf("%+v, want entries %v", again, entries)
	}
	late, err := b.at(t, evidence.ClaimLease+time.Second).Claim(t.Context(), evidence.NewClaim("slot-kept", "three"), "p")
	if err != nil || late.Held {
		t.Errorf("after its lease: %+v %v", late, err)
	}
}

func claimFreed(t *testing.T, b *bench) {
	claim, _ := b.claim(t, "slot-freed", "one")
	c := b.at(t, 0)
	if err := c.Release(t.Context(), evidence.NewClaim("slot-freed", "another")); err != nil {
		t.Fatal(err)
	}
	if _, again := b.claim(t, "slot-freed", "two"); again.Held {
		t.Error("another freed it")
	}
	if err := c.Release(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	if _, again := b.claim(t, "slot-freed", "two"); !again.Held {
		t.Error("it is not free")
	}
}

// claimLost has a request that was away for longer than its lease.
func claimLost(t *testing.T, b *bench) {
	slow, _ := b.claim(t, "slot-lost", "slow")
	quick := evidence.NewClaim("slot-lost", "quick")
	if claimed, err := b.at(t, evidence.ClaimLease).Claim(t.Context(), quick, "p"); err != nil || !claimed.Held {
		t.Fatalf("%+v %v", claimed, err)
	}
	if _, err := b.act(t, slow, "m-slow"); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("who lost it: %v", err)
	}
	b.absent(t, "m-slow")
	if _, err := b.act(t, quick, "m-quick"); err != nil {
		t.Errorf("who has it: %v", err)
	}
}

func claimDenied(t *testing.T, b *bench) {
	claim, _ := b.claim(t, "slot-denied", "one")
	ctx := claim.In(t.Context())
	e := b.entry()
	e.Kind = evidence.Denial
	if _, err := b.tx.Update(ctx, func(tx Tx) error { return tx.Record(ctx, e) }); err != nil || claim.Acted() {
		t.Error(err)
	}
	if _, again := b.claim(t, "slot-denied", "two"); len(again.Entries) != 0 {
		t.Errorf("%+v", again)
	}
}

func actsRead(t *testing.T, b *bench) {
	c := b.at(t, 0)
	claim, _ := b.claim(t, "slot-read", "one")
	entries, err := b.act(t, claim, "m-read")
	if err != nil {
		t.Fatal(err)
	}
	acts, err := c.Acts(t.Context(), "somebody", entries)
	if err != nil || len(acts) != 1 || acts[0].Actor != "somebody" || len(acts[0].Objects) != 1 || acts[0].Objects[0].ID != "m-read" {
		t.Errorf("%+v %v", acts, err)
	}
	if _, err := c.Acts(t.Context(), "somebody", []string{"none"}); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}

func claimEnds(t *testing.T, b *bench) {
	b.claim(t, "slot-over", "one")
	claim, _ := b.claim(t, "slot-ends", "one")
	if _, err := b.act(t, claim, "m-ends"); err != nil {
		t.Fatal(err)
	}
	if n, err := b.at(t, evidence.ClaimLife-time.Microsecond).ForgetClaims(t.Context()); err != nil || n != 0 {
		t.Errorf("early: %d %v", n, err)
	}
	after := b.at(t, evidence.ClaimLife)
	if claimed, err := after.Claim(t.Context(), evidence.NewClaim("slot-ends", "two"), "p"); err != nil || !claimed.Held {
		t.Errorf("%+v %v", claimed, err)
	}
	if n, err := after.ForgetClaims(t.Context()); err != nil || n == 0 {
		t.Errorf("%d %v", n, err)
	}
	if claimed, err := after.Claim(t.Context(), evidence.NewClaim("slot-ends", "three"), "p"); err != nil || claimed.Held {
		t.Errorf("the new one was forgotten too: %v", err)
	}
}

func claimRolledBack(t *testing.T, b *bench) {
	claim, _ := b.claim(t, "slot-back", "one")
	ctx := claim.In(t.Context())
	if _, err := b.tx.Update(ctx, func(tx Tx) error {
		return errors.Join(tx.SaveMission(ctx, mission("m-undone")), tx.Record(ctx, b.entry()), errMine)
	}); !errors.Is(err, errMine) {
		t.Fatal(err)
	}
	if _, again := b.claim(t, "slot-back", "two"); len(again.Entries) != 0 || again.Held {
		t.Errorf("%+v", again)
	}
	if err := b.at(t, 0).Release(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	if _, again := b.claim(t, "slot-back", "two"); !again.Held {
		t.Error("it is not free")
	}
}

func claimOfMany(t *testing.T, b *bench) {
	claim, _ := b.claim(t, "slot-many", "one")
	ctx := claim.In(t.Context())
	entries, err := b.tx.Update(ctx, func(tx Tx) error {
		return errors.Join(tx.Record(ctx, b.entry()), tx.Record(ctx, b.entry()), tx.Record(ctx, b.entry()))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, again := b.claim(t, "slot-many", "two"); !slices.Equal(again.Entries, entries) || len(entries) != 3 {
		t.Errorf("%+v, want %v", again, entries)
	}
}

func claimNone(t *testing.T, b *bench) {
	b.must(t, func(tx Tx) error { return tx.SaveMission(t.Context(), mission("m-unclaimed")) })
}
