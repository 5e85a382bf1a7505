package cover

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"safeconduct/agreements/templates"
	"safeconduct/agreements/typeset"
	"safeconduct/authz/people"
)

//go:embed words/*.yaml
var wordFiles embed.FS

// words are what stands on a sheet beside its data.
type words map[string]string

// Known reports whether sheets are made in the language (people.ErrInvalid).
func Known(language string) error {
	if !slices.Contains(templates.Languages(), language) {
		return fmt.Errorf("%w: the language is en, fr or es", people.ErrInvalid)
	}
	return nil
}

func wordsIn(language string) (words, error) {
	if err := Known(language); err != nil {
		return nil, err
	}
	b, err := wordFiles.ReadFile("words/" + language + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the words of cover sheets: %w", err)
	}
	var w words
	if err := yaml.Unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("reading the words of cover sheets: %w", err)
	}
	return w, nil
}

// of is the word of a key, with the values in their places: pairs of a name and its value. What is of no fixed list stands as
// it is.
func (w words) of(key string, pairs ...string) string {
	text, ok := w[key]
	if !ok {
		_, text, _ = strings.Cut(key, ".")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (w words) list(all []string) string {
	if len(all) == 0 {
		return w.of("none")
	}
	return strings.Join(all, ", ")
}

// PDF is the sheet as a paper, in its language. The same sheet gives the same bytes.
func (s Sheet) PDF() ([]byte, error) {
	p, err := s.paper()
	if err != nil {
		return nil, err
	}
	return typeset.PDF(p)
}

func (s Sheet) paper() (typeset.Sheet, error) {
	w, err := wordsIn(s.Language)
	if err != nil {
		return typeset.Sheet{}, err
	}
	p := typeset.Sheet{
		Language: s.Language, Title: w.of("title"), Lead: w.of("lead"), Page: w.of("page"), Unset: w.of("unset"),
		Head: w.of("head", "transfer", s.Transfer, "state", w.of("state."+s.State)),
		// R33: as on the agreement, at the foot of every page, and its whole text below.
		Foot: w.of("foot", "clause", s.NonWaiver.Clause, "transfer", s.Transfer, "at", instant(s.Made)), Made: s.Made,
	}
	if s.State != Released {
		p.Mark = w.of("mark." + s.State)
	}
	p.Parts = []typeset.Part{s.what(w), s.limits(w), s.duties(w), s.files(w), s.nonWaiver(w)}
	return p, nil
}

func (s Sheet) what(w words) typeset.Part {
	rows := []typeset.Row{
		{Name: w.of("transfer"), Value: s.Transfer},
		{Name: w.of("state"), Value: w.of("state." + s.State)},
		{Name: w.of("mission"), Value: w.of("mission_is", "name", s.Mission.Name, "country", s.Mission.Country)},
		{Name: w.of("contact"), Value: s.Mission.Contact},
		{Name: w.of("partner"), Value: s.Partner.Name + "\n" + s.Partner.ID},
		{Name: w.of("agreement"), Value: w.of("agreement_is", "agreement", s.Agreement.ID, "version", strconv.Itoa(s.Agreement.Version))},
		{Name: w.of("digest"), Value: s.Agreement.Digest},
	}
	if s.Released != nil {
		rows = append(rows, typeset.Row{Name: w.of("released"), Value: instant(*s.Released)})
	}
	if s.WindowEnds != nil {
		rows = append(rows, typeset.Row{Name: w.of("window"), Value: w.of("window_is", "until", instant(*s.WindowEnds), "limit", strconv.Itoa(s.PullLimit))})
	}
	return typeset.Part{Title: w.of("what"), Rows: rows}
}

func (s Sheet) limits(w words) typeset.Part {
	onward := w.of("onward_none")
	if len(s.Onward.Recipients) > 0 {
		onward = w.of("onward_listed", "recipients", w.list(s.Onward.Recipients))
	}
	consent := w.of("consent_nobody")
	if c := s.Consent; c != nil {
		consent = w.of("consent_is", "partner", s.Partner.Name)
		if len(c.ExcludedCategories) > 0 {
			consent += "\n" + w.of("consent_excludes", "categories", w.list(c.ExcludedCategories))
		}
		if c.Until != nil {
			consent += "\n" + w.of("consent_until", "until", instant(*c.Until))
		}
	}
	return typeset.Part{Title: w.of("limits"), Rows: []typeset.Row{
		{Name: w.of("purpose"), Value: s.Purpose.Code + ": " + s.Purpose.Text + "\n" + w.of("purpose_alone")},
		{Name: w.of("class"), Value: w.of("class." + s.RecipientClass)},
		{Name: w.of("nature"), Value: w.of("nature." + s.Nature)},
		{Name: w.of("categories"), Value: w.list(s.Categories)},
		{Name: w.of("fields"), Value: w.list(s.Fields)},
		{Name: w.of("persons"), Value: strconv.Itoa(s.Persons)},
		{Name: w.of("consent"), Value: consent},
		{Name: w.of("onward"), Value: onward},
	}}
}

func (s Sheet) duties(w words) typeset.Part {
	days := strconv.Itoa(s.Retention.Days)
	kept := w.of("destroy_days", "days", days)
	if s.Retention.Due != nil {
		kept = w.of("destroy_by", "due", instant(*s.Retention.Due), "days", days)
	}
	return typeset.Part{Title: w.of("duties"), Rows: []typeset.Row{
		{Name: w.of("retention"), Value: kept},
		{Name: w.of("destruction"), Value: w.of("destruction_is")},
		{Name: w.of("incidents"), Value: w.of("incidents_is", "contact", s.Mission.Contact)},
		{Name: w.of("authorities"), Value: w.of("authorities_is")},
	}}
}

func (s Sheet) files(w words) typeset.Part {
	part := typeset.Part{Title: w.of("files"), Note: w.of("files_note")}
	for _, f := range s.Files {
		part.Rows = append(part.Rows, typeset.Row{
			Name:  w.of("file", "n", strconv.Itoa(f.N)),
			Value: w.of("file_is", "type", f.MediaType, "size", strconv.FormatInt(f.Size, 10)) + "\n" + f.SHA256,
		})
	}
	return part
}

func (s Sheet) nonWaiver(w words) typeset.Part {
	t := typeset.Text{Head: w.of("clause", "clause", s.NonWaiver.Clause), Body: s.NonWaiver.Text}
	if s.NonWaiver.OnPaper {
		t.Note = w.of("on_paper")
	}
	return typeset.Part{Title: w.of("waiver"), Texts: []typeset.Text{t}}
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
