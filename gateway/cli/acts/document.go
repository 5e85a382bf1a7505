// Package acts makes the operations of the API usable from a command line, by
// its OpenAPI document: what there is, who may do it, what it needs, and bodies
// put together from names and values.
//
// No error here repeats a value: it may be personal data.
package acts

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// ErrDocument says that an OpenAPI document cannot be used.
var ErrDocument = errors.New("not an OpenAPI document of this program's kind")

// Act is one operation.
type Act struct {
	ID      string // "suspend-agreement"
	Method  string
	Path    string // template below the prefix of the API, such as /agreements/{id}
	Group   string // "agreements"
	Summary string
	About   string
	Roles   []string // that may do it; none: everybody, for themselves or as far as they may see
	Query   []Param
	Takes   string // media type of the body; empty where there is none
	Answers string // media type of the answer
	Exact   bool   // the answer is a document: its bytes count
	Paged   bool   // a list that goes on after a record
	Example json.RawMessage
	body    *schema
	schemas map[string]*schema
}

// Param is a parameter of the query.
type Param struct {
	Name, Doc string
	Required  bool
	schema    *schema
}

type schema struct {
	Ref         string             `json:"$ref"`
	Type        any                `json:"type"` // a name, or a list with null
	Description string             `json:"description"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	Enum        []any              `json:"enum"`
	Pattern     string             `json:"pattern"`
	Format      string             `json:"format"`
	Personal    bool               `json:"x-safeconduct-personal"`
}

type media struct {
	Schema  *schema         `json:"schema"`
	Example json.RawMessage `json:"example"`
}

type operation struct {
	ID          string   `json:"operationId"`
	Tags        []string `json:"tags"`
	Summary     string   `json:"summary"`
	Description string   `json:"description"`
	Roles       []string `json:"x-safeconduct-roles"`
	Parameters  []struct {
		Name        string  `json:"name"`
		In          string  `json:"in"`
		Description string  `json:"description"`
		Required    bool    `json:"required"`
		Schema      *schema `json:"schema"`
	} `json:"parameters"`
	RequestBody struct {
		Content map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]media `json:"content"`
	} `json:"responses"`
}

// Read reads a document, and answers with its acts by group and name.
func Read(text []byte) ([]Act, error) {
	var doc struct {
		Paths      map[string]map[string]operation `json:"paths"`
		Components struct {
			Schemas map[string]*schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &doc); err != nil || len(doc.Paths) == 0 {
		return nil, ErrDocument
	}
	var all []Act
	for path, item := range doc.Paths {
		for method, op := range item {
			if op.ID == "" || len(op.Tags) != 1 {
				return nil, fmt.Errorf("%w: %s %s has no name or no group", ErrDocument, method, path)
			}
			all = append(all, op.act(method, path, doc.Components.Schemas))
		}
	}
	slices.SortFunc(all, func(a, b Act) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return all, nil
}

func (o operation) act(method, path string, schemas map[string]*schema) Act {
	a := Act{
		ID: o.ID, Method: strings.ToUpper(method), Path: path, Group: o.Tags[0], Summary: o.Summary, About: o.Description, Roles: o.Roles, schemas: schemas,
	}
	for _, p := range o.Parameters {
		if p.In == "query" && p.Schema != nil {
			a.Query = append(a.Query, Param{p.Name, p.Description, p.Required, p.Schema})
			a.Paged = a.Paged || p.Name == afterParam
		}
	}
	for mediaType, m := range o.RequestBody.Content {
		a.Takes, a.body, a.Example = mediaType, m.Schema, m.Example
	}
	for _, status := range []string{"200", "201"} {
		for mediaType, m := range o.Responses[status].Content {
			s := a.resolve(m.Schema)
			a.Answers, a.Exact = mediaType, mediaType != JSON || s.kind() == ""
		}
	}
	return a
}

const afterParam = "after"

// JSON is the media type that bodies and answers have, but for files.
const JSON = "application/json"

// Params names the parameters of the path, in order.
func (a Act) Params() []string {
	var names []string
	for _, m := range param.FindAllStringSubmatch(a.Path, -1) {
		names = append(names, m[1])
	}
	return names
}

var param = regexp.MustCompile(`\{(\w+)\}`)

// At is the path with its parameters filled in, in order, and the query.
func (a Act) At(params []string, query url.Values) string {
	path := param.ReplaceAllStringFunc(a.Path, func(string) string {
		next := params[0]
		params = params[1:]
		return url.PathEscape(next)
	})
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// Indented is the example of the body, for people.
func (a Act) Indented() string {
	var b bytes.Buffer
	if json.Indent(&b, a.Example, "", "  ") != nil {
		return "" // it has none
	}
	return b.String()
}

// maxRefs bounds how many references in a row are followed.
const maxRefs = 16

func (a Act) resolve(s *schema) *schema {
	for n := 0; s != nil && s.Ref != "" && n < maxRefs; n++ {
		s = a.schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	if s == nil || s.Ref != "" {
		return &schema{}
	}
	return s
}

func (s *schema) kind() string {
	if list, ok := s.Type.([]any); ok && len(list) > 0 {
		return fmt.Sprint(list[0])
	}
	if s.Type == nil {
		return ""
	}
	return fmt.Sprint(s.Type)
}
