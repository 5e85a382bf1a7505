package consent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"safeconduct/agreements/terms"
	"safeconduct/transfer/consent"
)

func sum() string { return strings.Repeat("0a", 32) }

// proven is a consent in writing, by a person whose capacity was assessed.
func proven(edits ...edit) consent.Record {
	r := record(edits...)
	if r.Form == "" {
		r.Form, r.Evidence = consent.Written, &consent.Evidence{Proof: consent.Proof{Kind: consent.SignedDocument, SHA256: sum()}}
	}
	return r
}

func assessed(result string) *consent.Capacity {
	return &consent.Capacity{CapacityStated: consent.CapacityStated{Aspects: consent.Aspects(), Method: "interview", Result: result, Assessor: "ro"}}
}

func TestJudgeNotice(t *testing.T) {
	text := map[string]terms.NoticeText{"es": {}, "fr": {}}
	notice := func(number string, approved bool, from time.Time) terms.Notice {
		n := terms.Notice{Number: number, Texts: text, EffectiveFrom: from}
		if approved {
			n.Approved = new(noon())
		}
		return n
	}
	early := noon().AddDate(-1, 0, 0)
	asked := record().EventTime
	since := func(n terms.Notice, approved time.Time) terms.Notice { n.Approved = &approved; return n }
	one, two := since(notice("1", true, early), early), notice("2", true, early.AddDate(0, 1, 0))
	language := func(l string) edit { return func(r *consent.Record) { r.Language = l } }
	named := func(n string) edit { return func(r *consent.Record) { r.Notice = n } }
	for _, c := range []struct {
		name    string
		record  consent.Record
		notices []terms.Notice
		want    consent.Gap
	}{
		{"given", record(), []terms.Notice{notice("2", true, early), notice("1", true, early)}, consent.NoGap},
		{"R14 given in a variety of a language", record(language("fr-NE")), []terms.Notice{notice("1", true, early)}, consent.NoGap},
		{"NOTICE_MISSING the purpose has none", record(), nil, consent.NoticeMissing},
		{"NOTICE_MISSING none was given", record(named("")), []terms.Notice{notice("1", true, early)}, consent.NoticeMissing},
		{"NOTICE_MISSING not in the person's language", record(language("ha")), []terms.Notice{notice("1", true, early)}, consent.NoticeMissing},
		{"NOTICE_MISSING not approved", record(), []terms.Notice{notice("1", false, early)}, consent.NoticeMissing},
		{"NOTICE_MISSING not effective when they were asked", record(), []terms.Notice{notice("1", true, noon())}, consent.NoticeMissing},
		{"NOTICE_MISSING another version was in force by then", record(), []terms.Notice{one, since(two, early)}, consent.NoticeMissing},
		{"NOTICE_MISSING another version came into force as they were asked", record(), []terms.Notice{since(notice("2", true, asked), early), one}, consent.NoticeMissing},
		{"the version in force", record(named("2")), []terms.Notice{one, since(two, early)}, consent.NoGap},
		{"another version came into force later", record(), []terms.Notice{one, since(notice("2", true, asked.Add(1)), early)}, consent.NoGap},
		{"another version was approved later, from an earlier date", record(), []terms.Notice{one, since(two, asked.Add(1))}, consent.NoGap},
		{"another version waits for its approval", record(), []terms.Notice{one, notice("2", false, early.AddDate(0, 1, 0))}, consent.NoGap},
		{"NOTICE_MISSING corrected from the same date", record(), []terms.Notice{one, since(notice("2", true, early), early.Add(1))}, consent.NoticeMissing},
		{"another purpose's", record(), []terms.Notice{one, {Purpose: "q", Number: "2", Texts: text, EffectiveFrom: early.AddDate(0, 1, 0), Approved: &early}}, consent.NoGap},
		{"NOTICE_PURPOSE of another purpose", record(named("7")), []terms.Notice{notice("1", true, early)}, consent.NoticePurpose},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := consent.JudgeNotice(&c.record, c.notices); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestJudgeEvidence(t *testing.T) {
	form := func(f consent.Form, kind consent.ProofKind, why consent.NotWritten) edit {
		return func(r *consent.Record) {
			r.Form, r.NotWritten = f, why
			if kind != "" {
				r.Evidence = &consent.Evidence{Proof: consent.Proof{Kind: kind, SHA256: sum()}}
			}
		}
	}
	by := func(partner string) edit { return func(r *consent.Record) { r.Partner = partner } }
	certified := func(r *consent.Record) { r.Certified = &consent.Certification{By: "fp"} }
	for _, c := range []struct {
		name   string
		record consent.Record
		want   []consent.Gap
	}{
		{"R04 written with the document", proven(), nil},
		{"R04 CONSENT_EVIDENCE written without", proven(form(consent.Written, "", "")), []consent.Gap{consent.EvidenceMissing}},
		{"R04 CONSENT_EVIDENCE written with a recording", proven(form(consent.Written, consent.Recording, "")), []consent.Gap{consent.EvidenceMissing}},
		{"R05 recorded", proven(form(consent.Audio, consent.Recording, consent.LowLiteracy)), nil},
		{"R05 CONSENT_EVIDENCE no reason", proven(form(consent.Video, consent.Recording, "")), []consent.Gap{consent.EvidenceMissing}},
		{"R05 CONSENT_EVIDENCE no recording", proven(form(consent.Video, "", consent.IsChild)), []consent.Gap{consent.EvidenceMissing}},
		{"R06 CONSENT_UNCERTIFIED verbal", proven(form(consent.Verbal, "", "")), []consent.Gap{consent.Uncertified}},
		{"R06 verbal and certified", proven(form(consent.Verbal, "", ""), certified), nil},
		{"R10 by a partner with the duty", proven(by("p1")), nil},
		{"R10 CONSENT_EVIDENCE by another partner", proven(by("p2")), []consent.Gap{consent.EvidenceMissing}},
		{"R10 CONSENT_EVIDENCE CONSENT_UNCERTIFIED by a partner, verbal", proven(form(consent.Verbal, "", ""), by("p1")), []consent.Gap{consent.EvidenceMissing, consent.Uncertified}},
		{"R12 CONSENT_EVIDENCE a fingerprint", proven(form(consent.Written, "fingerprint", "")), []consent.Gap{consent.EvidenceMissing}},
		{"CONSENT_EVIDENCE no form", record(), []consent.Gap{consent.EvidenceMissing}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := consent.JudgeEvidence(&c.record, "p1"); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if got := consent.JudgeEvidence(new(proven(by("p1"))), ""); !slices.Equal(got, []consent.Gap{consent.EvidenceMissing}) {
		t.Errorf("R10 nobody has the duty: %q", got)
	}
}

func guarded(r *consent.Record) {
	r.ExpressedBy, r.Guardian, r.Views = consent.ByGuardian, &consent.Guardian{Kind: consent.ByGuardian, Proof: sum(), VerifiedBy: "fp", Verified: new(noon())}, &consent.Views{}
}

func TestJudgeCapacity(t *testing.T) {
	capacity := func(c *consent.Capacity) edit { return func(r *consent.Record) { r.Capacity = c } }
	some := assessed(consent.Capable)
	some.Aspects = some.Aspects[1:]
	for _, c := range []struct {
		name   string
		record consent.Record
		child  bool
		want   []consent.Gap
	}{
		{"R07 an adult who can", record(capacity(assessed(consent.Capable))), false, nil},
		{"R07 CAPACITY_UNASSESSED", record(), false, []consent.Gap{consent.CapacityUnassessed}},
		{"R07 CAPACITY_UNASSESSED in part", record(capacity(some)), false, []consent.Gap{consent.CapacityUnassessed}},
		{"R08 a child with a guardian", record(capacity(assessed(consent.Capable)), guarded), true, nil},
		{"R08 without capacity, with a guardian", record(capacity(assessed(consent.Incapable)), guarded), false, nil},
		{"R08 GUARDIAN_MISSING VIEWS_MISSING", record(capacity(assessed(consent.Incapable))), false, []consent.Gap{consent.GuardianMissing, consent.ViewsMissing}},
		{"R09 GUARDIAN_MISSING assent alone", record(capacity(assessed(consent.Capable)), func(r *consent.Record) { r.Assent, r.Views = &consent.Assent{Given: true}, &consent.Views{} }), true, []consent.Gap{consent.GuardianMissing}},
		{"R08 GUARDIAN_MISSING who did not consent", record(capacity(assessed(consent.Capable)), guarded, func(r *consent.Record) { r.ExpressedBy = consent.BySubject }), true, []consent.Gap{consent.GuardianMissing}},
		{"R08 GUARDIAN_UNVERIFIED", record(capacity(assessed(consent.Capable)), guarded, func(r *consent.Record) { r.Guardian.Verified = nil }), true, []consent.Gap{consent.GuardianUnverified}},
		{"R08 GUARDIAN_UNVERIFIED no proof", record(capacity(assessed(consent.Capable)), guarded, func(r *consent.Record) { r.Guardian.Proof = "" }), true, []consent.Gap{consent.GuardianUnverified}},
		{"R08 VIEWS_MISSING", record(capacity(assessed(consent.Capable)), guarded, func(r *consent.Record) { r.Views = nil }), true, []consent.Gap{consent.ViewsMissing}},
		{"a child of which nothing is known", record(func(r *consent.Record) { r.Child = true }), false, []consent.Gap{consent.CapacityUnassessed, consent.GuardianMissing, consent.ViewsMissing}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := consent.JudgeCapacity(&c.record, c.child); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A consent is the basis of a release exactly where Judge finds none of the gaps that leave nothing to rest on.
func TestBasis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := []consent.State{consent.Given, consent.Renewed, consent.Refused, consent.Withdrawn, consent.Invalidated, consent.Requested}
		records := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) consent.Record {
			return record(state(rapid.SampledFrom(states).Draw(t, "state")), ago(time.Duration(rapid.IntRange(-1, 3).Draw(t, "age"))*time.Hour),
				categories(rapid.SampledFrom([][]string{{"identity", "health"}, {"identity"}}).Draw(t, "categories")...))
		}), 0, 4).Draw(t, "records")
		rests := consent.Basis(records, use()) != nil
		gap := consent.Judge(records, use())
		if want := gap == consent.NoGap || gap == consent.GapCategory; rests != want {
			t.Errorf("basis %t where Judge says %q", rests, gap)
		}
	})
}
