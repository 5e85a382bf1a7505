package assessment

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"

	"safeconduct/agreements/signing"
	"safeconduct/authz"
)

//go:embed templates/*.yaml
var embedded embed.FS

// Sentinels of templates.
var (
	// ErrTemplate: the data is no usable template.
	ErrTemplate = errors.New("assessment template is not valid")
	// ErrTemplateUnknown: there is no template of that version.
	ErrTemplateUnknown = errors.New("assessment template is unknown")
)

// Band is a class of risk.
type Band string

// The bands that the rest of the system names. Their limits are template data.
const (
	Low      Band = "LOW"
	Moderate Band = "MODERATE"
	High     Band = "HIGH"
	Severe   Band = "SEVERE"
)

// Group says what the answers to a question count for.
type Group string

// The groups, K, S, L, M and B of domain.md section 3.
const (
	GroupStop       Group = "stop"
	GroupSeverity   Group = "severity"
	GroupLikelihood Group = "likelihood"
	GroupMitigation Group = "mitigation"
	GroupBenefit    Group = "benefit"
)

// Text is a text in the three languages.
type Text struct {
	EN string `json:"en" yaml:"en"`
	FR string `json:"fr" yaml:"fr"`
	ES string `json:"es" yaml:"es"`
}

// Template is one version of the questionnaire with its scoring, bands and
// approvals. It is read-only once loaded.
type Template struct {
	Version   int          `json:"version" yaml:"version"`
	Title     Text         `json:"title" yaml:"title"`
	Reviewers []authz.Role `json:"reviewers" yaml:"reviewers"` // may return or reject
	Scoring   Scoring      `json:"scoring" yaml:"scoring"`
	Bands     []BandRule   `json:"bands" yaml:"bands"` // lowest first
	Questions []Question   `json:"questions" yaml:"questions"`
	Short     *ShortForm   `json:"short_form,omitempty" yaml:"short_form"` // nil where it has none (R47)
	// Of a template from before there were such members they are nil, which is as domain.md section 3 has it.
	People     *PeopleScale   `json:"people,omitempty" yaml:"people"`
	Categories *CategoryScale `json:"categories,omitempty" yaml:"categories"`
	Subjects   *SubjectScale  `json:"subjects,omitempty" yaml:"subjects"`
}

// Question is one question. A value between two anchors is allowed.
type Question struct {
	ID      string   `json:"id" yaml:"id"`
	Group   Group    `json:"group" yaml:"group"`
	Text    Text     `json:"text" yaml:"text"`
	Scale   Scale    `json:"scale" yaml:"scale"`
	Anchors []Anchor `json:"anchors" yaml:"anchors"`
	Stop    *Stop    `json:"stop,omitempty" yaml:"stop"`       // of GroupStop
	Unknown bool     `json:"unknown,omitempty" yaml:"unknown"` // allowed; of GroupLikelihood
}

// Scale is the range of whole numbers that answer a question, both included.
type Scale struct {
	Min int `json:"min" yaml:"min"`
	Max int `json:"max" yaml:"max"`
}

// Anchor says what a value means.
type Anchor struct {
	Value int `json:"value" yaml:"value"`
	Text  `yaml:",inline"`
}

// Stop is the answer that ends the matter, and whom to ask then (R56).
type Stop struct {
	Answer int        `json:"answer" yaml:"answer"`
	Ask    authz.Role `json:"ask" yaml:"ask"`
}

// Scoring holds the numbers of the formula in domain.md section 3.
type Scoring struct {
	Severity struct {
		Aggravated struct {
			Answers int `json:"answers" yaml:"answers"` // this many ...
			AtLeast int `json:"at_least" yaml:"at_least"`
			Add     int `json:"add" yaml:"add"`
		} `json:"aggravated" yaml:"aggravated"`
		Cap int `json:"cap" yaml:"cap"`
	} `json:"severity" yaml:"severity"`
	Likelihood struct {
		Alarm struct {
			AtLeast int `json:"at_least" yaml:"at_least"`
			Floor   int `json:"floor" yaml:"floor"`
		} `json:"alarm" yaml:"alarm"`
		Unknown int `json:"unknown" yaml:"unknown"` // what an unknown scores
	} `json:"likelihood" yaml:"likelihood"`
	Mitigation struct {
		Divisor int `json:"divisor" yaml:"divisor"`
	} `json:"mitigation" yaml:"mitigation"`
	NetLikelihoodFloors []NetFloor  `json:"net_likelihood_floors" yaml:"net_likelihood_floors"`
	BandFloors          []BandFloor `json:"band_floors" yaml:"band_floors"`
}

