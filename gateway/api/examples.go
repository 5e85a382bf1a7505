package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/authz/rulebook"
)

// exemplify gives every request and every response of the document an example, put together from the examples of the
// members: those that are always there, and those that were given an example. Each is valid against its schema.
func exemplify(doc *huma.OpenAPI) error {
	shipped, err := rulebook.Shipped()
	if err != nil {
		return err
	}
	e := examples{doc.Components.Schemas}
	for _, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			if op.RequestBody != nil {
				e.media(op.RequestBody.Content)
				overlay(op.RequestBody.Content["application/json"], usually(op.OperationID))
				if op.OperationID == "draft-rules" {
					overlay(op.RequestBody.Content["application/json"], map[string]any{"rules": shipped.Current.Rules})
				}
			}
			for _, response := range op.Responses {
				e.media(response.Content)
			}
		}
	}
	return nil
}

func operationsOf(item *huma.PathItem) []*huma.Operation {
	return slices.DeleteFunc([]*huma.Operation{item.Get, item.Post, item.Put, item.Delete}, func(op *huma.Operation) bool { return op == nil })
}

// examples are made of the schemas of a document.
type examples struct{ schemas huma.Registry }

func (e examples) media(content map[string]*huma.MediaType) {
	for mediaType, m := range content {
		switch {
		case m.Example != nil || len(m.Examples) > 0:
		case mediaType == "application/json" && m.Schema != nil && (m.Schema.Ref != "" || m.Schema.Type != ""):
			m.Example = e.value("", m.Schema, nil)
		case mediaType == "application/json":
			m.Example = map[string]any{"agreement": anyID, "version": 1, "title": "Sharing of referral data, Niger"}
		case mediaType == "text/plain":
			m.Example = "gateway.example.org/log\n" + "1024\n" + exampleRoot + "\n"
		default:
			m.Example = "%PDF-1.7 or whatever else the bytes are"
		}
	}
}

// value is one of the schema, of the member of that name. within names the schemas that it stands in: a schema may hold
// itself.
func (e examples) value(name string, s *huma.Schema, within []string) any {
	if s.Ref != "" {
		return e.value(name, e.schemas.SchemaFromRef(s.Ref), append(slices.Clone(within), s.Ref))
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		return e.object(name, s, within)
	case huma.TypeArray:
		return e.array(name, s, within)
	case huma.TypeBoolean:
		return true
	case huma.TypeInteger, huma.TypeNumber:
		return number(name, s)
	case huma.TypeString:
		if told := e.asked(name, within); told != nil && s.Format == "" && s.Pattern == "" {
			return told
		}
		return word(name, s)
	default:
		return "any value"
	}
}

func (e examples) object(name string, s *huma.Schema, within []string) any {
	made := map[string]any{}
	for _, member := range slices.Sorted(maps.Keys(s.Properties)) {
		below := s.Properties[member]
		required := slices.Contains(s.Required, member)
		if slices.Contains(within, below.Ref) || !required && !e.told(below) {
			continue
		}
		made[member] = e.value(member, below, within)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		made[keyOf(name)] = e.value(name, more, within)
	}
	return made
}

// told reports whether somebody wrote an example, or a list of what is possible, for an optional member.
func (e examples) told(s *huma.Schema) bool {
	if s.Items != nil {
		return len(s.Examples) > 0
	}
	return len(s.Examples) > 0 || len(s.Enum) > 0
}

// asked is the example of the member of the same name in the body with which the record is made.
func (e examples) asked(name string, within []string) any {
	if len(within) == 0 {
		return nil
	}
	body := e.schemas.SchemaFromRef(within[len(within)-1] + "Body")
	if body == nil || body.Properties[name] == nil {
		return nil
	}
	switch s := body.Properties[name]; {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	return nil
}

// overlay puts what is usually said over an example; nil takes a member out.
func overlay(m *huma.MediaType, said map[string]any) {
	if m == nil {
		return
	}
	made, ok := m.Example.(map[string]any)
	if !ok {
		return
	}
	for name, v := range said {
		if made[name] = v; v == nil {
			delete(made, name)
		}
	}
}

// keyOf is a key of a member whose keys are data.
func keyOf(name string) string {
	switch name {
	case "answers", "assumed", "limits":
		return "K1"
	case "retention_days":
		return "contact"
	case "title", "text", "texts":
		return "en"
	case "recipient_classes":
		return "personal"
	}
	return "name"
}

func (e examples) array(name string, s *huma.Schema, within []string) any {
	if s.Items == nil || slices.Contains(within, s.Items.Ref) {
		return []any{}
	}
	return []any{e.value(strings.TrimSuffix(name, "s"), s.Items, within)}
}

func number(name string, s *huma.Schema) any {
	v := 1.0
	switch {
	case name == "status":
		v = http.StatusUnprocessableEntity
	case s.Minimum != nil:
		v = max(v, *s.Minimum)
	case s.ExclusiveMinimum != nil:
		v = max(v, *s.ExclusiveMinimum+1)
	}
	if s.Maximum != nil {
		v = min(v, *s.Maximum)
	}
	return v
}
