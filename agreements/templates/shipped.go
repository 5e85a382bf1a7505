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
	FirstShippedID = "00000000-0000-7000-8000-000000000002"
	ShippedID      = "00000000-0000-7000-8000-000000000003"
)

// Shipped is the newest version of the standard template that the program brings: never recorded, its record is at version
// 0. It is the one before it with the clauses that changed, so that what was made from that one keeps its words (R37).
func Shipped() (Template, error) {
	t, err := firstShipped()
	if err != nil {
		return Template{}, err
	}
	var changed struct {
		Clauses []Clause `yaml:"clauses"`
	}
	if err := read("standard-2.yaml", &changed); err != nil {
		return Template{}, err
	}
	t.ID, t.Number = ShippedID, 2
	for _, c := range changed.Clauses {
		i := slices.IndexFunc(t.Content.Clauses, func(of Clause) bool { return of.Code == c.Code })
		if i < 0 {
			return Template{}, fmt.Errorf("reading the agreement template that ships with the program: there is no clause %s", c.Code)
		}
		t.Content.Clauses[i] = c
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
	first, err := firstShipped()
	if err != nil {
		return nil, err
	}
	last, err := Shipped()
	if err != nil {
		return nil, err
	}
	return []Template{first, last}, nil
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
