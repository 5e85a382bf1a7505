package templates

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"safeconduct/authz/people"
)

// Bounds of the words of a parameter.
const (
	maxWords    = 20
	maxSentence = 2000
)

// usual is the value where a draft chooses none.
func (p Parameter) usual() string {
	if len(p.Words) > 0 {
		return p.Words[0].Word
	}
	if p.Bounds == nil {
		return ""
	}
	return strconv.Itoa(p.Default)
}

// permits reports whether the value is one of the words, or a whole number in its plain form within the bounds.
func (p Parameter) permits(value string) bool {
	if len(p.Words) > 0 {
		return slices.ContainsFunc(p.Words, func(w Word) bool { return w.Word == value })
	}
	n, err := strconv.Atoi(value)
	return err == nil && p.Bounds != nil && strconv.Itoa(n) == value && n >= p.Min && n <= p.Max
}

// choices says what may be chosen.
func (p Parameter) choices() string {
	switch {
	case len(p.Words) > 0:
		words := make([]string, len(p.Words))
		for i, w := range p.Words {
			words[i] = w.Word
		}
		return "one of: " + strings.Join(words, ", ")
	case p.Bounds != nil:
		return fmt.Sprintf("a whole number from %d to %d", p.Min, p.Max)
	default:
		return "not to be chosen"
	}
}

// says is what stands in the text for the value: the sentences of a word, or the number.
func (p Parameter) says(value, lang string) string {
	for _, w := range p.Words {
		if w.Word == value {
			return strings.TrimSpace(w.Text[lang])
		}
	}
	return value
}

// validate reports what is wrong with the parameter of a clause.
func (p Parameter) validate(code string) error {
	switch b := p.Bounds; {
	case !nameForm.MatchString(p.Name) || len(p.Name) > maxName:
		return fmt.Errorf("%w: a parameter of %s has a name of small letters, digits and underscores, each once", people.ErrInvalid, code)
	case (b == nil) == (len(p.Words) == 0):
		return fmt.Errorf("%w: parameter %s of %s has either default, min and max, or words", people.ErrInvalid, p.Name, code)
	case b != nil && (b.Min < 0 || b.Default < b.Min || b.Max < b.Default || b.Max > 1_000_000):
		return fmt.Errorf("%w: parameter %s of %s has a default between its bounds", people.ErrInvalid, p.Name, code)
	case len(p.Words) > maxWords:
		return fmt.Errorf("%w: parameter %s of %s has at most %d words", people.ErrInvalid, p.Name, code, maxWords)
	}
	var seen []string
	for _, w := range p.Words {
		if !nameForm.MatchString(w.Word) || len(w.Word) > maxName || slices.Contains(seen, w.Word) {
			return fmt.Errorf("%w: a word of parameter %s of %s has small letters, digits and underscores, each once", people.ErrInvalid, p.Name, code)
		}
		seen = append(seen, w.Word)
		for _, lang := range Languages() {
			// A brace would be a parameter within a parameter.
			if text := w.Text[lang]; strings.TrimSpace(text) == "" || len(text) > maxSentence || strings.ContainsAny(text, "{}") || len(w.Text) != len(Languages()) {
				return fmt.Errorf("%w: word %s of %s has in %s a text of up to %d bytes, without braces", people.ErrInvalid, w.Word, code, strings.Join(Languages(), ", "), maxSentence)
			}
		}
	}
	return nil
}
