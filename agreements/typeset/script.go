package typeset

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// alphabet tells which characters are set as they are: those that both cuts of the font have, of scripts whose letters stand
// side by side. Others would be missing, or in the wrong order or form, which on a paper that is signed is worse than none.
type alphabet struct {
	cuts   []*sfnt.Font
	buffer sfnt.Buffer
	known  map[rune]bool
}

func newAlphabet() (*alphabet, error) {
	a := &alphabet{known: map[rune]bool{}}
	for _, cut := range [][]byte{book, bold} {
		f, err := sfnt.Parse(cut)
		if err != nil {
			return nil, fmt.Errorf("reading a font: %w", err)
		}
		a.cuts = append(a.cuts, f)
	}
	return a, nil
}

func (a *alphabet) has(r rune) bool {
	known, ok := a.known[r]
	if !ok {
		known = a.sets(r)
		a.known[r] = known
	}
	return known
}

func (a *alphabet) sets(r rune) bool {
	if r > 0xffff || !unicode.IsGraphic(r) ||
		!unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian, unicode.Common, unicode.Inherited) {
		return false
	}
	for _, f := range a.cuts {
		if g, err := f.GlyphIndex(&a.buffer, r); err != nil || g == 0 {
			return false
		}
	}
	return true
}

// spell is the text as it is set. What is not set stands in brackets, character by character, such as [U+0645 U+062D], so that
// nothing is passed over and nothing looks like another text.
func (a *alphabet) spell(text string) (set string, whole bool) {
	var out strings.Builder
	whole = true
	open := false
	for _, r := range norm.NFC.String(text) {
		switch {
		case r == '\n', r == ' ':
		case r == '\t', r == '\r':
			r = ' '
		case !a.has(r):
			whole = false
			before := " "
			if !open {
				before = "["
			}
			fmt.Fprintf(&out, "%sU+%04X", before, r)
			open = true
			continue
		}
		if open {
			out.WriteByte(']')
			open = false
		}
		out.WriteRune(r)
	}
	if open {
		out.WriteByte(']')
	}
	return out.String(), whole
}

// settable is the sheet with every text as it is set.
func settable(s Sheet) (Sheet, error) {
	a, err := newAlphabet()
	if err != nil {
		return s, err
	}
	all := true
	spell := func(texts ...*string) {
		for _, t := range texts {
			set, whole := a.spell(*t)
			*t, all = set, all && whole
		}
	}
	parts := make([]Part, len(s.Parts))
	for i, part := range s.Parts {
		spell(&part.Title, &part.Note)
		part.Rows = append([]Row(nil), part.Rows...)
		for j := range part.Rows {
			spell(&part.Rows[j].Name, &part.Rows[j].Value)
		}
		part.Texts = append([]Text(nil), part.Texts...)
		for j := range part.Texts {
			spell(&part.Texts[j].Head, &part.Texts[j].Note, &part.Texts[j].Body)
		}
		parts[i] = part
	}
	s.Parts = parts
	spell(&s.Title, &s.Lead, &s.Mark, &s.Head, &s.Foot)
	if all {
		s.Unset = ""
	}
	return s, nil
}
