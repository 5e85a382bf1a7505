package acts_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/deploy/docs"
	"safeconduct/gateway/cli/acts"
)

func all(t *testing.T) map[string]acts.Act {
	t.Helper()
	known, err := acts.Read(docs.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]acts.Act{}
	for _, a := range known {
		byID[a.ID] = a
	}
	return byID
}

func TestPut(t *testing.T) {
	known := all(t)
	for name, c := range map[string]struct {
		act  string
		set  []string
		want string
		err  error
	}{
		"a code":                      {"suspend-agreement", []string{"reason=incident"}, `{"reason":"incident"}`, nil},
		"a text":                      {"suspend-agreement", []string{"reason=said by her brother"}, "", acts.ErrText},
		"a choice and a truth":        {"decide-nomination", []string{"granted=true"}, `{"granted":true}`, nil},
		"no truth":                    {"decide-nomination", []string{"granted=perhaps"}, "", acts.ErrValue},
		"numbers in a member":         {"draft-agreement", []string{"scope.max_subjects_per_year=2500", "scope.purposes=a,b"}, `{"scope":{"max_subjects_per_year":2500,"purposes":["a","b"]}}`, nil},
		"no number":                   {"draft-agreement", []string{"scope.max_subjects_per_year=many"}, "", acts.ErrValue},
		"R55 a case number":           {"place-hold", []string{"case_reference=NE-1"}, "", acts.ErrPersonal},
		"R55 a person as refusals do": {"place-hold", []string{"subject=ab12"}, "", acts.ErrPersonal},
		"R55 case numbers":            {"request-transfer", []string{"subjects=NE-1,NE-2"}, "", acts.ErrPersonal},
		"R55 a name":                  {"create-person", []string{"name=Ana"}, "", acts.ErrPersonal},
		"R55 a name on paper":         {"attest-signatures", []string{"iom.name=Ana"}, "", acts.ErrUnknown},
		"a mission's name, a code":    {"create-mission", []string{"name=Niger"}, `{"name":"Niger"}`, nil},
		"no such field":               {"suspend-agreement", []string{"reeson=x"}, "", acts.ErrUnknown},
		"no field at all":             {"activate-agreement", []string{"reason=x"}, "", acts.ErrUnknown},
		"twice":                       {"suspend-agreement", []string{"reason=x", "reason=y"}, "", acts.ErrTwice},
		"an object":                   {"draft-agreement", []string{"scope=x"}, "", acts.ErrValue},
		"a list of objects":           {"draft-agreement", []string{"clauses=C01"}, "", acts.ErrValue},
		"a member of no object":       {"suspend-agreement", []string{"reason.text=x"}, "", acts.ErrUnknown},
		"no value":                    {"suspend-agreement", []string{"reason"}, "", acts.ErrValue},
	} {
		t.Run(name, func(t *testing.T) {
			body, _, err := known[c.act].Put(c.set)
			if !errors.Is(err, c.err) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			for _, given := range c.set {
				if _, value, ok := strings.Cut(given, "="); err != nil && ok && len(value) > 3 && strings.Contains(err.Error(), value) {
					t.Errorf("R55 %v repeats the value", err)
				}
			}
			text, marshalled := json.Marshal(body)
			if c.err == nil && (marshalled != nil || string(text) != c.want) {
				t.Errorf("%s, want %s", text, c.want)
			}
		})
	}
	t.Run("a query", func(t *testing.T) {
		body, query, err := known["list-log-entries"].Put([]string{"verdict=refused", "limit=5"})
		if err != nil || len(body) > 0 || query.Encode() != "limit=5&verdict=refused" {
			t.Errorf("%v %v %v", body, query, err)
		}
	})
}

func TestAt(t *testing.T) {
	known := all(t)
	if got := known["close-condition"].At([]string{"a/b", "2"}, nil); got != "/assessments/a%2Fb/conditions/2/closure" {
		t.Error(got)
	}
}

func TestFields(t *testing.T) {
	fields := all(t)["place-hold"].Fields()
	at := func(name string) acts.Field {
		i := slices.IndexFunc(fields, func(f acts.Field) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("no field %s in %v", name, fields)
		}
		return fields[i]
	}
	if kind := at("kind"); !kind.Required || !slices.Contains(kind.Choices, "legal_hold") || kind.Personal {
		t.Errorf("%+v", kind)
	}
	if f := at("case_reference"); f.Required || !f.Personal {
		t.Errorf("%+v", f)
	}
	if !fields[0].Required || fields[len(fields)-1].Required {
		t.Error("what is required does not stand first")
	}
	nested := all(t)["draft-agreement"].Fields()
	if !slices.ContainsFunc(nested, func(f acts.Field) bool { return f.Name == "clauses[].code" && f.Required }) {
		t.Errorf("nothing of what lies in lists: %v", nested)
	}
}

func TestPlain(t *testing.T) {
	got := acts.Plain([]byte(`{"b":"1","a":[{"x":true}],"empty":[],"text":"two\nlines"}`))
	want := "b: \"1\"\na:\n    - x: true\nempty: []\ntext: |-\n    two\n    lines\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if half := acts.Plain([]byte(`{"a":"\ud83d"}`)); !strings.Contains(half, "a") {
		t.Errorf("%q", half)
	}
}

func documentSeeds() []string {
	return []string{
		``, `{}`, `[]`, `{"paths":{}}`, `{"paths":{"/x/{id}":{"get":{"operationId":"x","tags":["g"]}}}}`,
		`{"paths":{"/x":{"post":{"operationId":"x","tags":["g"],"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}}}}},"components":{"schemas":{"A":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/A"},"n":{"type":"array","items":{"type":"string"}}}}}}}`,
		`{"paths":{"/x":{"post":{"operationId":"x","tags":["g"],"requestBody":{"content":{"application/json":{}}}}}}}`,
	}
}

func TestDocumentSeeds(t *testing.T) {
	if n := len(documentSeeds()); n != 7 {
		t.Fatalf("%d seeds", n)
	}
}

// FuzzRead: whatever a document holds, reading it, telling of it and putting values into it ends, and never in a panic.
func FuzzRead(f *testing.F) {
	for _, s := range documentSeeds() {
		f.Add(s, "a.n=1,2")
	}
	f.Fuzz(func(t *testing.T, text, set string) {
		known, err := acts.Read([]byte(text))
		if err != nil {
			return
		}
		for _, a := range known {
			ids := make([]string, len(a.Params()))
			_, _, _ = a.Put([]string{set})
			_, _, _ = a.Fields(), a.At(ids, nil), a.Indented()
		}
	})
}
