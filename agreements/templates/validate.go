package templates

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"safeconduct/authz/people"
)

// Bounds of texts, in bytes.
const (
	maxText       = 8000
	maxTitle      = 300
	maxSafeguard  = 500
	maxSafeguards = 50
	maxName       = 60
)

var (
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	versionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	placeholder = regexp.MustCompile(`\{([^{}]*)\}`)
)

// Validate reports the first thing that is wrong with the content (people.ErrInvalid). All clauses are there, each in every
// language, with the same parameters in each; C20 thus cannot be left out (R33), nor a kind of safeguard (R54).
func (c Content) Validate() error {
	codes := Codes()
	if len(c.Clauses) != len(codes) {
		return fmt.Errorf("%w: a template has the clauses C01 to C%d, each once, in order", people.ErrInvalid, lastClause)
	}
	for i, clause := range c.Clauses {
		if clause.Code != codes[i] {
			return fmt.Errorf("%w: clause %s stands where %s belongs", people.ErrInvalid, clause.Code, codes[i])
		}
		if err := clause.validate(); err != nil {
			return err
		}
	}
	for _, lang := range Languages() {
		if err := c.Safeguards[lang].validate(lang); err != nil {
			return err
		}
	}
	if len(c.Safeguards) != len(Languages()) {
		return fmt.Errorf("%w: safeguards are given in %s", people.ErrInvalid, strings.Join(Languages(), ", "))
	}
	return validAnnexes(c.Annexes)
}

// validAnnexes reports what is wrong with the annexes, of which there may be none.
func validAnnexes(all []Annex) error {
	known := AnnexCodes()
	for _, a := range all {
		at := slices.Index(known, a.Code)
		if at < 0 {
			return fmt.Errorf("%w: annexes are of %s, each once, in order", people.ErrInvalid, strings.Join(AnnexCodes(), ", "))
		}
		known = known[at+1:]
		if err := inEachLanguage("Annex "+a.Code, a.Title, a.Text); err != nil {
			return err
		}
		for _, lang := range Languages() {
			if strings.ContainsAny(a.Title[lang]+a.Text[lang], "{}") { // it would read as a place that nobody filled
				return fmt.Errorf("%w: Annex %s has no parameters, and thus no braces", people.ErrInvalid, a.Code)
			}
		}
	}
	return nil
}

// inEachLanguage reports what is wrong with the title and the text of what is named.
func inEachLanguage(name string, title, text Text) error {
	if len(title) != len(Languages()) || len(text) != len(Languages()) {
		return fmt.Errorf("%w: title and text of %s are given in %s", people.ErrInvalid, name, strings.Join(Languages(), ", "))
	}
	for _, lang := range Languages() {
		title, text := title[lang], text[lang]
		if strings.TrimSpace(title) == "" || len(title) > maxTitle || strings.TrimSpace(text) == "" || len(text) > maxText {
			return fmt.Errorf("%w: %s has in %s a title of up to %d and a text of up to %d bytes", people.ErrInvalid, name, lang, maxTitle, maxText)
		}
	}
	return nil
}

func (c Clause) validate() error {
	if !versionForm.MatchString(c.Version) {
		return fmt.Errorf("%w: text_version of %s is 1 to 100 letters, digits, dots, hyphens and underscores", people.ErrInvalid, c.Code)
	}
	var names []string
	for _, p := range c.Parameters {
		if err := p.validate(c.Code); err != nil {
			return err
		}
		if slices.Contains(names, p.Name) {
			return fmt.Errorf("%w: parameter %s of %s stands twice", people.ErrInvalid, p.Name, c.Code)
		}
		names = append(names, p.Name)
	}
	slices.Sort(names)
	if err := inEachLanguage(c.Code, c.Title, c.Text); err != nil {
		return err
	}
	for _, lang := range Languages() {
		var used []string
		for _, m := range placeholder.FindAllStringSubmatch(c.Text[lang], -1) {
			used = append(used, m[1])
		}
		slices.Sort(used)
		if !slices.Equal(slices.Compact(used), names) {
			return fmt.Errorf("%w: the text of %s in %s names its parameters in braces, all of them and no others", people.ErrInvalid, c.Code, lang)
		}
	}
	return nil
}

func (s Safeguards) validate(lang string) error {
	for _, kind := range []struct {
		name string
		list []string
	}{{"institutional", s.Institutional}, {"technical", s.Technical}, {"physical", s.Physical}} {
		if len(kind.list) == 0 || len(kind.list) > maxSafeguards || slices.ContainsFunc(kind.list, func(text string) bool {
			return strings.TrimSpace(text) == "" || len(text) > maxSafeguard
		}) {
			return fmt.Errorf("%w: %s safeguards in %s are 1 to %d texts of up to %d bytes (R54)", people.ErrInvalid, kind.name, lang, maxSafeguards, maxSafeguard)
		}
	}
	return nil
}

// Fill is the text of the clause in the language, with the parameters in their places.
func (c Clause) Fill(lang string, parameters map[string]string) string {
	return placeholder.ReplaceAllStringFunc(c.Text[lang], func(place string) string {
		name := strings.Trim(place, "{}")
		v, ok := parameters[name]
		if !ok {
			return place
		}
		for _, p := range c.Parameters {
			if p.Name == name {
				return p.says(v, lang)
			}
		}
		return v
	})
}

// reworded is the code of a clause that says something else than that of another
// content under the same version of its text; empty where there is none. Agreements
// cite the version (R37).
func (c Content) reworded(other Content) string {
	for _, clause := range c.Clauses {
		for _, before := range other.Clauses {
			same := before.Version == clause.Version && before.Code == clause.Code
			if same && (!maps.Equal(before.Text, clause.Text) || !maps.Equal(before.Title, clause.Title)) {
				return clause.Code
			}
		}
	}
	return ""
}
