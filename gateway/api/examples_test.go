package api_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestExamples: every operation has examples of what it takes and of each answer, and each is valid against its schema.
func TestExamples(t *testing.T) {
	doc := newBench(t).api.OpenAPI()
	checked := 0
	check := func(t *testing.T, what string, content map[string]*huma.MediaType, mode huma.ValidateMode) {
		for mediaType, m := range content {
			if m.Example == nil {
				t.Errorf("%s has no example as %s", what, mediaType)
				continue
			}
			if m.Schema == nil || m.Schema.Ref == "" && m.Schema.Type == "" {
				continue // bytes
			}
			text, err := json.Marshal(m.Example)
			must(t, err)
			var v any
			must(t, json.Unmarshal(text, &v))
			var result huma.ValidateResult
			huma.Validate(doc.Components.Schemas, m.Schema, huma.NewPathBuffer([]byte{}, 0), mode, v, &result)
			for _, err := range result.Errors {
				t.Errorf("%s: %v in %s", what, err, text)
			}
			checked++
		}
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			t.Run(op.OperationID, func(t *testing.T) {
				if op.RequestBody != nil {
					check(t, "the request", op.RequestBody.Content, huma.ModeWriteToServer)
				}
				for status, response := range op.Responses {
					if response.Ref == "" && status != "304" {
						check(t, status, response.Content, huma.ModeReadFromServer)
					}
				}
			})
		}
	}
	for name, response := range doc.Components.Responses {
		check(t, name, response.Content, huma.ModeReadFromServer)
	}
	if checked < 200 {
		t.Errorf("only %d examples were checked", checked)
	}
}

// TestPersonalFields: what tells who somebody is, is marked as such, wherever a body has it.
func TestPersonalFields(t *testing.T) {
	doc := newBench(t).api.OpenAPI()
	const mark = "x-safeconduct-personal"
	always := regexp.MustCompile(`^(case_references?|email|csv|given_name|family_name|date_of_birth|phone)$`)
	persons := []string{"PersonBody", "NominationBody", "PaperSignatoryBody", "ImportSignatory"}
	found := 0
	for schema, s := range doc.Components.Schemas.Map() {
		if !regexp.MustCompile(`(Body|Row|Signatory)$`).MatchString(schema) {
			continue
		}
		for name, member := range s.Properties {
			personal := always.MatchString(name) || name == "subjects" && member.Type == huma.TypeArray || name == "name" && slices.Contains(persons, schema)
			if !personal {
				continue
			}
			found++
			if member.Extensions[mark] != true {
				t.Errorf(`%s.%s tells who somebody is: give its field the tag personal:"true"`, schema, name)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d members were found", found)
	}
}
