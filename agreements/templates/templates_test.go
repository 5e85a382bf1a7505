package templates_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/templates"
	"safeconduct/authz/people"
)

func shipped(t *testing.T) templates.Template {
	t.Helper()
	v, err := templates.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestShipped(t *testing.T) {
	v := shipped(t)
	t.Run("R37 it is a version of data with a digest", func(t *testing.T) {
		a, err := v.Digest()
		b, err2 := shipped(t).Digest()
		if err != nil || err2 != nil || a != b || a.IsZero() || v.Number != 3 || v.Name != templates.Standard || v.State != templates.Approved {
			t.Errorf("%+v %v %v", v.Ref(), a, b)
		}
	})
	t.Run("R33 C20 says in each language that nothing is waived", func(t *testing.T) {
		c, ok := v.Clause("C20")
		for lang, word := range map[string]string{"en": "waiver", "fr": "renonciation", "es": "renuncia"} {
			if !ok || !strings.Contains(c.Text[lang], word) {
				t.Errorf("%s: %q", lang, c.Text[lang])
			}
		}
	})
	t.Run("R54 safeguards are institutional, technical and physical", func(t *testing.T) {
		for _, lang := range templates.Languages() {
			if s := v.Content.Safeguards[lang]; len(s.Institutional) < 2 || len(s.Technical) < 2 || len(s.Physical) < 2 {
				t.Errorf("%s: %+v", lang, s)
			}
		}
	})
	t.Run("C01 to C25 are there, each text another", func(t *testing.T) {
		seen := map[string]bool{}
		for i, code := range templates.Codes() {
			c := v.Content.Clauses[i]
			if c.Code != code {
				t.Fatalf("%s stands where %s belongs", c.Code, code)
			}
			for _, lang := range templates.Languages() {
				if text := c.Text[lang]; len(text) < 100 || seen[text] || strings.Contains(text, "\n") {
					t.Errorf("%s in %s: %q", code, lang, text)
				}
				seen[c.Text[lang]] = true
			}
		}
	})
	t.Run("a breach is told within 24 hours at the latest", func(t *testing.T) {
		c, _ := v.Clause("C17")
		if got := c.Fill("en", map[string]string{"notice_hours": "12"}); !strings.Contains(got, "12 hours") || strings.Contains(got, "{") {
			t.Error(got)
		}
	})
}

func TestChoose(t *testing.T) {
	c, _ := shipped(t).Clause("C17")
	for given, want := range map[string]string{"": "24", "1": "1", "24": "24"} {
		in := map[string]string{"notice_hours": given}
		if given == "" {
			in = nil
		}
		if got, err := c.Choose(in); err != nil || got["notice_hours"] != want {
			t.Errorf("%q: %v, %v", given, got, err)
		}
	}
	for _, bad := range []string{"0", "25", "+1", "01", "x", "", "1.5", "99999999999999999999"} {
		if got, err := c.Choose(map[string]string{"notice_hours": bad}); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
	if _, err := c.Choose(map[string]string{"days": "1"}); !errors.Is(err, people.ErrInvalid) {
		t.Error(err)
	}
	plain, _ := shipped(t).Clause("C20")
	if got, err := plain.Choose(nil); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestValidate(t *testing.T) {
	for name, edit := range map[string]func(*templates.Content){
		"R33 without C20":      func(c *templates.Content) { c.Clauses = slices.Delete(c.Clauses, 19, 20) },
		"a clause twice":       func(c *templates.Content) { c.Clauses[1] = c.Clauses[0] },
		"no French":            func(c *templates.Content) { delete(c.Clauses[3].Text, "fr") },
		"an empty text":        func(c *templates.Content) { c.Clauses[19].Text["en"] = " " },
		"another language":     func(c *templates.Content) { c.Clauses[3].Text["de"] = "x" },
		"a long text":          func(c *templates.Content) { c.Clauses[3].Text["en"] = strings.Repeat("x", 9000) },
		"no title":             func(c *templates.Content) { c.Clauses[3].Title["es"] = "" },
		"a strange version":    func(c *templates.Content) { c.Clauses[3].Version = "a b" },
		"an unknown parameter": func(c *templates.Content) { c.Clauses[3].Text["en"] += " {days}" },
		"an unused parameter": func(c *templates.Content) {
			c.Clauses[3].Parameters = []templates.Parameter{{Name: "days", Bounds: &templates.Bounds{Default: 1, Min: 1, Max: 2}}}
		},
		"a default out of bounds": func(c *templates.Content) { c.Clauses[16].Parameters[0].Default = 48 },
		"a parameter of no name":  func(c *templates.Content) { c.Clauses[16].Parameters[0].Name = "A" },
		"R54 no physical safeguards": func(c *templates.Content) {
			c.Safeguards["fr"] = templates.Safeguards{Institutional: []string{"x"}, Technical: []string{"x"}}
		},
		"R54 no safeguards": func(c *templates.Content) { c.Safeguards = nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := shipped(t).Content
			edit(&c)
			if err := c.Validate(); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
}
