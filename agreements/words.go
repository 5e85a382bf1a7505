package agreements

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"safeconduct/agreements/templates"
	"safeconduct/authz/people"
)

//go:embed words/*.yaml
var wordFiles embed.FS

// words are what stands on an agreement as a paper beside its own texts, by group and key.
type words map[string]map[string]string

// wordsIn reads the words of a language, which is one of those in which agreements are made.
func wordsIn(language string) (words, error) {
	if !slices.Contains(templates.Languages(), language) {
		return nil, fmt.Errorf("%w: the language is en, fr or es", people.ErrInvalid)
	}
	b, err := wordFiles.ReadFile("words/" + language + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the words of agreements: %w", err)
	}
	var w words
	if err := yaml.Unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("reading the words of agreements: %w", err)
	}
	return w, nil
}

// of is the word of a key, and the key itself where the language has none: what is not of a fixed list stands as it is.
func (w words) of(group, key string) string {
	if s, ok := w[group][key]; ok {
		return s
	}
	return key
}

// with is the word of a key with the values in their places: pairs of a name and its value.
func (w words) with(group, key string, pairs ...string) string {
	places := slices.Clone(pairs)
	for i := 0; i < len(places); i += 2 {
		places[i] = "{" + places[i] + "}"
	}
	return strings.NewReplacer(places...).Replace(w.of(group, key))
}

// each are the words of several keys.
func (w words) each(group string, keys []string) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = w.of(group, k)
	}
	return all
}

// list is a list in one line, or the word for none.
func (w words) list(all []string) string {
	if len(all) == 0 {
		return w.of("text", "none")
	}
	return strings.Join(all, ", ")
}
