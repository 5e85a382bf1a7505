package edge_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/edge"
)

type humaInput struct {
	Body struct {
		Name string `json:"name" maxLength:"3"`
	}
}

func humaBench(t *testing.T, err error) *bench {
	t.Helper()
	b := newBench(t)
	config := huma.DefaultConfig("test", "1")
	config.Transformers = append(config.Transformers, edge.HumaTransform)
	api := humagin.NewWithGroup(b.Engine(), b.API(), config)
	huma.Register(api, huma.Operation{OperationID: "op", Method: http.MethodPost, Path: "/op"}, func(ctx context.Context, _ *humaInput) (*struct{}, error) {
		if edge.Caller(ctx).Person != "p1" {
			t.Error("the operation does not know its caller")
		}
		if err != nil {
			return nil, edge.Huma(err, ctx)
		}
		return nil, nil // huma: no content
	})
	return b
}

func TestHuma(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body   string
		err          error
		status       int
		kind, detail string
	}{
		{"its own validation, without the value", `{"name":"Amina"}`, nil, 422, "invalid", ""},
		{"unknown member", `{"name":"A","Amina":1}`, nil, 422, "invalid", ""},
		{"malformed", `{"name":`, nil, 400, "malformed", ""},
		{"from the table", `{"name":"A"}`, fmt.Errorf("reading Amina: %w", evidence.ErrNotFound), 404, "not-found", ""},
		{"with headers", `{"name":"A"}`, evidence.ErrUnavailable, 503, "unavailable", ""},
		{"unknown error", `{"name":"A"}`, fmt.Errorf("secret Amina"), 500, "internal", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := humaBench(t, c.err)
			r := b.request(t, http.MethodPost, "/api/v1/op", strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			rec := b.do(r)
			wantProblem(t, rec, c.status, c.kind)
			if c.name != "unknown member" && strings.Contains(rec.Body.String(), "Amina") {
				t.Errorf("the value comes back: %s", rec.Body)
			}
			if (rec.Header().Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("headers %v", rec.Header())
			}
		})
	}
	t.Run("401 before it parses", func(t *testing.T) {
		t.Parallel()
		b := humaBench(t, nil)
		r := b.request(t, http.MethodPost, "/api/v1/op", explosive{t})
		r.Header.Del("Authorization")
		wantProblem(t, b.do(r), http.StatusUnauthorized, "unauthenticated")
	})
}
