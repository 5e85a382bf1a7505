package assessment_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"safeconduct/agreements/assessment"
)

type fataler interface {
	Helper()
	Fatal(args ...any)
}

// catalog parses the embedded templates once for all tests.
var catalog = sync.OnceValues(assessment.Embedded)

func template(t fataler) assessment.Template {
	t.Helper()
	c, err := catalog()
	if err != nil {
		t.Fatal(err)
	}
	v1, err := c.Get(1)
	if err != nil {
		t.Fatal(err)
	}
	return v1
}

// answers are complete: no stop, the given scores, mitigations evidenced.
func answers(s, l, m, b []int) assessment.Answers {
	out := assessment.Answers{}
	for group, values := range map[string][]int{"K": {0, 1, 1, 1, 0}, "S": s, "L": l, "M": m, "B": b} {
		for i, v := range values {
			a := assessment.Answer{Value: new(v)}
			if group == "M" && v > 0 {
				a.Evidence = "minutes of 3 March"
			}
			out[fmt.Sprintf("%s%d", group, i+1)] = a
		}
	}
	return out
}

func v1() assessment.Answers {
	return answers([]int{4, 4, 4, 1}, []int{3, 3, 2, 1, 2, 3, 3, 4}, []int{1, 1, 1, 1}, []int{5, 5, 4, 4})
}

func v2() assessment.Answers {
	return answers([]int{1, 1, 2, 3}, []int{1, 2, 3, 1, 3, 3, 1, 4}, []int{1, 0, 0, 0}, []int{2, 3, 2, 2})
}

func v3() assessment.Answers {
	return answers([]int{4, 4, 4, 4}, []int{5, 5, 5, 3, 5, 5, 4, 5}, []int{0, 0, 0, 0}, []int{3, 3, 3, 3})
}

// all repeats one value.
func all(n, v int) []int { return slices.Repeat([]int{v}, n) }

func low() assessment.Answers { return answers(all(4, 1), all(8, 2), all(4, 1), all(4, 3)) }

func TestVectors(t *testing.T) {
	t.Parallel()
	type numbers struct{ s, l, m, net, residual, b int }
	for name, tc := range map[string]struct {
		answers assessment.Answers
		want    numbers
		band    assessment.Band
		reasons []assessment.ReasonCode
	}{
		"V1": {v1(), numbers{5, 3, 2, 2, 10, 5}, assessment.High, nil},
		"V2": {v2(), numbers{3, 2, 0, 2, 6, 2}, assessment.Moderate, []assessment.ReasonCode{assessment.ReasonBenefit}},
		"V3": {v3(), numbers{5, 5, 0, 5, 25, 3}, assessment.Severe, []assessment.ReasonCode{assessment.ReasonRefused}},

		"R47 lowest":                              {low(), numbers{1, 2, 2, 1, 1, 3}, assessment.Low, nil},
		"two grave answers do not aggravate":      {answers([]int{4, 4, 3, 3}, all(8, 1), all(4, 0), all(4, 5)), numbers{4, 1, 0, 2, 8, 5}, assessment.Moderate, nil},
		"aggravation is capped":                   {answers(all(4, 5), all(8, 1), all(4, 0), all(4, 5)), numbers{5, 1, 0, 2, 10, 5}, assessment.High, nil},
		"severity 5 never below HIGH":             {answers([]int{5, 1, 1, 1}, all(8, 1), all(4, 1), all(4, 5)), numbers{5, 1, 2, 2, 10, 5}, assessment.High, nil},
		"severity 4 never below MODERATE":         {answers([]int{1, 4, 1, 1}, all(8, 1), all(4, 1), all(4, 5)), numbers{4, 1, 2, 2, 8, 5}, assessment.Moderate, nil},
		"an answer of 5 makes likelihood 3":       {answers(all(4, 1), []int{5, 1, 1, 1, 1, 1, 1, 1}, all(4, 0), all(4, 2)), numbers{1, 3, 0, 3, 3, 2}, assessment.Low, nil},
		"mean 2.5 rounds up":                      {answers(all(4, 1), []int{3, 3, 3, 3, 2, 2, 2, 2}, all(4, 0), all(4, 2)), numbers{1, 3, 0, 3, 3, 2}, assessment.Low, nil},
		"mean 2.375 rounds down":                  {answers(all(4, 1), []int{3, 3, 3, 2, 2, 2, 2, 2}, all(4, 0), all(4, 2)), numbers{1, 2, 0, 2, 2, 2}, assessment.Low, nil},
		"three mitigations count as one":          {answers(all(4, 3), all(8, 4), []int{1, 1, 1, 0}, all(4, 3)), numbers{3, 4, 1, 3, 9, 3}, assessment.Moderate, nil},
		"benefit 3 is too low for HIGH":           {answers(all(4, 3), all(8, 4), all(4, 0), all(4, 3)), numbers{3, 4, 0, 4, 12, 3}, assessment.High, []assessment.ReasonCode{assessment.ReasonBenefit}},
		"benefit 1 is too low for LOW":            {answers(all(4, 1), all(8, 1), all(4, 0), all(4, 1)), numbers{1, 1, 0, 1, 1, 1}, assessment.Low, []assessment.ReasonCode{assessment.ReasonBenefit}},
		"residual 15 is SEVERE, benefit or no":    {answers(all(4, 3), all(8, 5), all(4, 0), all(4, 5)), numbers{3, 5, 0, 5, 15, 5}, assessment.Severe, []assessment.ReasonCode{assessment.ReasonRefused}},
		"residual 5 is LOW":                       {answers(all(4, 1), all(8, 5), all(4, 0), all(4, 2)), numbers{1, 5, 0, 5, 5, 2}, assessment.Low, nil},
		"mitigation cannot pass the floor of two": {answers([]int{4, 1, 1, 1}, all(8, 2), all(4, 1), all(4, 3)), numbers{4, 2, 2, 2, 8, 3}, assessment.Moderate, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := assessment.Score(template(t), tc.answers)
			if err != nil {
				t.Fatal(err)
			}
			if got := (numbers{r.Severity, r.Likelihood, r.Mitigation, r.NetLikelihood, r.Residual, r.Benefit}); got != tc.want || r.Band != tc.band {
				t.Errorf("%+v %s; want %+v %s", got, r.Band, tc.want, tc.band)
			}
			var codes []assessment.ReasonCode
			for _, reason := range r.Reasons {
				codes = append(codes, reason.Code)
			}
			if !slices.Equal(codes, tc.reasons) || r.Approvable != (len(tc.reasons) == 0) {
				t.Errorf("reasons %v approvable %v; want %v", codes, r.Approvable, tc.reasons)
			}
		})
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	for id, stop := range map[string]int{"K1": 1, "K2": 0, "K3": 0, "K4": 0, "K5": 1} {
		t.Run("R40 "+id+" stops", func(t *testing.T) {
			t.Parallel()
			in := low()
			in[id] = assessment.Answer{Value: new(stop)}
			r, err := assessment.Score(template(t), in)
			if err != nil || r.Approvable || !slices.Equal(r.Stops, []string{id}) || r.Reasons[0].Question != id {
				t.Fatalf("%+v, %v", r, err)
			}
			if id == "K5" && r.Reasons[0].Ask[0] != "LEG" {
				t.Fatalf("K5 asks %v", r.Reasons[0].Ask)
			}
		})
	}
}

