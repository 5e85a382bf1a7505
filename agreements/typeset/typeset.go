// Package typeset sets papers as PDF: titles, tables of names and values, and clauses, in a script of Europe, with the same
// lines at the foot of every page. The same sheet gives the same bytes.
package typeset

import (
	"bytes"
	_ "embed"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

//go:embed fonts/DejaVuSansCondensed.ttf
var book []byte

//go:embed fonts/DejaVuSansCondensed-Bold.ttf
var bold []byte

// Sheet is what is set.
type Sheet struct {
	Language string // as BCP 47 has it, such as fr
	Title    string
	Lead     string // below the title
	Mark     string // across every page, pale; nothing where it is empty
	Head     string // at the top of every page
	Foot     string // at the bottom of every page
	Page     string // the number of a page and how many there are, such as "Page %d of %d"
	// Unset is said below the lead where some text is of a script that is not set.
	Unset string
	// Made is the date in the file's properties.
	Made  time.Time
	Parts []Part
}

// Part is a part of the sheet under its own heading.
type Part struct {
	Title string
	Note  string
	Rows  []Row
	Texts []Text
}

// Row is a name with its value, which may have lines.
type Row struct{ Name, Value string }

// Text is a passage with its heading; the note stands between them, set off.
type Text struct{ Head, Note, Body string }

// PDF sets the sheet. It takes time and memory in proportion to the text.
func PDF(s Sheet) ([]byte, error) {
	s, err := settable(s)
	if err != nil {
		return nil, err
	}
	counted, err := lay(s, 0)
	if err != nil {
		return nil, err
	}
	f, err := lay(s, counted.PageNo())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		return nil, fmt.Errorf("writing a PDF: %w", err)
	}
	return out.Bytes(), nil
}

// lay sets the sheet as one of so many pages.
func lay(s Sheet, pages int) (*fpdf.Fpdf, error) {
	p := newPages(s, pages)
	p.title(s)
	for _, part := range s.Parts {
		p.part(part)
	}
	if err := p.Error(); err != nil {
		return nil, fmt.Errorf("setting a sheet: %w", err)
	}
	return p.Fpdf, nil
}
