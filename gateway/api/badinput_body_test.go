package api_test

import (
	"net/http"
	"strings"
	"testing"

	"safeconduct/authz"
)

// mission is a body for a new mission with more members at its end; secret is what an answer must not repeat.
func missionJSON(more string) string { return `{"name":"M","country":"CO","contact":"c"` + more + `}` }

// TestBadJSON: what cannot be meant, or could be meant in two ways, is refused before anything is done (API rules of the
// specification), place by place, without its values.
func TestBadJSON(t *testing.T) {
	b := newBench(t)
	const secret = "Ana Maria Perez"
	for _, c := range []struct {
		name   string
		body   string
		status int
		field  string
	}{
		{"unknown member", missionJSON(`,"phone":"` + secret + `"`), http.StatusUnprocessableEntity, "body"},
		{"unknown member of the language", missionJSON(`,"__proto__":{"name":"` + secret + `"}`), http.StatusUnprocessableEntity, "body"},
		{"missing member", `{"name":"` + secret + `","country":"CO"}`, http.StatusUnprocessableEntity, "body"},
		{"null member", `{"name":null,"country":"CO","contact":"` + secret + `"}`, http.StatusUnprocessableEntity, "body.name"},
		{"wrong type", `{"name":["` + secret + `"],"country":"CO","contact":"c"}`, http.StatusUnprocessableEntity, "body.name"},
		{"number for a text", `{"name":7,"country":"CO","contact":"` + secret + `"}`, http.StatusUnprocessableEntity, "body.name"},
		{"list for the whole", `[{"name":"` + secret + `"}]`, http.StatusUnprocessableEntity, "body"},
		{"text for the whole", `"` + secret + `"`, http.StatusUnprocessableEntity, "body"},
		{"null for the whole", `null`, http.StatusUnprocessableEntity, "body"},
		{"wrong form", `{"name":"M","country":"` + secret + `","contact":"c"}`, http.StatusUnprocessableEntity, "body.country"},
		{"too long", `{"name":"` + strings.Repeat(secret, 20) + `","country":"CO","contact":"c"}`, http.StatusUnprocessableEntity, "body.name"},
		{"a member twice", missionJSON(`,"name":"` + secret + `"`), http.StatusBadRequest, "body"},
		{"a member twice, in another case", missionJSON(`,"NAME":"` + secret + `"`), http.StatusBadRequest, "body"},
		{"a member twice, escaped", missionJSON(`,"\u006eame":"` + secret + `"`), http.StatusBadRequest, "body"},
		{"a member twice, below", missionJSON(`,"x":{"a":1,"a":"` + secret + `"}`), http.StatusBadRequest, "body"},
		{"NUL", `{"name":"` + secret + `\u0000","country":"CO","contact":"c"}`, http.StatusBadRequest, "body"},
		{"NUL as it is", `{"name":"` + secret + "\x00" + `","country":"CO","contact":"c"}`, http.StatusBadRequest, "body"},
		{"not UTF-8", `{"name":"` + secret + "\xff" + `","country":"CO","contact":"c"}`, http.StatusBadRequest, "body"},
		{"half a surrogate", `{"name":"` + secret + `\ud800","country":"CO","contact":"c"}`, http.StatusBadRequest, "body"},
		{"a byte order mark", "\ufeff" + missionJSON(""), http.StatusBadRequest, "body"},
		{"UTF-16", "\xfe\xff\x00{\x00}", http.StatusBadRequest, "body"},
		{"two values", missionJSON("") + missionJSON(""), http.StatusBadRequest, "body"},
		{"more behind it", missionJSON("") + secret, http.StatusBadRequest, "body"},
		{"a comment", missionJSON("/*" + secret + "*/"), http.StatusBadRequest, "body"},
		{"a comma too many", missionJSON(","), http.StatusBadRequest, "body"},
		{"not a number", `{"name":NaN,"country":"CO","contact":"` + secret + `"}`, http.StatusBadRequest, "body"},
		{"cut off", `{"name":"` + secret, http.StatusBadRequest, "body"},
		{"too deep", strings.Repeat("[", 100), http.StatusBadRequest, "body"},
		{"far too deep", strings.Repeat(`{"a":`, 200_000), http.StatusBadRequest, "body"},
		{"nothing", ``, http.StatusBadRequest, ""},
		{"blanks", ` `, http.StatusBadRequest, "body"},
		{"too large", missionJSON(`,"x":"` + strings.Repeat("x", 1<<20) + `"`), http.StatusRequestEntityTooLarge, ""},
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
			if e := first(got.object(t), "errors"); e["location"] != c.field || e["message"] == "" {
				t.Errorf("error is %v, want one at %s", e, c.field)
			}
		})
	}
	t.Run("nothing was made", func(t *testing.T) {
		if all := b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/missions", nil)["items"].([]any); len(all) != 0 {
			t.Errorf("%d missions", len(all))
		}
	})
}

