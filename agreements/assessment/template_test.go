package assessment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"safeconduct/agreements/assessment"
)

func source(t testing.TB) string {
	t.Helper()
	raw, err := os.ReadFile("templates/v1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEmbeddedTemplate(t *testing.T) {
	t.Parallel()
	v := template(t)
	t.Run("R40 has the questions of domain.md section 3", func(t *testing.T) {
		t.Parallel()
		var ids, want []string
		for _, q := range v.Questions {
			ids = append(ids, q.ID)
		}
		for _, g := range []struct {
			letter string
			n      int
		}{{"K", 5}, {"S", 4}, {"L", 8}, {"M", 4}, {"B", 4}} {
			for i := range g.n {
				want = append(want, fmt.Sprintf("%s%d", g.letter, i+1))
			}
		}
		if !slices.Equal(ids, want) {
			t.Fatalf("questions %v", ids)
		}
	})
	t.Run("R37 digest changes with content, not with layout", func(t *testing.T) {
		t.Parallel()
		text := source(t)
		commented, err := assessment.Load([]byte("# another comment\n" + text))
		if err != nil || commented.Digest() != v.Digest() || v.Digest().IsZero() {
			t.Fatalf("digest %s, %v", commented.Digest(), err)
		}
		changed, err := assessment.Load([]byte(strings.Replace(text, "benefit: 4", "benefit: 3", 1)))
		if err != nil || changed.Digest() == v.Digest() {
			t.Fatalf("digest did not change: %v", err)
		}
	})
	t.Run("R37 digest can be worked out from the published JSON", func(t *testing.T) {
		t.Parallel()
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got := digestOf(t, json.RawMessage(raw)); got != v.Digest() {
			t.Fatalf("%s; want %s", got, v.Digest())
		}
	})
	t.Run("R37 what is published is frozen", func(t *testing.T) {
		t.Parallel()
		c, err := assessment.Embedded()
		if err != nil {
			t.Fatal(err)
		}
		published := []string{
			"sha256:1abc7c85ae98843fe6e50e3e1b66024b591b09d0d6cb521a38ba6365ea059622",
			"sha256:cc4a18798e586d06a16fdbb3a152c75dd62fdd450b1af6d1b51fa1355a60eb84",
			"sha256:1270299233abea64bf0bb7e726cca608af33a3f5ec5e219fbf4a91f4def0a6e8",
			"sha256:4898ee6780530a210b0d9337c01feca755979c40e04139d91c1552dd1b18ade2",
		}
		if c.Current().Version != len(published) {
			t.Errorf("the current version is %d", c.Current().Version)
		}
		for i, want := range published {
			if v, err := c.Get(i + 1); err != nil || v.Digest().String() != want {
				t.Errorf("template %d is now %s, %v: publish a new version instead", i+1, v.Digest(), err)
			}
		}
	})
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	text := source(t)
	for name, swap := range map[string][2]string{
		"unknown key":                     {"version: 1\n", "version: 1\nbonus: 1\n"},
		"unknown nested key":              {"cap: 5", "cap: 5\n    kap: 5"},
		"duplicate key":                   {"version: 1\n", "version: 1\nversion: 1\n"},
		"second document":                 {"version: 1\n", "version: 1\n---\nversion: 2\n"},
		"no version":                      {"version: 1\n", ""},
		"text in one language missing":    {"  fr: Évaluation des risques et avantages\n", ""},
		"not a reviewing role":            {"reviewers: [FP,", "reviewers: [RO,"},
		"gap between bands":               {"from: 6", "from: 7"},
		"bands overlap":                   {"to: 9", "to: 10"},
		"bands end early":                 {"to: 25", "to: 24"},
		"refused band with approvals":     {"approvals: [], derogation", "approvals: [LEG], derogation"},
		"allowed band without approvals":  {"approvals: [FP, HOM], months", "approvals: [], months"},
		"a role twice":                    {"approvals: [FP, HOM], months", "approvals: [FP, FP], months"},
		"approval by the sender":          {"approvals: [FP, HOM], months", "approvals: [RO, HOM], months"},
		"band that never ends":            {"months: 6", "months: 0"},
		"refusal forgotten":               {"refused: true", "refused: false"},
		"benefit falls":                   {"benefit: 3", "benefit: 1"},
		"unknown scores well":             {"unknown: 5", "unknown: 1"},
		"divisor zero":                    {"divisor: 2", "divisor: 0"},
		"alarm without floor":             {"{at_least: 5, floor: 3}", "{at_least: 5}"},
		"net floors in the wrong order":   {"{severity: 4, floor: 2}", "{severity: 1, floor: 2}"},
		"net floor missing at the bottom": {"{severity: 1, floor: 1}", "{severity: 2, floor: 1}"},
		"band floors fall":                {"{severity: 4, band: MODERATE}", "{severity: 4, band: SEVERE}"},
		"floor of no band":                {"{severity: 4, band: MODERATE}", "{severity: 4, band: MEDIUM}"},
		"question twice":                  {"id: K2", "id: K1"},
		"unknown group":                   {"group: severity", "group: severty"},
		"stop off its scale":              {"answer: 1, ask: FP", "answer: 2, ask: FP"},
		"stop forgotten":                  {"    stop: {answer: 1, ask: FP}\n", ""},
		"stop with nobody to ask":         {"answer: 1, ask: FP", "answer: 1, ask: OIG"},
		"scale upside down":               {"scale: {min: 1, max: 5}", "scale: {min: 5, max: 1}"},
		"anchor off its scale":            {"{value: 1, en: nuisance", "{value: 0, en: nuisance"},
		"number as text":                  {"cap: 5", "cap: five"},
	} {
		t.Run("R37 "+name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, swap[0]) {
				t.Fatalf("the template has no %q", swap[0])
			}
			if _, err := assessment.Load([]byte(strings.Replace(text, swap[0], swap[1], 1))); !errors.Is(err, assessment.ErrTemplate) {
				t.Fatalf("error = %v; want ErrTemplate", err)
			}
		})
	}
	for _, empty := range []string{"", "{}", "[]", "version: 1\n"} {
		if _, err := assessment.Load([]byte(empty)); !errors.Is(err, assessment.ErrTemplate) {
			t.Errorf("Load(%q) error = %v", empty, err)
		}
	}
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	one := source(t)
	two := strings.Replace(one, "version: 1\n", "version: 2\n", 1)
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	c, err := assessment.LoadCatalog(fstest.MapFS{"b.yaml": file(one), "a.yaml": file(two), "notes.txt": file("x")})
	if err != nil || c.Current().Version != 2 {
		t.Fatalf("current %d, %v", c.Current().Version, err)
	}
	if old, err := c.Get(1); err != nil || old.Version != 1 {
		t.Errorf("version 1: %v", err)
	}
	if _, err := c.Get(3); !errors.Is(err, assessment.ErrTemplateUnknown) {
		t.Errorf("version 3: %v", err)
	}
	for name, files := range map[string]fstest.MapFS{
		"twice": {"a.yaml": file(one), "b.yaml": file(one)}, "none": {}, "broken": {"a.yaml": file("version: 1")},
	} {
		if _, err := assessment.LoadCatalog(files); !errors.Is(err, assessment.ErrTemplate) {
			t.Errorf("%s: error = %v; want ErrTemplate", name, err)
		}
	}
}

const wantSeeds = 5

func loadSeeds(t testing.TB) []string {
	t.Helper()
	text := source(t)
	return []string{text, "", "version: 1\n", text + "---\n", strings.Replace(text, "cap: 5", "cap: 500000000000", 1)}
}

func TestFuzzSeedsAreAllThere(t *testing.T) {
	t.Parallel()
	if got := len(loadSeeds(t)); got != wantSeeds {
		t.Fatalf("%d seeds; want %d", got, wantSeeds)
	}
}

// FuzzLoad: a template that loads scores a full set of answers without panic.
func FuzzLoad(f *testing.F) {
	for _, seed := range loadSeeds(f) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tmpl, err := assessment.Load(data)
		if err != nil {
			if !errors.Is(err, assessment.ErrTemplate) {
				t.Fatalf("error without a sentinel: %v", err)
			}
			return
		}
		in := assessment.Answers{}
		for _, q := range tmpl.Questions {
			in[q.ID] = assessment.Answer{Value: new(q.Scale.Max)}
		}
		if r, err := assessment.Score(tmpl, in); err != nil || r.Band == "" {
			t.Fatalf("%+v, %v", r, err)
		}
	})
}
