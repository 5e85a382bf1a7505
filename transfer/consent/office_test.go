package consent_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
	"safeconduct/transfer/consent"
)

func TestRecord(t *testing.T) {
	w := newWorld(t)
	for name, edit := range map[string]func(*consent.Statement){
		"R01 no notice":           func(s *consent.Statement) { s.Notice = "" },
		"R01 no language":         func(s *consent.Statement) { s.Language = "" },
		"R01 no questions":        func(s *consent.Statement) { s.Questions = false },
		"R01 not understood":      func(s *consent.Statement) { s.Understood = false },
		"a decision of its own":   func(s *consent.Statement) { s.Decision = consent.Withdrawn },
		"no decision":             func(s *consent.Statement) { s.Decision = "" },
		"no purpose":              func(s *consent.Statement) { s.Purposes = nil },
		"no recipient":            func(s *consent.Statement) { s.Recipients = nil },
		"no category":             func(s *consent.Statement) { s.Categories = nil },
		"an unknown recipient":    func(s *consent.Statement) { s.Recipients = []string{newID()} },
		"an unknown category":     func(s *consent.Statement) { s.Categories = []string{"health"} },
		"R12 a fingerprint":       func(s *consent.Statement) { s.Form = "fingerprint" },
		"R38 an unknown type":     func(s *consent.Statement) { s.Type = "person" },
		"R02 dated in the future": func(s *consent.Statement) { s.EventTime = noon().AddDate(0, 0, 1) },
		"R02 not dated":           func(s *consent.Statement) { s.EventTime = time.Time{} },
		"over before it began":    func(s *consent.Statement) { s.ValidUntil = new(s.EventTime) },
	} {
		t.Run(name, func(t *testing.T) {
			s := w.statement()
			edit(&s)
			if got, err := w.Record(t.Context(), w.officer, s, []string{"C1"}); !errors.Is(err, people.ErrInvalid) || got != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	for name, cases := range map[string][]string{
		"none": {}, "an empty one": {"C1", ""}, "white space": {" \t"}, "white space before": {" C1"}, "white space after": {"C1 "},
		"a line break after": {"C1\n"}, "a repetition": {"C1", "C2", "C1"}, "a long one": {strings.Repeat("x", 201)},
		"too many": make([]string, consent.MaxBatch+1),
	} {
		t.Run("case references: "+name, func(t *testing.T) {
			_, err := w.Record(t.Context(), w.officer, w.statement(), cases)
			if !errors.Is(err, people.ErrInvalid) {
				t.Fatal(err)
			}
			if len(cases) > 0 && cases[0] != "" && strings.Contains(err.Error(), cases[0]) {
				t.Errorf("R55 the error names a case: %v", err)
			}
		})
	}
	if n := w.count("subjects") + w.count("consents"); n != 0 {
		t.Errorf("%d rows after refusals only", n)
	}
	for name, c := range map[string]struct {
		by   authz.Caller
		want error
	}{
		"the head": {officer("hom", w.here, authz.HOM), authz.ErrDenied}, "the focal point": {officer("fp", w.here, authz.FP), authz.ErrDenied},
		"Legal": {officer("leg", "", authz.LEG), authz.ErrDenied}, "an auditor": {officer("oig", "", authz.OIG), authz.ErrDenied},
		"another mission": {w.stranger, evidence.ErrNotFound}, "nobody": {authz.Caller{}, evidence.ErrNotFound},
	} {
		t.Run("not by "+name, func(t *testing.T) {
			if _, err := w.Record(t.Context(), c.by, w.statement(), []string{"C1"}); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
	for i, kind := range []string{"beneficiary", "event_participant", "staff", "consultant", "vendor"} {
		t.Run("R38 of a "+kind, func(t *testing.T) {
			s := w.statement()
			s.Type = kind
			got, err := w.Record(t.Context(), w.officer, s, []string{fmt.Sprintf("C%d", i)})
			if err != nil || w.subject(got[0].Subject).Type != kind {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	t.Run("R02 refused is stored as well", func(t *testing.T) {
		s := w.statement()
		s.Decision = consent.Refused
		got, err := w.Record(t.Context(), w.officer, s, []string{"C9"})
		if err != nil || got[0].State != consent.Refused || got[0].Withdrawal == "" || got[0].Schema != consent.SchemaVersion {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestSubjectsAreReused(t *testing.T) {
	w := newWorld(t)
	first := w.record("C1", "C2")
	second := w.record("C2", "C3", "C1")
	if second[0].Subject != first[1].Subject || second[2].Subject != first[0].Subject || second[1].Subject == first[0].Subject {
		t.Error("a case number is not the same subject each time")
	}
	if n := w.count("subjects"); n != 3 {
		t.Errorf("%d subjects of three cases", n)
	}
	s := w.statement()
	s.Mission = w.there
	away, err := w.Record(t.Context(), w.stranger, s, []string{"C1"})
	w.must(err)
	if away[0].Subject == first[0].Subject || w.subject(away[0].Subject).Reference == w.subject(first[0].Subject).Reference {
		t.Error("R55 one case number can be matched between missions")
	}
}

func (w *world) subject(id string) consent.Subject {
	w.t.Helper()
	var found consent.Subject
	w.must(store.For[consent.Tx](w.store).View(w.t.Context(), func(tx consent.Tx) error {
		for _, mission := range []string{w.here, w.there} {
			for i := range 10 {
				hashes, _, err := w.caseKeys().Of(w.t.Context(), mission, []string{fmt.Sprintf("C%d", i)})
				if err != nil {
					return err
				}
				known, err := tx.SubjectsByReference(w.t.Context(), mission, hashes)
				if err != nil {
					return err
				}
				for _, s := range known {
					if s.ID == id {
						found = s
					}
				}
			}
		}
		return nil
	}))
	return found
}

func TestBatchOfTwentyThousand(t *testing.T) {
	w := newWorld(t)
	cases := make([]string, consent.MaxBatch)
	for i := range cases {
		cases[i] = fmt.Sprintf("CASE-%05d", i)
	}
	known := w.record(cases[19_999])
	t.Run("none, where one is wrong", func(t *testing.T) {
		bad := slices.Clone(cases)
		bad[19_998] = bad[0]
		_, err := w.Record(t.Context(), w.officer, w.statement(), bad)
		if !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "row 19999") {
			t.Errorf("%v", err)
		}
		s := w.statement()
		s.Recipients = append(s.Recipients, newID())
		if _, err := w.Record(t.Context(), w.officer, s, cases); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
		if a, b := w.count("consents"), w.count("subjects"); a != 1 || b != 1 {
			t.Errorf("%d consents, %d subjects", a, b)
		}
	})
	t.Run("all, in order, each named by the log", func(t *testing.T) {
		entries := w.count("log_entries")
		records := w.record(cases...)
		if len(records) != consent.MaxBatch || records[19_999].Subject != known[0].Subject {
			t.Fatalf("%d records", len(records))
		}
		if a, b := w.count("consents"), w.count("subjects"); a != consent.MaxBatch+1 || b != consent.MaxBatch {
			t.Errorf("%d consents, %d subjects", a, b)
		}
		// 39,999 records in entries that name at most a thousand each.
		if n := w.count("log_entries") - entries; n != 40 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestWithdraw(t *testing.T) {
	w := newWorld(t)
	r := w.record("C1")[0]
	for name, c := range map[string]struct {
		by   authz.Caller
		want error
	}{
		"the head": {officer("hom", w.here, authz.HOM), authz.ErrDenied}, "Legal": {officer("leg", "", authz.LEG), authz.ErrDenied},
		"an auditor": {officer("oig", "", authz.OIG), authz.ErrDenied}, "another mission": {w.stranger, evidence.ErrNotFound},
	} {
		t.Run("not by "+name, func(t *testing.T) {
			_, err := w.Withdraw(t.Context(), c.by, r.ID, "")
			_, none := w.Withdraw(t.Context(), c.by, newID(), "")
			if !errors.Is(err, c.want) || !errors.Is(none, evidence.ErrNotFound) {
				t.Errorf("%v, %v", err, none)
			}
		})
	}
	t.Run("CONSENT_WITHDRAWN by the focal point, at once", func(t *testing.T) {
		got, err := w.Withdraw(t.Context(), officer("fp", w.here, authz.FP, w.purpose), r.ID, "said so")
		if err != nil || got.State != consent.Withdrawn || got.WithdrawnAt == nil || got.Version != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		u := consent.Use{Purpose: w.purpose, Recipient: w.partner, Categories: []string{"identity"}, At: w.clock.Now()}
		if gap := consent.Judge([]consent.Record{r}, u); gap != consent.NoGap {
			t.Errorf("before: %q", gap)
		}
		if gap := consent.Judge([]consent.Record{got}, u); gap != consent.GapWithdrawn {
			t.Errorf("after: %q", gap)
		}
	})
	t.Run("twice", func(t *testing.T) {
		if _, err := w.Withdraw(t.Context(), w.officer, r.ID, ""); !errors.Is(err, evidence.ErrConflict) {
			t.Error(err)
		}
	})
	t.Run("what was refused", func(t *testing.T) {
		s := w.statement()
		s.Decision = consent.Refused
		refusal, err := w.Record(t.Context(), w.officer, s, []string{"C2"})
		w.must(err)
		if _, err := w.Withdraw(t.Context(), w.officer, refusal[0].ID, ""); !errors.Is(err, evidence.ErrConflict) {
			t.Error(err)
		}
	})
	t.Run("who reads it", func(t *testing.T) {
		for name, c := range map[string]struct {
			by   authz.Caller
			want error
		}{
			"its officer": {w.officer, nil}, "the focal point": {officer("fp", w.here, authz.FP, w.purpose), nil}, "R23 the focal point without a task": {officer("fp", w.here, authz.FP), authz.ErrNoTask}, "an auditor": {officer("oig", "", authz.OIG), nil},
			"the head": {officer("hom", w.here, authz.HOM), authz.ErrDenied}, "another mission": {w.stranger, evidence.ErrNotFound},
		} {
			if got, err := w.Consent(t.Context(), c.by, r.ID); !errors.Is(err, c.want) || err == nil && got.State != consent.Withdrawn {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
