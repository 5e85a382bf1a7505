package api_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
)

// operations lists every method and path of the document, with made-up ids.
func (b *bench) operations() [][2]string {
	var all [][2]string
	fill := strings.NewReplacer("{id}", "x", "{grant}", "x", "{key}", "x", "{n}", "1")
	for path, item := range b.api.OpenAPI().Paths {
		for method, op := range map[string]bool{
			http.MethodGet: item.Get != nil, http.MethodPost: item.Post != nil, http.MethodPut: item.Put != nil, http.MethodDelete: item.Delete != nil,
		} {
			if op {
				all = append(all, [2]string{method, v1 + fill.Replace(path)})
			}
		}
	}
	slices.SortFunc(all, func(a, b [2]string) int { return strings.Compare(a[1]+a[0], b[1]+b[0]) })
	return all
}

func TestNobodyGetsIn(t *testing.T) {
	b := newBench(t)
	all := b.operations()
	if len(all) < 50 {
		t.Fatalf("only %d operations are described", len(all))
	}
	b.tokens["forged"] = "sct_" + strings.Repeat("A", 43)
	for _, op := range all {
		t.Run(op[0]+" "+op[1], func(t *testing.T) {
			for _, role := range []authz.Role{nobody, "forged"} {
				got := b.do(role, op[0], op[1]+"?nonsense=1", "{not json")
				if got.StatusCode != http.StatusUnauthorized || got.Header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%q: %d %s", role, got.StatusCode, got.body)
				}
			}
		})
	}
	t.Run("but the document is public", func(t *testing.T) {
		got := b.do(nobody, http.MethodGet, v1+"/openapi.json", nil)
		if got.StatusCode != http.StatusOK || got.object(t)["openapi"] != "3.1.0" {
			t.Errorf("%d", got.StatusCode)
		}
	})
}

func TestEveryRouteIsDescribed(t *testing.T) {
	b := newBench(t)
	described := map[string]bool{http.MethodGet + " " + v1 + "/openapi.json": true}
	param := regexp.MustCompile(`\{(\w+)\}`)
	for path, item := range b.api.OpenAPI().Paths {
		for method, op := range map[string]bool{
			http.MethodGet: item.Get != nil, http.MethodPost: item.Post != nil, http.MethodPut: item.Put != nil, http.MethodDelete: item.Delete != nil,
		} {
			if op {
				described[method+" "+v1+param.ReplaceAllString(path, ":$1")] = true
			}
		}
	}
	for _, route := range b.server.Engine().Routes() {
		if !described[route.Method+" "+route.Path] {
			t.Errorf("%s %s is in no document", route.Method, route.Path)
		}
		delete(described, route.Method+" "+route.Path)
	}
	for left := range described {
		t.Errorf("%s is described and not there", left)
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	b := newBench(t)
	const secret = "Ana Maria Perez"
	mission := func(more string) string { return `{"name":"M","country":"CO","contact":"c"` + more + `}` }
	for _, c := range []struct {
		name   string
		body   string
		status int
		field  string
	}{
		{"unknown member", mission(`,"phone":"` + secret + `"`), http.StatusUnprocessableEntity, "body.phone"},
		{"missing member", `{"name":"` + secret + `","country":"CO"}`, http.StatusUnprocessableEntity, "body"},
		{"wrong type", `{"name":["` + secret + `"],"country":"CO","contact":"c"}`, http.StatusUnprocessableEntity, "body.name"},
		{"wrong form", `{"name":"M","country":"` + secret + `","contact":"c"}`, http.StatusUnprocessableEntity, "body.country"},
		{"a member twice", mission(`,"name":"` + secret + `"`), http.StatusBadRequest, "body"},
		{"a member twice, in another case", mission(`,"NAME":"` + secret + `"`), http.StatusBadRequest, "body"},
		{"NUL", `{"name":"` + secret + `\u0000","country":"CO","contact":"c"}`, http.StatusBadRequest, "body"},
		{"not UTF-8", `{"name":"` + secret + "\xff" + `","country":"CO","contact":"c"}`, http.StatusBadRequest, "body"},
		{"two values", mission("") + mission(""), http.StatusBadRequest, "body"},
		{"cut off", `{"name":"` + secret, http.StatusBadRequest, "body"},
		{"too deep", strings.Repeat("[", 100), http.StatusBadRequest, "body"},
		{"nothing", ``, http.StatusBadRequest, ""},
		{"too large", mission(`,"x":"` + strings.Repeat("x", 1<<20) + `"`), http.StatusRequestEntityTooLarge, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := b.do(authz.LEG, http.MethodPost, v1+"/missions", c.body)
			if got.StatusCode != c.status || got.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%d %s, want %d", got.StatusCode, got.body, c.status)
			}
			if strings.Contains(string(got.body), "Maria") {
				t.Errorf("R55: the problem repeats a value: %s", got.body)
			}
			if c.field == "" {
				return
			}
			first := got.object(t)["errors"].([]any)[0].(object)
			if first["location"] != c.field || first["message"] == "" {
				t.Errorf("error is %v, want one at %s", first, c.field)
			}
		})
	}
	t.Run("another media type", func(t *testing.T) {
		r := b.request(authz.LEG, http.MethodPost, v1+"/missions", strings.NewReader("name: M"))
		r.Header.Set("Content-Type", "application/yaml")
		if got := b.send(r); got.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("a private key", func(t *testing.T) {
		got := b.do(authz.LEG, http.MethodPost, v1+"/people/"+b.people[authz.LEG]+"/keys",
			`{"public_key":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"secretsecret"},"proof":"x"}`)
		if got.StatusCode != http.StatusUnprocessableEntity || strings.Contains(string(got.body), "secretsecret") {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("unknown query parameter", func(t *testing.T) {
		if got := b.do(authz.LEG, http.MethodGet, v1+"/log/entries?limits=3", nil); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
}

func TestMethods(t *testing.T) {
	b := newBench(t)
	for _, c := range [][2]string{
		{http.MethodPut, "/missions"},
		{http.MethodDelete, "/log/entries"},
		{http.MethodPatch, "/transfers/x"},
		{http.MethodPost, "/transfers/x/files/1"},
		{http.MethodPut, "/openapi.json"},
	} {
		t.Run(c[0]+" "+c[1], func(t *testing.T) {
			got := b.do(authz.LEG, c[0], v1+c[1], nil)
			if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") == "" {
				t.Errorf("%d, Allow %q: %s", got.StatusCode, got.Header.Get("Allow"), got.body)
			}
		})
	}
}