func TestUnknownAndPlanned(t *testing.T) {
	t.Parallel()
	tmpl := template(t)
	t.Run("R40 an unknown likelihood scores 5", func(t *testing.T) {
		t.Parallel()
		in, five := low(), low()
		in["L2"] = assessment.Answer{Unknown: true}
		five["L2"] = assessment.Answer{Value: new(5)}
		got, err := assessment.Score(tmpl, in)
		want, err2 := assessment.Score(tmpl, five)
		if err != nil || err2 != nil || !reflect.DeepEqual(got, want) || got.Likelihood != 3 {
			t.Fatalf("%+v, %+v", got, want)
		}
	})
	t.Run("R40 a planned mitigation scores 0", func(t *testing.T) {
		t.Parallel()
		in := v1()
		in["M2"] = assessment.Answer{Value: new(1), Evidence: " "}
		r, err := assessment.Score(tmpl, in)
		if err != nil || r.Mitigation != 1 || !slices.Equal(r.Unevidenced, []string{"M2"}) {
			t.Fatalf("%+v, %v", r, err)
		}
	})
	for name, tc := range map[string]struct {
		id     string
		answer assessment.Answer
	}{
		"no answer is not no":    {"K5", assessment.Answer{}},
		"K unknown":              {"K1", assessment.Answer{Unknown: true}},
		"S unknown":              {"S1", assessment.Answer{Unknown: true}},
		"M unknown":              {"M1", assessment.Answer{Unknown: true}},
		"B unknown":              {"B1", assessment.Answer{Unknown: true}},
		"unknown and a value":    {"L1", assessment.Answer{Unknown: true, Value: new(1)}},
		"below the scale":        {"L1", assessment.Answer{Value: new(0)}},
		"above the scale":        {"S1", assessment.Answer{Value: new(6)}},
		"mitigation of two":      {"M1", assessment.Answer{Value: new(2), Evidence: "x"}},
		"no such question":       {"L9", assessment.Answer{Value: new(1)}},
		"evidence is not UTF-8":  {"L1", assessment.Answer{Value: new(1), Evidence: "\xff"}},
		"evidence is very long":  {"L1", assessment.Answer{Value: new(1), Evidence: string(make([]byte, 4001))}},
		"negative":               {"B1", assessment.Answer{Value: new(-1)}},
		"question id is hostile": {string(make([]byte, 99)), assessment.Answer{Value: new(1)}},
	} {
		t.Run("R40 refused: "+name, func(t *testing.T) {
			t.Parallel()
			in := low()
			in[tc.id] = tc.answer
			_, err := assessment.Score(tmpl, in)
			var problems *assessment.InvalidError
			if !errors.Is(err, assessment.ErrInvalid) || !errors.As(err, &problems) || len(problems.Problems) != 1 {
				t.Fatalf("error = %v; want ErrInvalid with one problem", err)
			}
		})
	}
	t.Run("R40 every question is named when none is answered", func(t *testing.T) {
		t.Parallel()
		var problems *assessment.InvalidError
		if _, err := assessment.Score(tmpl, nil); !errors.As(err, &problems) || len(problems.Problems) != len(tmpl.Questions) {
			t.Fatalf("error = %v", err)
		}
	})
}

