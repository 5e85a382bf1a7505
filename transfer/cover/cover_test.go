package cover

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/templates"
	"safeconduct/agreements/typeset"
)

func aSheet(language string) Sheet {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ends, due := at.Add(14*24*time.Hour), at.Add(90*24*time.Hour)
	return Sheet{
		Transfer: "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f", Language: language, State: Released,
		Mission: Mission{ID: "m", Name: "Niger", Country: "NE", Contact: "dp-niger@example.org"}, Partner: Party{ID: "p", Name: "Œuvre d'abri"},
		Agreement: Agreement{ID: "a-1", Version: 3, Digest: "sha256:abab"}, Purpose: Purpose{ID: "u", Code: "shelter", Text: "A roof"},
		RecipientClass: "service_provider", Nature: "personal", Categories: []string{"identity"}, Fields: []string{"given_name"}, Persons: 12,
		Consent: &Limits{ExcludedCategories: []string{"health"}, ExcludedRecipients: AllOthers, Until: &ends},
		Onward:  Onward{Rule: "listed", Recipients: []string{"the clinic"}}, Retention: Retention{Days: 90, Due: &due},
		Released: &at, WindowEnds: &ends, PullLimit: 5, Files: []File{{N: 1, MediaType: "text/csv", Size: 18204, SHA256: strings.Repeat("0a", 32)}},
		NonWaiver: NonWaiver{Clause: "C20", Text: "Nothing is waived, rien, nada."}, Made: at,
	}
}

func everything(s typeset.Sheet) string {
	lines := []string{s.Title, s.Lead, s.Head, s.Foot, s.Mark, s.Page, s.Unset}
	for _, part := range s.Parts {
		lines = append(lines, part.Title, part.Note)
		for _, r := range part.Rows {
			lines = append(lines, r.Name, r.Value)
		}
		for _, x := range part.Texts {
			lines = append(lines, x.Head, x.Note, x.Body)
		}
	}
	return strings.Join(lines, "\n")
}

func TestPaperSaysAll(t *testing.T) {
	fixed := []string{
		"0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f", "Niger (NE)", "dp-niger@example.org", "Œuvre d'abri", "a-1", "sha256:abab", "shelter: A roof", "identity", "given_name",
		"12", "the clinic", "health", "2026-03-15 09:00:00 UTC", "2026-05-30 09:00:00 UTC", "18204", strings.Repeat("0a", 32), "C20", "Nothing is waived, rien, nada.",
	}
	for language, own := range map[string][]string{
		"en": {"is a waiver", "destroyed", "certificate", "nothing else", "90 days", "at most 5 times", "service provider", "personal data"},
		"fr": {"renonciation", "détruite", "certificat", "rien d'autre", "90 jours", "au plus 5 fois", "prestataire", "caractère personnel"},
		"es": {"renuncia", "destruye", "certificado", "nada más", "90 días", "como máximo 5 veces", "proveedor", "datos personales"},
	} {
		t.Run("R33 R12 R27 "+language, func(t *testing.T) {
			p, err := aSheet(language).paper()
			if err != nil {
				t.Fatal(err)
			}
			said := everything(p)
			for _, want := range append(own, fixed...) {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not said", want)
				}
			}
			if strings.ContainsAny(said, "{}") || p.Mark != "" {
				t.Errorf("a place is left open, or it is marked %q: %s", p.Mark, said)
			}
			if !strings.Contains(p.Foot, own[0]) || !strings.Contains(p.Foot, "C20") {
				t.Errorf("R33 the foot of every page: %q", p.Foot)
			}
		})
	}
}

func TestPaperOfStates(t *testing.T) {
	s := aSheet("en")
	s.State, s.Released, s.WindowEnds, s.Retention.Due, s.Consent, s.Onward.Recipients = NotReleased, nil, nil, nil, nil, nil
	s.NonWaiver.OnPaper = true
	p, err := s.paper()
	if err != nil || p.Mark != "NOT RELEASED" {
		t.Fatalf("%q, %v", p.Mark, err)
	}
	said := everything(p)
	for _, want := range []string{"90 days from the first pull", "nobody in particular", "Not permitted.", "signed on paper"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said", want)
		}
	}
	if strings.ContainsAny(said, "{}") {
		t.Error(said)
	}
}

func TestPDF(t *testing.T) {
	s := aSheet("fr")
	a, err := s.PDF()
	b, err2 := s.PDF()
	if err != nil || err2 != nil || !bytes.HasPrefix(a, []byte("%PDF-")) || !bytes.Equal(a, b) {
		t.Errorf("%d and %d bytes, %v, %v", len(a), len(b), err, err2)
	}
	s.Language = "de"
	if _, err := s.PDF(); err == nil {
		t.Error("in a language without words")
	}
}

// The languages say the same: each key has its word, with the same places.
func TestWords(t *testing.T) {
	en, err := wordsIn("en")
	if err != nil {
		t.Fatal(err)
	}
	places := func(text string) (all []string) {
		for part := range strings.SplitSeq(text, "{") {
			if name, _, ok := strings.Cut(part, "}"); ok {
				all = append(all, name)
			}
		}
		slices.Sort(all)
		return all
	}
	for _, language := range templates.Languages() {
		w, err := wordsIn(language)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(w)), slices.Sorted(maps.Keys(en))) {
			t.Errorf("%s has other keys", language)
		}
		for key, text := range w {
			if !slices.Equal(places(text), places(en[key])) || strings.TrimSpace(text) == "" {
				t.Errorf("%s %s: %q", language, key, text)
			}
		}
	}
}
