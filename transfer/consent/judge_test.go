package consent_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"safeconduct/transfer/consent"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func use() consent.Use {
	return consent.Use{Purpose: "shelter", Recipient: "p1", Categories: []string{"identity", "health"}, At: noon()}
}

// record is a consent that permits the use, given an hour before it.
func record(edits ...func(*consent.Record)) consent.Record {
	r := consent.Record{
		State: consent.Given, Notice: "1", Language: "es", Questions: true, Understood: true, Purposes: []string{"shelter", "medical"},
		Recipients: []string{"p0", "p1"}, Categories: []string{"identity", "health", "contact"}, EventTime: noon().Add(-time.Hour),
	}
	for _, edit := range edits {
		edit(&r)
	}
	return r
}

type edit = func(*consent.Record)

func state(s consent.State) edit { return func(r *consent.Record) { r.State = s } }

func ago(d time.Duration) edit { return func(r *consent.Record) { r.EventTime = noon().Add(-d) } }

func withdrawn(d time.Duration) edit {
	return func(r *consent.Record) { r.State, r.WithdrawnAt = consent.Withdrawn, new(noon().Add(-d)) }
}

func purposes(p ...string) edit   { return func(r *consent.Record) { r.Purposes = p } }
func recipients(p ...string) edit { return func(r *consent.Record) { r.Recipients = p } }
func categories(c ...string) edit { return func(r *consent.Record) { r.Categories = c } }

func TestJudge(t *testing.T) {
	const hour = time.Hour
	for _, c := range []struct {
		name    string
		records []consent.Record
		want    consent.Gap
	}{
		{"given", []consent.Record{record()}, consent.NoGap},
		{"renewed", []consent.Record{record(state(consent.Renewed))}, consent.NoGap},
		{"R02 given at the very instant", []consent.Record{record(ago(0))}, consent.NoGap},
		{"CONSENT_MISSING no record", nil, consent.Missing},
		{"CONSENT_MISSING R02 dated after the use", []consent.Record{record(ago(-time.Microsecond))}, consent.Missing},
		{"CONSENT_MISSING requested", []consent.Record{record(state(consent.Requested))}, consent.Missing},
		{"CONSENT_MISSING deferred", []consent.Record{record(state(consent.Deferred))}, consent.Missing},
		{"CONSENT_MISSING unknown state", []consent.Record{record(state("maybe"))}, consent.Missing},
		{"CONSENT_MISSING no state", []consent.Record{record(state(""))}, consent.Missing},
		{"CONSENT_PURPOSE for another", []consent.Record{record(purposes("photo"))}, consent.GapPurpose},
		{"CONSENT_PURPOSE for none", []consent.Record{record(purposes())}, consent.GapPurpose},
		{"CONSENT_RECIPIENT another", []consent.Record{record(recipients("p2"))}, consent.GapRecipient},
		{"CONSENT_RECIPIENT none", []consent.Record{record(recipients())}, consent.GapRecipient},
		{"CONSENT_RECIPIENT before purpose", []consent.Record{record(recipients("p2")), record(purposes("photo"))}, consent.GapRecipient},
		{"CONSENT_CATEGORY one of two", []consent.Record{record(categories("identity"))}, consent.GapCategory},
		{"CONSENT_CATEGORY a later consent is narrower", []consent.Record{record(), record(ago(1), categories("identity"))}, consent.GapCategory},
		{"CONSENT_EXPIRED at the instant", []consent.Record{record(func(r *consent.Record) { r.ValidUntil = new(noon()) })}, consent.GapExpired},
		{"not expired an instant before", []consent.Record{record(func(r *consent.Record) { r.ValidUntil = new(noon().Add(1)) })}, consent.NoGap},
		{"CONSENT_EXPIRED by state", []consent.Record{record(state(consent.Expired))}, consent.GapExpired},
		{"renewed after it expired", []consent.Record{record(state(consent.Expired)), record(ago(1), state(consent.Renewed))}, consent.NoGap},
		{"CONSENT_INVALID R01 no notice", []consent.Record{record(func(r *consent.Record) { r.Notice = "" })}, consent.GapInvalid},
		{"CONSENT_INVALID R01 no language", []consent.Record{record(func(r *consent.Record) { r.Language = "" })}, consent.GapInvalid},
		{"CONSENT_INVALID R01 no questions", []consent.Record{record(func(r *consent.Record) { r.Questions = false })}, consent.GapInvalid},
		{"CONSENT_INVALID R01 not understood", []consent.Record{record(func(r *consent.Record) { r.Understood = false })}, consent.GapInvalid},
		{"CONSENT_INVALID invalidated", []consent.Record{record(state(consent.Invalidated))}, consent.GapInvalid},
		{"CONSENT_REFUSED", []consent.Record{record(state(consent.Refused))}, consent.GapRefused},
		{"CONSENT_REFUSED R02 refused after it was given", []consent.Record{record(), record(ago(1), state(consent.Refused))}, consent.GapRefused},
		{"given after it was refused", []consent.Record{record(state(consent.Refused)), record(ago(1))}, consent.NoGap},
		{"CONSENT_REFUSED at the same instant", []consent.Record{record(), record(state(consent.Refused)), record()}, consent.GapRefused},
		{"CONSENT_REFUSED towards another recipient too", []consent.Record{record(), record(ago(1), state(consent.Refused), recipients("p2"))}, consent.GapRefused},
		{"R16 refused for another purpose", []consent.Record{record(), record(ago(1), state(consent.Refused), purposes("photo"))}, consent.NoGap},
		{"CONSENT_REFUSED counts where the clock is behind", []consent.Record{record(), record(ago(-hour), state(consent.Refused))}, consent.GapRefused},
		{"CONSENT_WITHDRAWN counts where the clock is behind", []consent.Record{record(ago(30 * time.Minute)), record(withdrawn(-1))}, consent.GapWithdrawn},
		{"CONSENT_WITHDRAWN", []consent.Record{record(withdrawn(1))}, consent.GapWithdrawn},
		{"CONSENT_WITHDRAWN revoked by the guardian", []consent.Record{record(state(consent.Revoked))}, consent.GapWithdrawn},
		{"CONSENT_WITHDRAWN outweighs an older consent of another record", []consent.Record{record(ago(30 * time.Minute)), record(withdrawn(1))}, consent.GapWithdrawn},
		{"CONSENT_WITHDRAWN and a consent dated back", []consent.Record{record(withdrawn(1)), record(ago(2))}, consent.GapWithdrawn},
		{"given again after the withdrawal", []consent.Record{record(withdrawn(2)), record(ago(1))}, consent.NoGap},
		{"consent for another recipient takes nothing away", []consent.Record{record(), record(ago(1), recipients("p2"))}, consent.NoGap},
		{"CONSENT_REFUSED is not hidden by consent for another recipient", []consent.Record{record(state(consent.Refused)), record(ago(1), recipients("p2"))}, consent.GapRefused},
		{"CONSENT_WITHDRAWN is not hidden by consent for another recipient", []consent.Record{record(withdrawn(2)), record(ago(1), recipients("p2"))}, consent.GapWithdrawn},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := consent.Judge(c.records, use()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			slices.Reverse(c.records)
			if got := consent.Judge(c.records, use()); got != c.want {
				t.Errorf("in reverse order got %q, want %q", got, c.want)
			}
		})
	}
}

