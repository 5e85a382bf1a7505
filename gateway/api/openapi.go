package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"safeconduct/gateway/edge"
)

const aboutAPI = `Personal data leaves only through this interface, and only where a signed agreement, an approved risk-benefit assessment
and consent allow it. Every operation needs a bearer token, and answers 401 without one before it reads a parameter or a
body; this document alone is public.

Errors are problem documents (RFC 9457). A refusal by the gate is status 403 of type urn:safeconduct:refused, whose
member refusals has every code that stands in the way, the primary one first, with how to mend it and whom to ask. What
you may not know of answers as what does not exist. Texts follow Accept-Language: en, fr or es.`

func description() *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Safeconduct", Version: "1", Description: aboutAPI,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers:  []*huma.Server{{URL: Prefix}},
		Security: security(),
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				bearer: {Type: "http", Scheme: "bearer", Description: "A token of this gateway; it begins with sct_."},
			},
		},
		Tags: []*huma.Tag{
			{Name: "missions"},
			{Name: "people", Description: "Persons, their roles and their signing keys."},
			{Name: "tokens"},
			{Name: "parties", Description: "Partners."},
			{Name: "authority-requests", Description: "Requests of authorities for data: cases of Legal, never transfers."},
			{Name: "incidents", Description: "Data incidents at partners."},
			{Name: "clearances", Description: "What the originators of data agreed to."},
			{Name: "destructions", Description: "The duty of partners to destroy what they pulled."},
			{Name: "terms", Description: "Purposes, categories of data, and retention rules."},
			{Name: "agreements"},
			{Name: "assessments", Description: "Risk-benefit assessments."},
			{Name: "consents"},
			{Name: "holds", Description: "What stops the sharing of a person's data, or of one transfer."},
			{Name: "sensitive categories", Description: "Decisions of the data protection officer."},
			{Name: "disclosure assessments", Description: "What shows that data is anonymised or aggregate."},
			{Name: "transfers"},
			{Name: "queue", Description: "What waits for the caller."},
			{Name: "log", Description: "The tamper-evident evidence log."},
		},
	}
}

const bearer = "bearer"

func security() []map[string][]string { return []map[string][]string{{bearer: {}}} }

// problemResponses are those of every operation, and of the guarded: those that the state of a record may not allow, as
// everything that changes one. Their one description is a component.
func problemResponses(guarded bool) map[string]*huma.Response {
	all := map[string]*huma.Response{
		"401":     {Ref: "#/components/responses/Unauthenticated"},
		"403":     {Ref: "#/components/responses/Refused"},
		"404":     {Ref: "#/components/responses/NotFound"},
		"422":     {Ref: "#/components/responses/Invalid"},
		"default": {Ref: "#/components/responses/Problem"},
	}
	if guarded {
		all["409"] = &huma.Response{Ref: "#/components/responses/Conflict"}
	}
	return all
}

// describeProblems adds the one form of all problems, with examples.
func describeProblems(doc *huma.OpenAPI) {
	schema := doc.Components.Schemas.Schema(reflect.TypeFor[edge.Problem](), true, "Problem")
	problem := func(text string, example map[string]any) *huma.Response {
		return &huma.Response{Description: text, Content: map[string]*huma.MediaType{edge.ProblemType: {Schema: schema, Example: example}}}
	}
	doc.Components.Responses = map[string]*huma.Response{
		"Problem": problem("Another problem", map[string]any{
			"type": "urn:safeconduct:internal", "title": "Internal error", "status": http.StatusInternalServerError,
			"request_id": "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f",
		}),
		"Conflict": problem("The state of a record does not allow it: members state, guard and mend name the state, the rule that stood in the way, and "+
			"what to do instead. Of the types conflict and in-progress, which have none of them: it exists already; the first request with this key is still at work", map[string]any{
			"type": "urn:safeconduct:illegal-transition", "title": "Not possible in this state", "status": http.StatusConflict, "state": "terminated",
			"detail": "agreement: review is not possible while it is terminated: it must be a draft", "guard": "it must be a draft",
			"mend": "Draft a new agreement.",
		}),
		"Unauthenticated": problem("No valid token", map[string]any{"type": "urn:safeconduct:unauthenticated", "title": "Sign in first", "status": http.StatusUnauthorized}),
		"NotFound":        problem("It does not exist, or you may not know of it", map[string]any{"type": "urn:safeconduct:not-found", "title": "Not found", "status": http.StatusNotFound}),
		"Refused": problem("Refused, by the gate or for want of a role", map[string]any{
			"type": "urn:safeconduct:refused", "title": "Refused", "status": http.StatusForbidden,
			"transfer": "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f",
			"refusals": []any{map[string]any{
				"code": "CONSENT_MISSING", "phase": "REQUEST", "rows": []any{3}, "overridable": true, "ask": "sender",
				"mend": "Record this person's consent, or take the row out.",
			}},
		}),
		"Invalid": problem("The request is not as the schema has it", map[string]any{
			"type": "urn:safeconduct:invalid", "title": "Invalid", "status": http.StatusUnprocessableEntity,
			"errors": []any{map[string]any{"location": "body.country", "message": "expected string to match pattern ^[A-Za-z]{2}$"}},
		}),
	}
	// huma describes its own errors, which are never sent: edge.HumaTransform replaces them.
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
}

// Document is the OpenAPI document of a mounted API, indented, the same text each time.
func Document(api huma.API) ([]byte, error) {
	text, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	var sorted any // huma writes its members in an order of its own; encoding/json sorts those of a map
	if err := json.Unmarshal(text, &sorted); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(sorted); err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	return out.Bytes(), nil
}

// publish serves the document to everybody, as it is once everything is mounted.
func (r *routes) publish(public gin.IRouter) error {
	describeProblems(r.api.OpenAPI())
	markPersonal(r.api.OpenAPI().Components.Schemas)
	if err := errors.Join(exemplify(r.api.OpenAPI()), permitted(r.api.OpenAPI())); err != nil {
		return err
	}
	r.server.Words(words(r.api.OpenAPI())...)
	r.server.Words(r.Assessments.Questions()...)
	text, err := Document(r.api)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	tag := entityTag(hex.EncodeToString(sum[:]))
	public.GET(Prefix+"/openapi.json", func(c *gin.Context) {
		c.Header("ETag", tag)
		c.Header("Cache-Control", "no-cache")
		if c.GetHeader("If-None-Match") == tag {
			c.Status(http.StatusNotModified)
			return
		}
		c.Data(http.StatusOK, "application/openapi+json; charset=utf-8", text)
	})
	return nil
}

// words are the names of all members and parameters of the document.
func words(doc *huma.OpenAPI) []string {
	var all []string
	for _, s := range doc.Components.Schemas.Map() {
		all = append(all, memberNames(s)...)
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				all = append(all, p.Name)
			}
		}
	}
	return all
}

// memberNames are the names of those of a schema, and of what it holds beside references.
func memberNames(s *huma.Schema) []string {
	if s == nil {
		return nil
	}
	all := memberNames(s.Items)
	for name, below := range s.Properties {
		all = append(append(all, name), memberNames(below)...)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		all = append(all, memberNames(more)...)
	}
	return all
}
