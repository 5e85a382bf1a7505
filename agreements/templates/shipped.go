package templates

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

//go:embed shipped/*.yaml
var files embed.FS

// The ids of the templates that ship with the program, by version.
const (
	FirstShippedID  = "00000000-0000-7000-8000-000000000002"
	SecondShippedID = "00000000-0000-7000-8000-000000000003"
	ShippedID       = "00000000-0000-7000-8000-000000000004"
)

// Shipped is the newest version of the standard template that the program brings: never recorded, its record is at version
// 0. Each is the one before it with what changed, so that what was made from that one keeps its words (R37). Version 3 has
// the annexes that C08 and C16 speak of.
func Shipped() (Template, error) {
	t, err := secondShipped()
	if err != nil {
		return Template{}, err
	}
	return t.followed(ShippedID, "standard-3.yaml")
}

// secondShipped is version 2.
func secondShipped() (Template, error) {
	t, err := firstShipped()
	if err != nil {
		return Template{}, err
	}
	return t.followed(SecondShippedID, "standard-2.yaml")
}

// followed is the version after t, with the clauses and annexes of the file in the place of its own.
func (t Template) followed(id, file string) (Template, error) {
	var changed struct {
		Clauses []Clause `yaml:"clauses"`
		Annexes []Annex  `yaml:"annexes"`
	}
	if err := read(file, &changed); err != nil {
		return Template{}, err
	}
	t.ID, t.Number = id, t.Number+1
	for _, c := range changed.Clauses {
		i := slices.IndexFunc(t.Content.Clauses, func(of Clause) bool { return of.Code == c.Code })
		if i < 0 {
			return Template{}, fmt.Errorf("reading the agreement template that ships with the program: there is no clause %s", c.Code)
		}
		t.Content.Clauses[i] = c
	}
	if changed.Annexes != nil {
		t.Content.Annexes = changed.Annexes
	}
	if err := t.Content.Validate(); err != nil {
		return Template{}, fmt.Errorf("reading the agreement template that ships with the program: %w", err)
	}
	return t, nil
}

// firstShipped is version 1.
func firstShipped() (Template, error) {
	var frame struct {
		TextVersion string                 `yaml:"text_version"`
		Parameters  map[string][]Parameter `yaml:"parameters"`
		Safeguards  map[string]Safeguards  `yaml:"safeguards"`
	}
	if err := read("standard-1.yaml", &frame); err != nil {
		return Template{}, err
	}
	type words struct {
		Title string `yaml:"title"`
		Text  string `yaml:"text"`
	}
	texts := map[string]map[string]words{}
	for _, lang := range Languages() {
		var all map[string]words
		if err := read("standard-1."+lang+".yaml", &all); err != nil {
			return Template{}, err
		}
		texts[lang] = all
	}
	t := Template{
		ID: FirstShippedID, Name: Standard, Number: 1, State: Approved, Author: string(authz.SYS), Approver: string(authz.SYS),
		Reason: "shipped with the program", Content: Content{Safeguards: frame.Safeguards},
	}
	for _, code := range Codes() {
		c := Clause{Code: code, Version: frame.TextVersion, Title: Text{}, Text: Text{}, Parameters: frame.Parameters[code]}
		for _, lang := range Languages() {
			c.Title[lang], c.Text[lang] = texts[lang][code].Title, strings.TrimSpace(texts[lang][code].Text)
		}
		t.Content.Clauses = append(t.Content.Clauses, c)
	}
	if err := t.Content.Validate(); err != nil {
		return Template{}, fmt.Errorf("reading the agreement template that ships with the program: %w", err)
	}
	return t, nil
}

func read(name string, v any) error {
	f, err := files.Open("shipped/" + name)
	if err != nil {
		return fmt.Errorf("reading the agreement template that ships with the program: %w", err)
	}
	defer func() { _ = f.Close() }() // embedded
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("reading the agreement template that ships with the program: %w", err)
	}
	return nil
}

// ships are the versions that ship with the program, by number.
func ships() ([]Template, error) {
	var all []Template
	for _, version := range []func() (Template, error){firstShipped, secondShipped, Shipped} {
		t, err := version()
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// All are the templates that there are, the shipped ones first, by name and number. Where Legal has written a version before
// the program brought one of its number, Legal's stands: documents name it.
func All(ctx context.Context, tx Reader) ([]Template, error) {
	all, err := ships()
	if err != nil {
		return nil, err
	}
	recorded, err := tx.AgreementTemplates(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t Template) bool {
		return slices.ContainsFunc(recorded, func(r Template) bool { return r.Name == t.Name && r.Number == t.Number })
	})
	return append(all, recorded...), nil
}

// InForce is the version of the named template that new documents are made from at t: of those approved and effective,
// the one that took effect last. ErrNotFound where there is none.
func InForce(ctx context.Context, tx Reader, name string, t time.Time) (Template, error) {
	all, err := All(ctx, tx)
	if err != nil {
		return Template{}, err
	}
	var in *Template
	for i, v := range all {
		if v.Name != name || v.State != Approved || t.Before(v.EffectiveFrom) {
			continue
		}
		if in == nil || !v.EffectiveFrom.Before(in.EffectiveFrom) && v.Number > in.Number {
			in = &all[i]
		}
	}
	if in == nil {
		return Template{}, evidence.ErrNotFound
	}
	return *in, nil
}

// Find is that version of the named template, whatever came after it. ErrNotFound where there is none.
func Find(ctx context.Context, tx Reader, name string, number int) (Template, error) {
	all, err := All(ctx, tx)
	if err != nil {
		return Template{}, err
	}
	i := slices.IndexFunc(all, func(t Template) bool { return t.Name == name && t.Number == number })
	if i < 0 {
		return Template{}, evidence.ErrNotFound
	}
	return all[i], nil
}