// NetFloor is what mitigation cannot go below from a severity on.
type NetFloor struct {
	Severity int `json:"severity" yaml:"severity"`
	Floor    int `json:"floor" yaml:"floor"`
}

// BandFloor is the band below which a severity never falls.
type BandFloor struct {
	Severity int  `json:"severity" yaml:"severity"`
	Band     Band `json:"band" yaml:"band"`
}

// BandRule says for which residuals a band stands, both included, and what it
// asks: the least benefit, whose approvals, and for how many calendar months
// they hold. A refused band is never approved; its Derogation names who alone
// can derogate jointly, for a single transfer, within DerogationDays.
type BandRule struct {
	Band       Band         `json:"band" yaml:"band"`
	From       int          `json:"from" yaml:"from"`
	To         int          `json:"to" yaml:"to"`
	Benefit    int          `json:"benefit" yaml:"benefit"`
	Approvals  []authz.Role `json:"approvals" yaml:"approvals"`
	Derogation []authz.Role `json:"derogation,omitempty" yaml:"derogation"`
	Months     int          `json:"months" yaml:"months"`
	Refused    bool         `json:"refused" yaml:"refused"`
	// DerogationDays is the longest life of a derogation; without it there is none.
	DerogationDays int `json:"derogation_days,omitempty" yaml:"derogation_days"`
	// Consulted says that whom the data are about, or who speaks for them, was asked:
	// what ends in the band is submitted with people_consulted alone.
	Consulted bool `json:"consulted,omitempty" yaml:"consulted"`
}

// Digest is the digest of the template's canonical form: it changes with any
// text or number, not with comments or layout.
func (t Template) Digest() signing.Digest {
	digest, err := signing.DigestOf(t)
	if err != nil {
		return signing.Digest{} // equals no digest that is stored; validate refuses such a template
	}
	return digest
}

// Question answers the question of that id.
func (t Template) Question(id string) (Question, bool) {
	i := slices.IndexFunc(t.Questions, func(q Question) bool { return q.ID == id })
	if i < 0 {
		return Question{}, false
	}
	return t.Questions[i], true
}

// Load reads one YAML document and validates it. Unknown and duplicate keys,
// a second document and inconsistent numbers are ErrTemplate.
func Load(data []byte) (Template, error) {
	var t Template
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&t); err != nil {
		return Template{}, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Template{}, fmt.Errorf("%w: more than one document", ErrTemplate)
	}
	if err := t.validate(); err != nil {
		return Template{}, err
	}
	return t, nil
}

// Catalog is every template version that the system knows: assessments are read
// under the one they were made on (R37).
type Catalog struct {
	templates []Template // by version
}

// Embedded is the catalogue that comes with the program.
func Embedded() (Catalog, error) {
	files, err := fs.Sub(embedded, "templates")
	if err != nil {
		return Catalog{}, fmt.Errorf("open embedded templates: %w", err)
	}
	return LoadCatalog(files)
}

// LoadCatalog reads every *.yaml at the root of files; two of one version, or
// none at all, are ErrTemplate.
func LoadCatalog(files fs.FS) (Catalog, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return Catalog{}, fmt.Errorf("list templates: %w", err)
	}
	var c Catalog
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return Catalog{}, fmt.Errorf("read template: %w", err)
		}
		t, err := Load(data)
		if err != nil {
			return Catalog{}, fmt.Errorf("%s: %w", name, err)
		}
		if _, err := c.Get(t.Version); err == nil {
			return Catalog{}, fmt.Errorf("%w: %s: version %d is there twice", ErrTemplate, name, t.Version)
		}
		c.templates = append(c.templates, t)
	}
	if len(c.templates) == 0 {
		return Catalog{}, fmt.Errorf("%w: no template found", ErrTemplate)
	}
	slices.SortFunc(c.templates, func(a, b Template) int { return a.Version - b.Version })
	return c, nil
}

// Get is the template of that version, or ErrTemplateUnknown.
func (c Catalog) Get(version int) (Template, error) {
	i := slices.IndexFunc(c.templates, func(t Template) bool { return t.Version == version })
	if i < 0 {
		return Template{}, fmt.Errorf("%w: version %d", ErrTemplateUnknown, version)
	}
	return c.templates[i], nil
}

// Current is the highest version, on which new assessments are made; the zero
// Template for the zero Catalog.
func (c Catalog) Current() Template {
	if len(c.templates) == 0 {
		return Template{}
	}
	return c.templates[len(c.templates)-1]
}