func TestBadNumbers(t *testing.T) {
	b := newBench(t).enrol()
	for _, days := range []string{
		`0`, `91`, `-1`, `1.5`, `1e1`, `1e400`, `-1e400`, `99999999999999999999`, `9223372036854775808`, `18446744073709551617`,
		`1e-400`, `"7"`, `true`, `null`, `[]`, `{}`, `01`, `+1`, `.5`, `0x7`, `7.`, strings.Repeat("7", 5000), `7e` + strings.Repeat("7", 5000),
	} {
		t.Run(days[:min(len(days), 20)], func(t *testing.T) {
			got := b.do(authz.LEG, http.MethodPost, v1+"/tokens", `{"person":"`+b.people[authz.RO]+`","expires_in_days":`+days+`}`)
			if days == `1e1` { // ten, as JSON has it
				if got.StatusCode != http.StatusCreated && got.StatusCode != http.StatusUnprocessableEntity && got.StatusCode != http.StatusBadRequest {
					t.Errorf("%d %s", got.StatusCode, got.body)
				}
				return
			}
			refused(t, got, http.StatusBadRequest, http.StatusUnprocessableEntity)
		})
	}
}

func TestBadMediaTypes(t *testing.T) {
	b := newBench(t)
	for _, mediaType := range []string{
		"application/yaml", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/cbor", "nonsense", "application/json, text/plain",
	} {
		t.Run(mediaType, func(t *testing.T) {
			r := b.request(authz.LEG, http.MethodPost, v1+"/missions", strings.NewReader(missionJSON("")))
			r.Header.Set("Content-Type", mediaType)
			refused(t, b.send(r), http.StatusUnsupportedMediaType)
		})
	}
	t.Run("a coding that nobody undoes", func(t *testing.T) {
		r := b.request(authz.LEG, http.MethodPost, v1+"/missions", strings.NewReader("\x1f\x8b\x08"))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", "gzip")
		refused(t, b.send(r), http.StatusBadRequest)
	})
	t.Run("a private key", func(t *testing.T) {
		got := b.do(authz.LEG, http.MethodPost, v1+"/people/"+b.people[authz.LEG]+"/keys",
			`{"public_key":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"secretsecret"},"proof":"x"}`)
		if got.StatusCode != http.StatusUnprocessableEntity || strings.Contains(string(got.body), "secretsecret") {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("unknown query parameter", func(t *testing.T) {
		refused(t, b.do(authz.LEG, http.MethodGet, v1+"/log/entries?limits="+planted, nil), http.StatusUnprocessableEntity)
	})
	for _, query := range []string{"limit=" + planted, "limit=1e9", "limit=0", "after=-2", "after=99999999999999999999", "from=" + planted, "kind=" + planted, "limit=1&limit=2", "limit=%zz", "%00=1", "code=%00", ";limit=1"} {
		t.Run("query "+query, func(t *testing.T) {
			refused(t, b.do(authz.LEG, http.MethodGet, v1+"/log/entries?"+query, nil), http.StatusUnprocessableEntity, http.StatusBadRequest)
		})
	}
}

// TestKeysOfMapsAreNotRepeated: what a caller types as the key of a map may be a name, where a question is meant.
func TestKeysOfMapsAreNotRepeated(t *testing.T) {
	b := newBench(t).enrol()
	agreement := b.make(authz.FP, v1+"/agreements", b.draft())
	answers := func(answers object) object {
		return object{
			"agreement": agreement, "purposes": []string{b.purpose}, "categories": []string{"identity"}, "countries": []string{"CO"}, "answers": answers,
		}
	}
	scoped := func(name string, value any) object {
		draft := b.draft()
		draft["scope"].(object)[name] = value
		return draft
	}
	parameters := b.draft()
	parameters["clauses"] = []object{{"code": "C01", "text_version": "1", "parameters": object{planted: 7}}}
	for _, c := range []struct {
		name     string
		role     authz.Role
		path     string
		body     object
		location string
	}{
		{"an answer to no question", authz.RO, "/assessments", answers(object{planted: object{"value": 1}}), "answers"},
		{"an answer of another form", authz.RO, "/assessments", answers(object{planted: object{"value": "x"}}), "body.answers"},
		{"an answer with a member too many", authz.RO, "/assessments", answers(object{planted: object{"x": 1}}), "body"},
		{"an answer that is none", authz.RO, "/assessments", answers(object{planted + ".K1": 7}), "body.answers"},
		{"an answer to a question, of another form", authz.RO, "/assessments", answers(object{"K1": object{"value": "x"}}), "body.answers.K1.value"},
		{"an answer off its scale", authz.RO, "/assessments", answers(object{"K1": object{"value": 99}}), "answers.K1"},
		{"days of retention", authz.FP, "/agreements", scoped("retention_days", object{planted: "x"}), "body.scope.retention_days"},
		{"parameters of a clause", authz.FP, "/agreements", parameters, "body.clauses[0].parameters"},
	} {
		t.Run("R55 "+c.name, func(t *testing.T) {
			got := b.do(c.role, http.MethodPost, v1+c.path, c.body)
			refused(t, got, http.StatusUnprocessableEntity)
			if e := first(got.object(t), "errors"); e["location"] != c.location || e["message"] == "" {
				t.Errorf("error is %v, want one at %s", e, c.location)
			}
		})
	}
	t.Run("R55 a category of days that is not of the agreement", func(t *testing.T) {
		got := b.do(authz.FP, http.MethodPost, v1+"/agreements", scoped("retention_days", object{"identity": 90, planted: 90}))
		if got.StatusCode != http.StatusCreated { // kept as it is, and shown to whom the agreement is
			refused(t, got, http.StatusUnprocessableEntity)
		}
	})
}
