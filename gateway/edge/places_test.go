package edge_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"safeconduct/agreements/assessment"
	"safeconduct/gateway/edge"
)

func TestPlacesAreToldAsFarAsTheyConsistOfWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Words("answers", "value", "K1", "list")
	config := huma.DefaultConfig("test", "1")
	config.Transformers = append(config.Transformers, edge.HumaTransform)
	api := humagin.NewWithGroup(b.Engine(), b.API(), config)
	type input struct {
		Body struct {
			Answers map[string]struct {
				Value int `json:"value"`
			} `json:"answers,omitempty"`
			List   []map[string]int `json:"list,omitempty"`
			Secret int              `json:"secret,omitempty"`
		}
	}
	huma.Register(api, huma.Operation{OperationID: "op", Method: http.MethodPost, Path: "/op"}, func(context.Context, *input) (*struct{}, error) {
		t.Error("it was done")
		return nil, nil // huma: no content
	})
	for body, want := range map[string][]string{
		`{"answers":{"K1":{"value":"x"}}}`:                           {"body.answers.K1.value"},
		`{"answers":{"Amina":{"value":"x"}}}`:                        {"body.answers"},
		`{"answers":{"Amina.K1":{"value":"x"}}}`:                     {"body.answers"},
		`{"answers":{"K1[Amina]":{"value":"x"}}}`:                    {"body.answers"},
		`{"answers":{"Amina":{"value":"x"},"Amina 2":{"value":""}}}`: {"body.answers"}, // once
		`{"list":[{"K1":1},{"Amina":"x"}]}`:                          {"body.list[1]"},
		`{"answers":{"K1":{"value":1,"Amina":2}}}`:                   {"body"},
		`{"Amina":1}`:    {"body"},
		`{"secret":"x"}`: {"body"}, // not said to be a word
	} {
		r := b.request(t, http.MethodPost, "/api/v1/op", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		rec := b.do(r)
		var got []string
		for _, e := range wantProblem(t, rec, http.StatusUnprocessableEntity, "invalid").Errors {
			got = append(got, e.Location)
		}
		if !reflect.DeepEqual(got, want) || strings.Contains(rec.Body.String(), "Amina") {
			t.Errorf("R55 %s: at %v, want %v: %s", body, got, want, rec.Body)
		}
	}
}

func TestFaultsOfAnAssessment(t *testing.T) {
	t.Parallel()
	b := failing(t)
	b.Words("answers", "K1")
	status, _, p := answer(t, b, "", &assessment.InvalidError{Problems: []assessment.Problem{
		{Field: "answers.Amina", Problem: "is not a question"},
		{Field: "answers.Amina 2", Problem: "is not a question"},
		{Field: "answers.K1", Problem: "is not answered"},
	}})
	want := []edge.FieldError{{Location: "answers", Message: "is not a question"}, {Location: "answers.K1", Message: "is not answered"}}
	if status != http.StatusUnprocessableEntity || !reflect.DeepEqual(p.Errors, want) || strings.Contains(p.Detail, "Amina") {
		t.Errorf("R55 %d %+v", status, p)
	}
}
