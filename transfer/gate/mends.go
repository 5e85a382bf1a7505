package gate

import (
	_ "embed" // the catalogue is data
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed mends.yaml
var mendsYAML string

// Base is the code without its parameter: AGR_CLAUSE_MISSING of
// AGR_CLAUSE_MISSING:C20.
func (c Code) Base() Code {
	base, _, _ := strings.Cut(string(c), ":")
	return Code(base)
}

// Mend is how a refusal is mended, in the languages of the organisation, and
// who can do it (R56).
type Mend struct {
	Ask string `yaml:"ask"` // one of Asks
	EN  string `yaml:"en"`
	FR  string `yaml:"fr"`
	ES  string `yaml:"es"`
}

// Catalogue holds the mend of every code, and under CODE@KIND that of a code
// which is mended otherwise where a record of the kind is at fault, under
// CODE@DETAIL where it has that detail, or under CODE@PULL at a pull, where it is
// the downloader who is at fault and the mission that reads it.
type Catalogue map[Code]Mend

// Of is Text for a refusal: of its code where the record that it names is at
// fault, or with the detail that it has, if the catalogue tells that apart.
func (c Catalogue) Of(r Refusal, lang string) (mend, ask string) {
	for _, by := range slices.Concat([]string{r.Object.Kind}, r.Detail, []string{string(r.Phase)}) {
		of := Code(string(r.Code.Base()) + "@" + by)
		if _, ok := c[of]; ok {
			return c.Text(of, lang)
		}
	}
	return c.Text(r.Code, lang)
}

// Asks are those who can be asked to mend.
func Asks() []string {
	return []string{"sender", "focal_point", "head_of_mission", "legal", "dpo", "partner", "operator"}
}

// ErrCatalogue says that the catalogue is not whole.
var ErrCatalogue = errors.New("catalogue of mends")

// Mends reads the catalogue that is built in. It answers ErrCatalogue where an
// entry lacks a language or names nobody to ask, or a code of the conditions
// has no entry.
func Mends() (Catalogue, error) { return readMends(mendsYAML) }

func readMends(data string) (Catalogue, error) {
	var c Catalogue
	d := yaml.NewDecoder(strings.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCatalogue, err)
	}
	for code, m := range c {
		if !stated(m.EN) || !stated(m.FR) || !stated(m.ES) || !slices.Contains(Asks(), m.Ask) {
			return nil, fmt.Errorf("%w: %s needs en, fr, es, and ask as one of %s", ErrCatalogue, code, strings.Join(Asks(), ", "))
		}
	}
	for _, condition := range conditions() {
		for _, r := range condition.codes {
			if _, ok := c[r.code]; !ok {
				return nil, fmt.Errorf("%w: %s of condition %s has no entry", ErrCatalogue, r.code, condition.number)
			}
		}
	}
	return c, nil
}

// Text answers with what to do about the code, in lang (en, fr, es, or a tag
// such as fr-CH; English otherwise), and whom to ask. A code with a parameter
// is looked up by its base. Of an unknown code it can only say whom to ask.
func (c Catalogue) Text(code Code, lang string) (mend, ask string) {
	m, ok := c[code.Base()]
	if !ok {
		return "", "focal_point"
	}
	primary, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(lang), "_", "-"), "-")
	switch primary {
	case "fr":
		return m.FR, m.Ask
	case "es":
		return m.ES, m.Ask
	default:
		return m.EN, m.Ask
	}
}
