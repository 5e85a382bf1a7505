package templates_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/templates"
	"safeconduct/authz/people"
)

const collects = "consent_collected_by"

func TestWords(t *testing.T) {
	c, _ := shipped(t).Clause("C06")
	t.Run("R10 C06 says who collects consent, the organisation by default", func(t *testing.T) {
		for given, want := range map[string]string{"": "organisation", "organisation": "organisation", "partner": "partner"} {
			in := map[string]string{collects: given}
			if given == "" {
				in = nil
			}
			if got, err := c.Choose(in); err != nil || got[collects] != want {
				t.Errorf("%q: %v, %v", given, got, err)
			}
		}
		for _, bad := range []string{"", "Partner", "1", "nobody", "partner "} {
			if got, err := c.Choose(map[string]string{collects: bad}); !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "organisation, partner") {
				t.Errorf("%q: %v, %v", bad, got, err)
			}
		}
	})
	for lang, says := range map[string][2]string{
		"en": {"IOM collects the consent.", "is assigned to the partner"}, "fr": {"recueilli par l'OIM", "confié au partenaire"}, "es": {"lo recaba la OIM", "encomienda al asociado"},
	} {
		t.Run("R10 each word has its sentence in "+lang, func(t *testing.T) {
			for i, word := range []string{"organisation", "partner"} {
				text := c.Fill(lang, map[string]string{collects: word})
				if !strings.Contains(text, says[i]) || strings.Contains(text, says[1-i]) || strings.ContainsAny(text, "{}") {
					t.Errorf("%s: %s", word, text)
				}
			}
		})
	}
	t.Run("R37 the clause has another text version than before", func(t *testing.T) {
		if c.Version != "2" {
			t.Error(c.Version)
		}
	})
}

// kept are the templates that were recorded.
type kept []templates.Template

func (k kept) AgreementTemplates(context.Context) ([]templates.Template, error) { return k, nil }

func TestVersionsThatShipped(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	t.Run("R37 a document made from version 1 keeps its words", func(t *testing.T) {
		first, err := templates.Find(t.Context(), kept{}, templates.Standard, 1)
		if err != nil {
			t.Fatal(err)
		}
		// What agreements that are signed name: it never changes again.
		const digest = "sha256:468a14ddc95a03df4140b2607a967f4be91f8d4262d661679e97fa9f869eaafa"
		if got, err := first.Digest(); err != nil || got.String() != digest {
			t.Errorf("%s, %v", got, err)
		}
		c, _ := first.Clause("C06")
		if c.Version != "1" || len(c.Parameters) != 0 || !strings.Contains(c.Text["en"], "assigns the collection") {
			t.Errorf("%+v", c)
		}
		if got, err := templates.InForce(t.Context(), kept{}, templates.Standard, at); err != nil || got.Number != 3 {
			t.Errorf("%+v, %v", got.Ref(), err)
		}
	})
	t.Run("R37 one made from version 2 keeps its words, and has no annexes of the template", func(t *testing.T) {
		second, err := templates.Find(t.Context(), kept{}, templates.Standard, 2)
		if err != nil {
			t.Fatal(err)
		}
		const digest = "sha256:41da97c410fa14f93c5bb1b91e56969ac2baa0a92cea90c3137e289b5c497cd2"
		if got, err := second.Digest(); err != nil || got.String() != digest || second.ID != templates.SecondShippedID || second.Content.Annexes != nil {
			t.Errorf("%s, %s, %v, %v", got, second.ID, second.Content.Annexes, err)
		}
	})
	t.Run("a version that Legal wrote before stands in the place of the shipped one", func(t *testing.T) {
		own := shipped(t)
		own.ID, own.Number, own.EffectiveFrom = "own", 3, at
		got, err := templates.InForce(t.Context(), kept{own}, templates.Standard, at)
		if err != nil || got.ID != "own" {
			t.Errorf("%+v, %v", got.Ref(), err)
		}
		if got, err := templates.Find(t.Context(), kept{own}, templates.Standard, 3); err != nil || got.ID != "own" {
			t.Errorf("%+v, %v", got.Ref(), err)
		}
	})
}

func TestParameterForm(t *testing.T) {
	text := func() templates.Text { return templates.Text{"en": "a", "fr": "b", "es": "c"} }
	for name, p := range map[string]templates.Parameter{
		"neither bounds nor words": {Name: "x"},
		"both":                     {Name: "x", Bounds: &templates.Bounds{Max: 1}, Words: []templates.Word{{Word: "a", Text: text()}}},
		"a word twice":             {Name: "x", Words: []templates.Word{{Word: "a", Text: text()}, {Word: "a", Text: text()}}},
		"a word of no form":        {Name: "x", Words: []templates.Word{{Word: "A", Text: text()}}},
		"a language missing":       {Name: "x", Words: []templates.Word{{Word: "a", Text: templates.Text{"en": "a"}}}},
		"a place in a sentence":    {Name: "x", Words: []templates.Word{{Word: "a", Text: templates.Text{"en": "{y}", "fr": "b", "es": "c"}}}},
		"too many words":           {Name: "x", Words: make([]templates.Word, 21)},
	} {
		t.Run(name, func(t *testing.T) {
			c := shipped(t).Content
			c.Clauses = slices.Clone(c.Clauses)
			c.Clauses[0].Parameters = []templates.Parameter{p}
			for _, lang := range templates.Languages() {
				c.Clauses[0].Text[lang] += " {x}"
			}
			if err := c.Validate(); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	t.Run("R37 a whole number is written as ever", func(t *testing.T) {
		const was = `{"name":"days","default":0,"min":0,"max":2}`
		var p templates.Parameter
		if err := json.Unmarshal([]byte(was), &p); err != nil || p.Bounds == nil || p.Max != 2 {
			t.Fatalf("%+v, %v", p, err)
		}
		if got, err := json.Marshal(p); err != nil || string(got) != was {
			t.Errorf("%s, %v", got, err)
		}
	})
}
