package templates_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/templates"
	"safeconduct/authz/people"
)

func TestAnnexes(t *testing.T) {
	v := shipped(t)
	t.Run("C08 and C16 name no annex that there is not", func(t *testing.T) {
		for i, code := range []string{"C08", "C16"} {
			c, _ := v.Clause(code)
			annex := v.Content.Annexes[i].Code
			for lang, name := range map[string]string{"en": "Annex ", "fr": "annexe ", "es": "anexo "} {
				if !strings.Contains(c.Text[lang], name+annex) {
					t.Errorf("%s in %s does not name %s%s", code, lang, name, annex)
				}
			}
		}
	})
	for id, says := range map[string]struct {
		annex int
		texts map[string][]string
	}{
		"R44 Annex III asks for training": {0, map[string][]string{
			"en": {"data-protection training"}, "fr": {"formation à la protection des données"}, "es": {"formación en protección de datos"},
		}},
		"R23 Annex III asks for an undertaking, and a task": {0, map[string][]string{
			"en": {"confidentiality undertaking", "need to know"}, "fr": {"engagement de confidentialité", "besoin d'en connaître"}, "es": {"compromiso de confidencialidad", "necesidad de conocer"},
		}},
		"R27 Annex IV says what a certificate states, and that an overdue one stops transfers": {1, map[string][]string{
			"en": {"copies", "sub-recipients", "backups", "medium", "method", "date of the destruction", "witness", "exceptions", "focal point accepts", "no new transfer"},
			"fr": {"copies", "destinataires ultérieurs", "sauvegardes", "support", "méthode", "date de la destruction", "témoin", "exceptions", "point focal de l'OIM accepte", "aucun nouveau transfert"},
			"es": {"copias", "destinatarios ulteriores", "copias de seguridad", "soporte", "método", "fecha de la destrucción", "testigo", "excepciones", "punto focal de la OIM acepta", "ninguna transferencia nueva"},
		}},
	} {
		t.Run(id, func(t *testing.T) {
			for _, lang := range templates.Languages() {
				for _, want := range says.texts[lang] {
					// YAML folds the lines, and paragraphs stay.
					if text := v.Content.Annexes[says.annex].Text[lang]; !strings.Contains(text, want) || strings.Contains(text, "\n\n") {
						t.Errorf("%s: %q is not in\n%s", lang, want, text)
					}
				}
			}
		})
	}
}

func TestValidateAnnexes(t *testing.T) {
	for name, edit := range map[string]func([]templates.Annex) []templates.Annex{
		"a text in two languages":  func(all []templates.Annex) []templates.Annex { delete(all[0].Text, "es"); return all },
		"a title in two languages": func(all []templates.Annex) []templates.Annex { delete(all[1].Title, "fr"); return all },
		"another language":         func(all []templates.Annex) []templates.Annex { all[0].Text["de"] = "x"; return all },
		"an empty text":            func(all []templates.Annex) []templates.Annex { all[1].Text["fr"] = " "; return all },
		"a long text": func(all []templates.Annex) []templates.Annex {
			all[1].Text["en"] = strings.Repeat("x", 8001)
			return all
		},
		"a long title": func(all []templates.Annex) []templates.Annex {
			all[1].Title["en"] = strings.Repeat("x", 301)
			return all
		},
		"a place to fill":  func(all []templates.Annex) []templates.Annex { all[0].Text["en"] += " {days}"; return all },
		"one twice":        func(all []templates.Annex) []templates.Annex { all[1].Code = "III"; return all },
		"not in order":     func(all []templates.Annex) []templates.Annex { slices.Reverse(all); return all },
		"one of no clause": func(all []templates.Annex) []templates.Annex { all[1].Code = "V"; return all },
		"one too many":     func(all []templates.Annex) []templates.Annex { return append(all, all[1]) },
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			c := shipped(t).Content
			c.Annexes = edit(c.Annexes)
			if err := c.Validate(); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	t.Run("there may be none, or one", func(t *testing.T) {
		c := shipped(t).Content
		for _, all := range [][]templates.Annex{nil, c.Annexes[:1], c.Annexes[1:]} {
			c.Annexes = all
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("R37 an annex is part of the digest", func(t *testing.T) {
		v := shipped(t)
		before, err := v.Digest()
		if err != nil {
			t.Fatal(err)
		}
		v.Content.Annexes[0].Text["en"] += " x"
		if after, err := v.Digest(); err != nil || after == before {
			t.Errorf("%s, %v", after, err)
		}
	})
}
