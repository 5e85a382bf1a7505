package typeset_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"safeconduct/agreements/typeset"
)

func sheet() typeset.Sheet {
	return typeset.Sheet{
		Language: "fr", Title: "Accord", Lead: "Entre deux parties", Head: "Projet", Foot: "Rien n'est une renonciation.", Page: "Page %d sur %d",
		Unset: "Lettres par leurs numéros", Made: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Parts: []typeset.Part{
			{Title: "Parties", Note: "Deux.", Rows: []typeset.Row{{Name: "Partenaire", Value: "Œuvre\nligne deux"}}},
			{Title: "Clauses", Texts: []typeset.Text{{Head: "C01", Note: "S'écarte du modèle.", Body: "Texte"}}},
		},
	}
}

func set(t testing.TB, s typeset.Sheet) []byte {
	t.Helper()
	b, err := typeset.PDF(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var streams = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)

// pages are the texts of each page: what is shown by its operators.
func pages(t testing.TB, pdf []byte) []string {
	t.Helper()
	var all []string
	for _, m := range streams.FindAllSubmatch(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil || !bytes.Contains(b, []byte("Tj")) {
			continue
		}
		all = append(all, shown(b))
	}
	return all
}

var shows = regexp.MustCompile(`(?s)\(((?:[^()\\]|\\.)*)\) ?Tj`)

func shown(content []byte) string {
	var out strings.Builder
	for _, m := range shows.FindAllSubmatch(content, -1) {
		raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAllFunc(m[1], func(e []byte) []byte {
			if e[1] == 'r' {
				return []byte{'\r'}
			}
			return e[1:]
		})
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		out.WriteString(string(utf16.Decode(units)) + "\n")
	}
	return out.String()
}

func TestSheet(t *testing.T) {
	text := strings.Join(pages(t, set(t, sheet())), "")
	for _, want := range []string{"Accord\n", "Partenaire\n", "Œuvre\nligne deux\n", "S'écarte du modèle.\n", "Page 1 sur 1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not shown: %q", want, text)
		}
	}
	if strings.Contains(text, "numéros") {
		t.Error("letters are said to be unset, and all are set")
	}
}

func TestTheSameSheetGivesTheSameBytes(t *testing.T) {
	s := sheet()
	s.Parts[1].Texts[0].Body = strings.Repeat("Texte assez long pour plusieurs pages. ", 1000)
	first := set(t, s)
	for range 3 {
		if !bytes.Equal(first, set(t, s)) {
			t.Fatal("the same sheet gave other bytes")
		}
	}
	s.Parts[1].Texts[0].Body += "x"
	if bytes.Equal(first, set(t, s)) {
		t.Fatal("another sheet gave the same bytes")
	}
}

func TestEveryPageHasItsFoot(t *testing.T) {
	s := sheet()
	s.Mark = "PROJET"
	s.Parts[1].Texts[0].Body = strings.Repeat("Texte assez long pour plusieurs pages. ", 1000)
	all := pages(t, set(t, s))
	if len(all) < 5 {
		t.Fatalf("%d pages", len(all))
	}
	for i, page := range all {
		for _, want := range []string{"Rien n'est une renonciation.\n", "Projet\n", "PROJET\n"} {
			if !strings.Contains(page, want) {
				t.Errorf("page %d lacks %q", i+1, want)
			}
		}
	}
	if last := all[len(all)-1]; !strings.Contains(last, "Page 8 sur 8\n") || len(all) != 8 {
		t.Errorf("of %d pages the last says %q", len(all), last)
	}
}

func TestScripts(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Organización Ñandú ¿sí?", "Organización Ñandú ¿sí?"},
		{"Œuvre « Entraide » – œdème", "Œuvre « Entraide » – œdème"},
		{"Łódź Ağrı Dự án Красный Крест Ερυθρός", "Łódź Ağrı Dự án Красный Крест Ερυθρός"},
		{"e\u0301", "é"},
		{"منظمة", "[U+0645 U+0646 U+0638 U+0645 U+0629]"},
		{"難民 ab", "[U+96E3 U+6C11] ab"},
		{"a\u202eb", "a[U+202E]b"},
		{"😀", "[U+1F600]"},
		{"a\tb", "a b"},
		{"{nb} (x) \\ %d", "{nb} (x) \\ %d"},
	} {
		t.Run(c.want, func(t *testing.T) {
			s := sheet()
			s.Parts[0].Rows[0].Value = c.text
			text := strings.Join(pages(t, set(t, s)), "")
			if !strings.Contains(text, c.want+"\n") {
				t.Errorf("%q is set as %q", c.text, text)
			}
			if told := strings.Contains(text, "numéros"); told != strings.Contains(c.want, "U+") {
				t.Errorf("that letters are unset is told: %v", told)
			}
		})
	}
}

// letters counts what is shown but for spaces.
func letters(t testing.TB, pdf []byte) int {
	return len(strings.Join(strings.Fields(strings.Join(pages(t, pdf), "")), ""))
}

// What a text says is on the pages, whatever its length and its words.
func TestNothingIsCut(t *testing.T) {
	s := sheet()
	s.Parts = []typeset.Part{{Title: "T"}}
	frame := letters(t, set(t, s))
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[a-zéñ]{1,140}`)
		words := rapid.SliceOfN(word, 1, 60).Draw(rt, "words")
		s := s
		s.Parts = []typeset.Part{{Title: "T", Rows: []typeset.Row{{Name: strings.Join(words, " "), Value: strings.Join(words, "\n")}}}}
		b, err := typeset.PDF(s)
		if err != nil {
			rt.Fatal(err)
		}
		want, got := 2*len(strings.Join(words, "")), letters(t, b)
		if got < want+frame {
			rt.Fatalf("%d letters are shown of %d", got, want+frame)
		}
	})
}

// The largest agreement that may be written, and what nobody writes, are set in bounded steps.
func TestLargest(t *testing.T) {
	for name, text := range map[string]string{
		"words": strings.Repeat("mot ", 250_000), "one word": strings.Repeat("x", 200_000), "lines": strings.Repeat("\n", 20_000), "unset": strings.Repeat("م", 50_000),
	} {
		t.Run(name, func(t *testing.T) {
			s := sheet()
			s.Parts[1].Texts[0].Body = text
			if len(set(t, s)) == 0 {
				t.Error("nothing was set")
			}
		})
	}
}