func anyRecord(t *rapid.T, label string) consent.Record {
	some := func(name string, all ...string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(all), 0, 3).Draw(t, label+name)
	}
	r := record(ago(time.Duration(rapid.IntRange(-2, 4).Draw(t, label+"hours ago")) * time.Hour))
	r.State = rapid.SampledFrom([]consent.State{
		consent.Given, consent.Given, consent.Given, consent.Renewed, consent.Refused, consent.Withdrawn, consent.Revoked,
		consent.Invalidated, consent.Expired, consent.Requested, consent.Deferred, "",
	}).Draw(t, label+"state")
	if r.State == consent.Withdrawn {
		r.WithdrawnAt = new(r.EventTime.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, label+"withdrawn")) * time.Hour))
	}
	if rapid.Bool().Draw(t, label+"odd") {
		r.Purposes, r.Recipients = some("purposes", "shelter", "photo"), some("recipients", "p1", "p2")
		r.Categories = some("categories", "identity", "health")
		r.Understood = rapid.Bool().Draw(t, label+"understood")
	}
	if rapid.Bool().Draw(t, label+"ends") {
		r.ValidUntil = new(noon().Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, label+"until")) * time.Hour))
	}
	return r
}

func anyRecords(t *rapid.T) []consent.Record {
	all := make([]consent.Record, rapid.IntRange(0, 5).Draw(t, "n"))
	for i := range all {
		all[i] = anyRecord(t, string(rune('a'+i))+" ")
	}
	return all
}

// Whoever says no, or takes it back, is never thereby understood to say yes.
func TestANoNeverHelps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := anyRecords(t)
		before := consent.Judge(records, use())
		no := anyRecord(t, "no ")
		no.State = rapid.SampledFrom([]consent.State{consent.Refused, consent.Withdrawn, consent.Revoked, consent.Invalidated, consent.Expired, consent.Requested}).Draw(t, "which no")
		at := rapid.IntRange(0, len(records)).Draw(t, "at")
		after := consent.Judge(slices.Insert(slices.Clone(records), at, no), use())
		if before != consent.NoGap && after == consent.NoGap {
			t.Fatalf("%q became none", before)
		}
	})
}

// The order in which records are read is nobody's decision.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := anyRecords(t)
		if a, b := consent.Judge(records, use()), consent.Judge(rapid.Permutation(records).Draw(t, "order"), use()); a != b {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

// A consent to share with somebody else changes nothing of what was decided.
func TestAnotherRecipientChangesNothing(t *testing.T) {
	undecided := []consent.Gap{consent.Missing, consent.GapPurpose, consent.GapRecipient}
	rapid.Check(t, func(t *rapid.T) {
		records := anyRecords(t)
		before := consent.Judge(records, use())
		other := anyRecord(t, "other ")
		other.State, other.Recipients = consent.Given, []string{"p2"}
		after := consent.Judge(append(records, other), use())
		if before != after && (!slices.Contains(undecided, before) || !slices.Contains(undecided, after)) {
			t.Fatalf("%q became %q", before, after)
		}
	})
}

// None means that somebody gave what is used, in time, and that nothing since
// says otherwise.
func TestNoneIsGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records, u := anyRecords(t), use()
		if consent.Judge(records, u) != consent.NoGap {
			return
		}
		var given time.Time
		for _, r := range records {
			fits := slices.Contains(r.Purposes, u.Purpose) && slices.Contains(r.Recipients, u.Recipient) && r.Understood &&
				slices.Contains(r.Categories, "identity") && slices.Contains(r.Categories, "health") && (r.ValidUntil == nil || u.At.Before(*r.ValidUntil))
			if fits && (r.State == consent.Given || r.State == consent.Renewed) && !r.EventTime.After(u.At) && r.EventTime.After(given) {
				given = r.EventTime
			}
		}
		for _, r := range records {
			no := r.State == consent.Refused || r.State == consent.Revoked
			if given.IsZero() || no && slices.Contains(r.Purposes, u.Purpose) && !r.EventTime.Before(given) && !r.EventTime.After(u.At) {
				t.Fatal("nothing was given, or it was refused since")
			}
		}
	})
}
