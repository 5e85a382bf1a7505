package api_test

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/gateway/api"
)

var update = flag.Bool("update", false, "write deploy/docs/openapi.json")

const documentPath = "../../deploy/docs/openapi.json"

func TestDocument(t *testing.T) {
	b := newBench(t)
	text, err := api.Document(b.api)
	must(t, err)
	t.Run("is the same each time", func(t *testing.T) {
		again, err := api.Document(newBench(t).api)
		must(t, err)
		if !bytes.Equal(text, again) {
			t.Error("two documents differ")
		}
	})
	t.Run("is what is served", func(t *testing.T) {
		got := b.do(nobody, http.MethodGet, v1+"/openapi.json", nil)
		if !bytes.Equal(got.body, text) {
			t.Error("it serves another one")
		}
		r := b.request(nobody, http.MethodGet, v1+"/openapi.json", nil)
		r.Header.Set("If-None-Match", got.Header.Get("ETag"))
		if again := b.send(r); again.StatusCode != http.StatusNotModified {
			t.Errorf("again: %d", again.StatusCode)
		}
	})
	t.Run("is the one in deploy/docs", func(t *testing.T) {
		if *update {
			must(t, os.MkdirAll("../../deploy/docs", 0o755))
			must(t, os.WriteFile(documentPath, text, 0o644))
		}
		kept, err := os.ReadFile(documentPath)
		must(t, err)
		if !bytes.Equal(kept, text) {
			t.Error("it differs; run go test ./gateway/api -run TestDocument -update")
		}
	})
	t.Run("R55 shows nothing of the inside", func(t *testing.T) {
		for _, word := range []string{"sealed_case", "wrapped", `"hash"`, "manifest", `"upload"`, "SealedFile", "ErrorModel", "$schema"} {
			if strings.Contains(string(text), word) {
				t.Errorf("it has %s", word)
			}
		}
	})
	t.Run("says of every operation that it needs a token, and how it can fail", func(t *testing.T) {
		for path, item := range b.api.OpenAPI().Paths {
			if item.Head != nil || item.Patch != nil || item.Options != nil {
				t.Errorf("%s has an operation that nobody asked for", path)
			}
			for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
				if op == nil {
					continue
				}
				if len(op.Security) != 1 || op.Responses["401"] == nil || op.Responses["403"] == nil || op.Responses["default"] == nil || op.Summary == "" {
					t.Errorf("%s %s is not described whole", op.Method, path)
				}
			}
		}
	})
}