func drawAnswers(t *rapid.T, tmpl assessment.Template) assessment.Answers {
	out := assessment.Answers{}
	for _, q := range tmpl.Questions {
		a := assessment.Answer{Value: new(rapid.IntRange(q.Scale.Min, q.Scale.Max).Draw(t, q.ID))}
		if q.Unknown && rapid.IntRange(0, 19).Draw(t, q.ID+" unknown") == 0 {
			a = assessment.Answer{Unknown: true}
		}
		if q.Group == assessment.GroupMitigation && rapid.Bool().Draw(t, q.ID+" evidenced") {
			a.Evidence = "seen"
		}
		out[q.ID] = a
	}
	return out
}

func rank(tmpl assessment.Template, b assessment.Band) int {
	return slices.IndexFunc(tmpl.Bands, func(r assessment.BandRule) bool { return r.Band == b })
}

func score(t *rapid.T, tmpl assessment.Template, in assessment.Answers) assessment.Result {
	t.Helper()
	r, err := assessment.Score(tmpl, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestScoreProperties(t *testing.T) {
	t.Parallel()
	tmpl := template(t)
	t.Run("R40 bounds, floors, determinism", rapid.MakeCheck(func(t *rapid.T) {
		in := drawAnswers(t, tmpl)
		r := score(t, tmpl, in)
		if !reflect.DeepEqual(r, score(t, tmpl, in)) {
			t.Fatal("two results of one set of answers")
		}
		within := r.Severity >= 1 && r.Severity <= 5 && r.Likelihood >= 1 && r.Likelihood <= 5 && r.Mitigation >= 0 &&
			r.Mitigation <= 2 && r.NetLikelihood >= 1 && r.NetLikelihood <= 5 && r.Benefit >= 1 && r.Benefit <= 5
		if !within || r.Residual != r.Severity*r.NetLikelihood {
			t.Fatalf("out of bounds: %+v", r)
		}
		if r.Severity >= 4 && (r.NetLikelihood < 2 || r.Band == assessment.Low) || r.Severity == 5 && r.Band == assessment.Moderate {
			t.Fatalf("below its floor: %+v", r)
		}
		if r.Approvable && (r.Band == assessment.Severe || len(r.Stops) > 0 || len(r.Approvals) < 2) {
			t.Fatalf("approvable: %+v", r)
		}
	}))
	t.Run("R40 raising a severity or likelihood never lowers the risk", rapid.MakeCheck(func(t *rapid.T) {
		in := drawAnswers(t, tmpl)
		before := score(t, tmpl, in)
		var ids []string
		for _, q := range tmpl.Questions {
			if v := in[q.ID].Value; (q.Group == assessment.GroupSeverity || q.Group == assessment.GroupLikelihood) && v != nil && *v < q.Scale.Max {
				ids = append(ids, q.ID)
			}
		}
		if len(ids) == 0 {
			return
		}
		id := rapid.SampledFrom(ids).Draw(t, "question")
		q, _ := tmpl.Question(id)
		raised := assessment.Answer{Value: new(rapid.IntRange(*in[id].Value+1, q.Scale.Max).Draw(t, "raised"))}
		if q.Unknown && rapid.Bool().Draw(t, "to unknown") {
			raised = assessment.Answer{Unknown: true}
		}
		in[id] = raised
		if after := score(t, tmpl, in); after.Residual < before.Residual || rank(tmpl, after.Band) < rank(tmpl, before.Band) {
			t.Fatalf("%s: %+v then %+v", id, before, after)
		}
	}))
	t.Run("R40 adding a mitigation never raises the risk", rapid.MakeCheck(func(t *rapid.T) {
		in := drawAnswers(t, tmpl)
		before := score(t, tmpl, in)
		in[rapid.SampledFrom([]string{"M1", "M2", "M3", "M4"}).Draw(t, "mitigation")] = assessment.Answer{Value: new(1), Evidence: "seen"}
		if after := score(t, tmpl, in); after.Residual > before.Residual || rank(tmpl, after.Band) > rank(tmpl, before.Band) {
			t.Fatalf("%+v then %+v", before, after)
		}
	}))
}
