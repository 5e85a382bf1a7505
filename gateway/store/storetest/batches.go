package storetest

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/ledger"
)

func integrate(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
	return ledger.Integrate(size, entries, hashes)
}

// sequence places whatever waits.
func (b *bench) sequence(t *testing.T) {
	t.Helper()
	for {
		n, err := (store.Log{Store: b.Store}).Sequence(t.Context(), 0, 500, integrate)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// batch is many people and what each said, small as such records are.
func batch(prefix string, n int) ([]consent.Subject, []consent.Record) {
	subjects, records := make([]consent.Subject, n), make([]consent.Record, n)
	for i := range n {
		id := fmt.Sprintf("%s-%05d", prefix, i)
		subjects[i] = consent.Subject{ID: "s-" + id, Version: 1, Mission: "m", Reference: "r-" + id, Type: "beneficiary", Created: Epoch(), Updated: Epoch()}
		records[i] = consent.Record{ID: "c-" + id, Version: 1, Subject: "s-" + id, State: consent.Given, Purposes: []string{"p"}, EventTime: Epoch()}
	}
	return subjects, records
}

func testBatches(t *testing.T, b *bench) {
	subjects, records := batch("all", consent.MaxBatch)
	save := func(tx Tx) error {
		return errors.Join(tx.SaveSubjects(t.Context(), subjects), tx.SaveConsents(t.Context(), records))
	}
	t.Run("none where the last fails", func(t *testing.T) {
		taken := records[len(records)-1]
		records[len(records)-1] = records[0]
		if err := b.try(t, save); !errors.Is(err, evidence.ErrExists) {
			t.Errorf("%v", err)
		}
		records[len(records)-1] = taken
		b.holds(t, subjects, records, 0)
	})
	t.Run("all, with entries of at most 1000 records", func(t *testing.T) {
		first := b.entry()
		entries, err := b.tx.Update(t.Context(), func(tx Tx) error {
			return errors.Join(save(tx), tx.Record(t.Context(), first))
		})
		if err != nil || len(entries) != 40 || entries[0] != first.ID {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		b.holds(t, subjects, records, len(subjects))
		b.sequence(t)
		b.named(t, first, entries, 2*len(subjects))
	})
	t.Run("an empty batch", func(t *testing.T) {
		b.must(t, func(tx Tx) error {
			return errors.Join(tx.SaveSubjects(t.Context(), nil), tx.SaveConsents(t.Context(), nil))
		})
	})
}

func (b *bench) holds(t *testing.T, subjects []consent.Subject, records []consent.Record, want int) {
	t.Helper()
	refs := make([]string, len(subjects))
	for i, s := range subjects {
		refs[i] = s.Reference
	}
	b.view(t, func(tx Tx) error {
		known, err := tx.SubjectsByReference(t.Context(), "m", refs)
		if err != nil || len(known) != want {
			t.Errorf("%d subjects, %v; want %d", len(known), err, want)
		}
		for _, i := range []int{0, 399, 400, 999, 1000, len(records) - 1} {
			if _, err := tx.Consent(t.Context(), records[i].ID); (err == nil) != (want > 0) {
				t.Errorf("consent %d: %v", i, err)
			}
		}
		return nil
	})
}

// named checks that the entries name every record once, and are alike.
func (b *bench) named(t *testing.T, first evidence.Entry, entries []string, want int) {
	t.Helper()
	b.view(t, func(tx Tx) error {
		lines, _, err := tx.LogLines(t.Context(), transfer.LogFilter{After: -1, AtMost: 1000})
		if err != nil {
			return err
		}
		byID, seen := map[string]evidence.Entry{}, map[string]bool{}
		for _, l := range lines {
			byID[l.Entry.ID] = l.Entry
		}
		for _, id := range entries {
			e := byID[id]
			if len(e.Objects) == 0 || len(e.Objects) > 1000 || e.Actor != first.Actor || !e.Time.Equal(first.Time) {
				t.Errorf("entry %s names %d records: %+v", id, len(e.Objects), e.Actor)
			}
			for _, o := range e.Objects {
				seen[o.Kind+o.ID] = o.Version == 1 && o.Digest != ""
			}
		}
		if len(seen) != want {
			t.Errorf("%d records named, want %d", len(seen), want)
		}
		return nil
	})
}
