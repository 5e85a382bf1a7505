package api

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// personalMember is the member of a schema, in the document, that says that what it describes tells who somebody is. The
// field has the tag personal:"true". Whoever passes it on keeps it out of what others can read: arguments, addresses, logs.
const personalMember = "x-safeconduct-personal"

// markPersonal writes the tags of the fields into their schemas.
func markPersonal(schemas huma.Registry) {
	for name, s := range schemas.Map() {
		if t := schemas.TypeFromRef("#/components/schemas/" + name); t != nil {
			markFields(t, s.Properties)
		}
	}
}

func markFields(t reflect.Type, members map[string]*huma.Schema) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			markFields(f.Type, members)
			continue
		}
		if s := members[name]; s != nil && f.Tag.Get("personal") == "true" {
			if s.Extensions == nil {
				s.Extensions = map[string]any{}
			}
			s.Extensions[personalMember] = true
		}
	}
}
