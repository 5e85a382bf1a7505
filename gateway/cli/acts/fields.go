package acts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Field is a member of a body, or of what lies in it.
type Field struct {
	Name     string // with dots: scope.purposes
	Kind     string // "text", "whole number", "list of text"
	Doc      string
	Choices  []string
	Required bool
	Personal bool // tells who somebody is: never among arguments
}

// Fields are those of the body, what is required first.
func (a Act) Fields() []Field {
	if a.body == nil || a.Takes != JSON {
		return nil
	}
	return a.fields("", a.body, nil)
}

func (a Act) fields(prefix string, of *schema, within []string) []Field {
	if of.Ref != "" {
		if slices.Contains(within, of.Ref) {
			return nil // a schema that holds itself
		}
		within = append(slices.Clone(within), of.Ref)
	}
	s := a.resolve(of)
	names := slices.Sorted(maps.Keys(s.Properties))
	slices.SortStableFunc(names, func(x, y string) int {
		return rank(s.Required, x) - rank(s.Required, y)
	})
	var all []Field
	for _, name := range names {
		member := s.Properties[name]
		below, list := a.element(member)
		f := Field{
			Name: prefix + name, Kind: a.kindOf(member), Doc: a.resolve(member).Description, Required: slices.Contains(s.Required, name),
			Personal: member.Personal || a.resolve(member).Personal,
		}
		for _, choice := range a.resolve(below).Enum {
			f.Choices = append(f.Choices, fmt.Sprint(choice))
		}
		all = append(all, f)
		inner := prefix + name
		if list {
			inner += "[]"
		}
		all = append(all, a.fields(inner+".", below, within)...)
	}
	return all
}

func rank(required []string, name string) int {
	if slices.Contains(required, name) {
		return 0
	}
	return 1
}

// element is what a list holds, and else the member itself.
func (a Act) element(member *schema) (of *schema, list bool) {
	if s := a.resolve(member); s.kind() == "array" && s.Items != nil {
		return s.Items, true
	}
	return member, false
}

func (a Act) kindOf(member *schema) string {
	s := a.resolve(member)
	switch s.kind() {
	case "string":
		if s.Format == "date-time" {
			return "time, such as 2026-03-02T09:30:00Z"
		}
		return "text"
	case "integer":
		return "whole number"
	case "number":
		return "number"
	case "boolean":
		return "true or false"
	case "array":
		of, _ := a.element(member)
		if of == member || a.resolve(of).kind() == "array" {
			return "list"
		}
		return "list of " + a.kindOf(of)
	default:
		return "object"
	}
}

// Who says who may do it.
func (a Act) Who() string {
	if len(a.Roles) == 0 {
		return "everybody with a token, for themselves or as far as they may see"
	}
	return strings.Join(a.Roles, ", ")
}
