package consent_test

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/consent"
)

const number = "SECRET-CASE-4711"

func TestCaseKeys(t *testing.T) {
	w := newWorld(t)
	keys := w.caseKeys()
	hashes, sealCase, err := keys.Of(t.Context(), w.here, []string{number, "other", number})
	w.must(err)
	t.Run("one hash for one number", func(t *testing.T) {
		if hashes[0] != hashes[2] || hashes[0] == hashes[1] || len(hashes[0]) != 64 {
			t.Errorf("%v", hashes)
		}
	})
	t.Run("another mission, another hash", func(t *testing.T) {
		away, _, err := keys.Of(t.Context(), w.there, []string{number})
		if err != nil || away[0] == hashes[0] {
			t.Errorf("%v, %v", away, err)
		}
	})
	t.Run("the same after a restart", func(t *testing.T) {
		again, _, err := w.caseKeys().Of(t.Context(), w.here, []string{number})
		if err != nil || again[0] != hashes[0] {
			t.Errorf("%v, %v", again, err)
		}
	})
	t.Run("R49 sealed is not the plaintext, nor the same twice", func(t *testing.T) {
		one, err := sealCase(number, "subject")
		w.must(err)
		two, err := sealCase(number, "subject")
		w.must(err)
		if bytes.Contains(one, []byte(number)) || bytes.Equal(one, two) || len(one) != 12+len(number)+16 {
			t.Errorf("%x", one)
		}
	})
	t.Run("an unknown mission has no key", func(t *testing.T) {
		if _, _, err := keys.Of(t.Context(), newID(), []string{number}); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("two missions, two keys", func(t *testing.T) {
		if n := w.count("mission_keys"); n != 2 {
			t.Errorf("%d", n)
		}
	})
}

// A stolen database tells no case number: not the file, nor its write-ahead log. Its parts are longer than what comes about by
// chance among ids and digests, which four digits alone do.
func TestTheStoreHoldsNoCaseNumber(t *testing.T) {
	w := newWorld(t)
	w.record(number)
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(w.path + suffix)
		w.must(err)
		for _, part := range []string{number, "SECRET-CASE", "CASE-4711"} {
			if bytes.Contains(raw, []byte(part)) {
				t.Errorf("R49 %s of the case number is in consent.db%s", part, suffix)
			}
		}
	}
}

// Of those who use a mission for the first time at once, one makes its key and
// all use that one.
func TestFirstUseAtOnce(t *testing.T) {
	w := newWorld(t)
	processes := []*consent.CaseKeys{w.caseKeys(), w.caseKeys(), w.caseKeys()}
	got := make([]string, 12)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			hashes, _, err := processes[i%len(processes)].Of(t.Context(), w.here, []string{number})
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = hashes[0]
		})
	}
	all.Wait()
	for _, h := range got {
		if h != got[0] || h == "" {
			t.Fatalf("%v", got)
		}
	}
	if n := w.count("mission_keys"); n != 1 {
		t.Errorf("%d keys of one mission", n)
	}
}
