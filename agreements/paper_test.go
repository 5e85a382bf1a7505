package agreements_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"safeconduct/agreements"
	"safeconduct/agreements/templates"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// deviating is an agreement under review with a deviation that Legal approved and one that it did not.
func (w *world) deviating() agreements.Agreement {
	w.t.Helper()
	d := w.document()
	d.Title, d.Language = "Accord", "fr"
	d.Clauses = []agreements.Clause{{Code: "C17", Deviation: "Douze heures."}, {Code: "C18", Deviation: "Sans audit."}}
	d.Annexes = []agreements.Annex{{Title: "Annexe V", Digest: "sha256:" + strings.Repeat("ab", 32)}}
	a, err := w.Create(w.ctx, w.people["FP"], d)
	w.must(err)
	_, err = w.SendToReview(w.ctx, w.people["FP"], a.ID)
	w.must(err)
	a, err = w.ApproveDeviation(w.ctx, w.people["LEG"], a.ID, "C17", "shorter is better")
	w.must(err)
	return a
}

func (w *world) paper(name, id, language string) []byte {
	w.t.Helper()
	b, err := w.Paper(w.ctx, w.people[name], id, language, false)
	w.must(err)
	return b
}

func TestPaper(t *testing.T) {
	w := newWorld(t)
	draft, review, active := w.draft(), w.deviating(), w.active()
	t.Run("R33 each language of each state gives its own paper, and the same one again", func(t *testing.T) {
		seen := map[string]bool{}
		for _, a := range []agreements.Agreement{draft, review, active} {
			for _, language := range templates.Languages() {
				b := w.paper("HOM", a.ID, language)
				if !bytes.HasPrefix(b, []byte("%PDF-")) || seen[string(b)] {
					t.Errorf("%s in %s is no paper of its own", a.State, language)
				}
				seen[string(b)] = true
				if !bytes.Equal(b, w.paper("FP", a.ID, language)) {
					t.Errorf("%s in %s: the same data gave other bytes", a.State, language)
				}
			}
			if own := w.paper("LEG", a.ID, ""); !seen[string(own)] || !bytes.Equal(own, w.paper("LEG", a.ID, a.Document.Language)) {
				t.Errorf("%s is not in its own language where none is asked for", a.State)
			}
		}
	})
	t.Run("the partner has the same once it is approved, and none before", func(t *testing.T) {
		if !bytes.Equal(w.paper("PSG", active.ID, "fr"), w.paper("HOM", active.ID, "fr")) {
			t.Error("the partner's paper is another one")
		}
	})
	t.Run("another's is unknown", func(t *testing.T) {
		for _, name := range []string{"there FP", "there PSG", "PSG"} {
			if _, err := w.Paper(w.ctx, w.people[name], draft.ID, "", false); !errors.Is(err, evidence.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("what there is not", func(t *testing.T) {
		if _, err := w.Paper(w.ctx, w.people["FP"], draft.ID, "de", false); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
		if _, err := w.Paper(w.ctx, w.people["FP"], active.ID, "", true); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("an amendment has a paper beside the one in force", func(t *testing.T) {
		before := w.paper("FP", active.ID, "")
		d := active.Document
		d.Title = "Amended"
		_, err := w.Amend(w.ctx, w.people["FP"], active.ID, d)
		w.must(err)
		b, err := w.Paper(w.ctx, w.people["FP"], active.ID, "", true)
		w.must(err)
		if bytes.Equal(b, before) {
			t.Error("the amendment is as the document in force")
		}
	})
}

// Every language says all that every other says, with the same places.
func TestWordsOfPapers(t *testing.T) {
	all := map[string]map[string]map[string]string{}
	for _, language := range templates.Languages() {
		b, err := os.ReadFile("words/" + language + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]map[string]string
		if err := yaml.Unmarshal(b, &words); err != nil {
			t.Fatal(err)
		}
		all[language] = words
	}
	places := func(s string) []string {
		var found []string
		for part := range strings.SplitSeq(s, "{") {
			if name, _, ok := strings.Cut(part, "}"); ok {
				found = append(found, name)
			}
		}
		slices.Sort(found)
		return found
	}
	for group, words := range all["en"] {
		for key, text := range words {
			for _, language := range templates.Languages() {
				other := all[language][group][key]
				if other == "" || !slices.Equal(places(text), places(other)) || strings.Count(text, "%d") != strings.Count(other, "%d") || len(all[language][group]) != len(words) {
					t.Errorf("%s %s in %s: %q", group, key, language, other)
				}
			}
		}
	}
}
