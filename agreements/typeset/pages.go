package typeset

import (
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// Measures of an A4 page, in millimetres, and sizes of type, in points.
const (
	margin    = 20.0
	width     = 210.0 - 2*margin
	top       = 24.0
	bottom    = 34.0 // of which the foot takes a part
	names     = 41.0 // the column of names
	gap       = 3.0
	small     = 7.0
	plain     = 9.5
	subtitle  = 12.0
	heading   = 17.0
	leading   = 1.35 // line height by size
	point     = 25.4 / 72
	family    = "sheet"
	footLines = 3
)

// pages are the pages of one sheet.
type pages struct {
	*fpdf.Fpdf
	height float64 // of a line
}

func newPages(s Sheet, count int) *pages {
	f := fpdf.New("P", "mm", "A4", "")
	p := &pages{Fpdf: f}
	f.SetCatalogSort(true)
	f.SetCreationDate(s.Made.UTC())
	f.SetModificationDate(s.Made.UTC())
	f.SetProducer("Safeconduct", true)
	f.SetTitle(s.Title, true)
	f.SetLang(s.Language)
	f.AddUTF8FontFromBytes(family, "", book)
	f.AddUTF8FontFromBytes(family, "B", bold)
	f.SetMargins(margin, top, margin)
	f.SetAutoPageBreak(false, 0)
	f.SetCellMargin(0)
	f.SetHeaderFunc(func() { p.frame(s, count) })
	f.AddPage()
	return p
}

// frame is what every page has beside its text: the mark below it, the head and the foot.
func (p *pages) frame(s Sheet, count int) {
	_, high := p.GetPageSize()
	if s.Mark != "" {
		size := 80.0
		p.font("B", size)
		if long := p.GetStringWidth(s.Mark); long > 220 {
			size *= 220 / long
			p.font("B", size)
		}
		p.SetTextColor(234, 234, 234)
		p.TransformBegin()
		p.TransformRotate(52, 105, high/2)
		p.Text(105-p.GetStringWidth(s.Mark)/2, high/2+size*point/3, s.Mark)
		p.TransformEnd()
	}
	p.font("", small)
	p.SetTextColor(90, 90, 90)
	p.SetXY(margin, 12)
	p.cell(width, p.first(s.Head, width), "L")
	p.SetDrawColor(150, 150, 150)
	p.Line(margin, 17, margin+width, 17)

	y := high - bottom + 6
	p.Line(margin, y, margin+width, y)
	p.SetXY(margin, y+1.5)
	for i, line := range p.wrap(s.Foot, width) {
		if i < footLines {
			p.cell(width, line, "L")
			p.down(1)
		}
	}
	p.SetXY(margin, high-14)
	p.cell(width, fmt.Sprintf(s.Page, p.PageNo(), count), "R")
	p.SetTextColor(0, 0, 0)
	p.SetXY(margin, top)
}

func (p *pages) font(style string, size float64) {
	p.SetFont(family, style, size)
	p.height = size * leading * point
}

// cell writes one line where the pen is, and leaves it there.
func (p *pages) cell(w float64, text, align string) {
	x, y := p.GetXY()
	p.CellFormat(w, p.height, text, "", 0, align, false, 0, "")
	p.SetXY(x, y)
}

// down moves the pen by so many lines, to the left margin.
func (p *pages) down(lines float64) { p.SetXY(margin, p.GetY()+lines*p.height) }

// need begins another page where less than the height is left on this one.
func (p *pages) need(height float64) {
	_, high := p.GetPageSize()
	if p.GetY()+height <= high-bottom+2 {
		return
	}
	size, _ := p.GetFontSize()
	style, line := p.GetFontStyle(), p.height
	p.AddPage()
	p.SetFont(family, style, size)
	p.height = line
	p.SetXY(margin, top)
}

// write sets a text from the left edge x on, as wide as w, and moves the pen below it.
func (p *pages) write(text string, x, w float64) {
	for _, line := range p.wrap(text, w) {
		p.need(p.height)
		p.SetX(x)
		p.cell(w, line, "L")
		p.down(1)
	}
}

func (p *pages) title(s Sheet) {
	p.font("B", heading)
	p.write(s.Title, margin, width)
	p.font("", plain)
	p.down(0.3)
	p.write(s.Lead, margin, width)
	if s.Unset != "" {
		p.down(0.3)
		p.write(s.Unset, margin, width)
	}
}

// part sets a part. Its heading stands with what follows it.
func (p *pages) part(part Part) {
	p.font("", plain)
	p.need(6 + subtitle*leading*point + 5*p.height)
	p.SetY(p.GetY() + 6)
	p.font("B", subtitle)
	p.SetTextColor(0, 51, 102)
	p.write(part.Title, margin, width)
	p.SetTextColor(0, 0, 0)
	p.SetY(p.GetY() + 1.5)
	p.font("", plain)
	if part.Note != "" {
		p.write(part.Note, margin, width)
		p.SetY(p.GetY() + 1.5)
	}
	for _, r := range part.Rows {
		p.row(r)
	}
	for _, t := range part.Texts {
		p.text(t)
	}
}

// row sets name and value side by side, line by line, so that either may go on on the next page.
func (p *pages) row(r Row) {
	p.font("B", plain)
	left := p.wrap(r.Name, names-gap)
	p.font("", plain)
	right := p.wrap(r.Value, width-names)
	together := min(max(len(left), len(right)), 2)
	p.need(float64(together) * p.height)
	for i := range max(len(left), len(right)) {
		p.need(p.height)
		if i < len(left) {
			p.font("B", plain)
			p.SetX(margin)
			p.cell(names, left[i], "L")
		}
		p.font("", plain)
		if i < len(right) {
			p.SetX(margin + names)
			p.cell(width-names, right[i], "L")
		}
		p.down(1)
	}
	p.SetXY(margin, p.GetY()+1)
}

// text sets a passage. Its heading stands with its note, and with the first lines of it.
func (p *pages) text(t Text) {
	p.font("", plain)
	p.need(float64(3+len(p.wrap(t.Note, width-4))) * p.height)
	p.font("B", plain)
	p.write(t.Head, margin, width)
	p.font("", plain)
	if t.Note != "" {
		p.SetTextColor(150, 60, 0)
		p.write(t.Note, margin+4, width-4)
		p.SetTextColor(0, 0, 0)
	}
	p.write(t.Body, margin, width)
	p.SetY(p.GetY() + 2.5)
}

// first is as much of the text as one line holds, with an ellipsis where that is not all.
func (p *pages) first(text string, w float64) string {
	lines := p.wrap(text, w-p.GetStringWidth("…"))
	if len(lines) < 2 {
		return text
	}
	return lines[0] + "…"
}

// wrap breaks a text into lines of that width at most: at its spaces, and within a word that is wider than a line.
func (p *pages) wrap(text string, w float64) []string {
	var lines []string
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n") {
		line, used := "", 0.0
		space := p.GetStringWidth(" ")
		for _, word := range strings.Split(paragraph, " ") {
			if word == "" {
				continue
			}
			long := p.GetStringWidth(word)
			if line != "" && used+space+long <= w {
				line, used = line+" "+word, used+space+long
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for long > w {
				n, taken := p.fit(word, w)
				lines = append(lines, word[:n])
				word, long = word[n:], long-taken
			}
			line, used = word, long
		}
		lines = append(lines, line)
	}
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines
}

// fit says how many bytes of a word fill the width, those of one character at least, and how wide they are.
func (p *pages) fit(word string, w float64) (n int, used float64) {
	for i, r := range word {
		wide := p.GetStringWidth(string(r))
		if i > 0 && used+wide > w {
			return i, used
		}
		used += wide
	}
	return len(word), used
}
