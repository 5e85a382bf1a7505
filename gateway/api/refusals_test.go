package api_test

import (
	"net/http"
	"regexp"
	"testing"

	"safeconduct/authz"
)

func TestDocumentIsPublic(t *testing.T) {
	b := newBench(t)
	got := b.do(nobody, http.MethodGet, v1+"/openapi.json", nil)
	if got.StatusCode != http.StatusOK || got.object(t)["openapi"] != "3.1.0" {
		t.Errorf("%d", got.StatusCode)
	}
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
