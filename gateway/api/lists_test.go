package api_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/authz"
)

// listed are the ids of the list at path as the caller reads it.
func (b *bench) listed(as authz.Role, path string) []string {
	b.Helper()
	var ids []string
	for _, item := range b.want(http.StatusOK, as, http.MethodGet, v1+path, nil)["items"].([]any) {
		ids = append(ids, str(item.(object), "id"))
	}
	return ids
}

// Each list holds what the caller may read one by one, as they read it, and is denied to who may read none.
func TestWhatMissionsAndPartnersFind(t *testing.T) {
	b := newBench(t).enrol()
	agreement := b.agree()
	draft := str(b.want(http.StatusCreated, authz.FP, http.MethodPost, v1+"/agreements", b.draft()), "id")
	assessment := b.listed(authz.RO, "/assessments?agreement="+agreement)
	b.consent("CASE-1")
	released := b.released([]byte("given_name\nAna\n"))
	waiting := b.make(authz.RO, v1+"/transfers", b.order())
	b.hire("other RO", authz.RO, b.mission, "")
	another := b.make(authz.LEG, v1+"/missions", object{"name": "Other", "country": "NE", "contact": "focal point"})
	b.hire("other FP", authz.FP, another, "")
	for _, c := range []struct {
		name string
		as   authz.Role
		path string
		want []string
	}{
		{"R53 the officer finds the agreement that covers the transfer", authz.RO, "/agreements?state=active&partner=" + b.partner, []string{agreement}},
		{"R53 the mission finds its drafts", authz.FP, "/agreements", []string{draft, agreement}},
		{"R53 headquarters find all", authz.DPO, "/agreements?mission=" + b.mission, []string{draft, agreement}},
		{"R53 the partner finds what was given to it", authz.PSG, "/agreements", []string{agreement}},
		{"R53 another mission finds none", "other FP", "/agreements?mission=" + b.mission, nil},
		{"R53 assessments of an agreement", authz.OIG, "/assessments?state=approved&agreement=" + agreement, assessment},
		{"R53 of another mission there are none", "other FP", "/assessments?agreement=" + agreement, nil},
		{"R53 the officer finds what they sent", authz.RO, "/transfers", []string{waiting, released}},
		{"R53 another officer what they did", "other RO", "/transfers", nil},
		{"R53 the mission finds them by state", authz.FP, "/transfers?state=available", []string{released}},
		{"R43 the downloader finds what was released", authz.PDL, "/transfers", []string{released}},
		{"R53 another mission finds no transfer", "other FP", "/transfers?mission=" + b.mission, nil},
		{"R53 the focal point finds the people of the mission", authz.FP, "/people", []string{b.people["other RO"], b.people[authz.FP], b.people[authz.HOM], b.people[authz.RO]}},
		{"R53 an officer finds themselves", authz.RO, "/people", []string{b.people[authz.RO]}},
		{"R53 Legal finds the people of the partner", authz.LEG, "/people?partner=" + b.partner, []string{b.people[authz.PDL], b.people[authz.PSG]}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := b.listed(c.as, c.path)
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(c.want))) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			kind, _, _ := strings.Cut(c.path, "?")
			for _, id := range got { // nothing is in a list that reading it would refuse
				b.want(http.StatusOK, c.as, http.MethodGet, v1+kind+"/"+id, nil)
			}
		})
	}
	t.Run("as each reads it", func(t *testing.T) {
		for _, c := range []struct {
			as   authz.Role
			path string
			id   string
		}{{authz.PSG, "/agreements", agreement}, {authz.FP, "/agreements?state=active", agreement}, {authz.PDL, "/transfers", released}, {authz.HOM, "/transfers?state=available", released}, {authz.RO, "/assessments", assessment[0]}} {
			kind, _, _ := strings.Cut(c.path, "?")
			item := first(b.want(http.StatusOK, c.as, http.MethodGet, v1+c.path, nil), "items")
			if one := b.want(http.StatusOK, c.as, http.MethodGet, v1+kind+"/"+c.id, nil); !reflect.DeepEqual(item, one) {
				t.Errorf("%s reads in %s\n%v\nand alone\n%v", c.as, c.path, item, one)
			}
		}
	})
	t.Run("RBA_STALE as its causes leave it, marked or not yet", func(t *testing.T) {
		country := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/assessments/"+assessment[0], nil)["countries"].([]any)[0]
		b.want(http.StatusCreated, authz.DPO, http.MethodPost, v1+"/conflict-alerts", object{"country": country, "reason": "fighting"})
		if stale, approved := b.listed(authz.RO, "/assessments?state=stale"), b.listed(authz.RO, "/assessments?state=approved"); !slices.Equal(stale, assessment) || len(approved) > 0 {
			t.Errorf("stale %v, approved %v; want %v stale", stale, approved, assessment)
		}
	})
	t.Run("AUTH_ROLE_DENIED to who may read none", func(t *testing.T) {
		for path, as := range map[string]authz.Role{"/agreements": authz.PDL, "/assessments": authz.PSG, "/people": authz.DPO} {
			if got := b.do(as, http.MethodGet, v1+path, nil); got.StatusCode != http.StatusForbidden || !slices.Contains(codesOf(got.object(t)), "AUTH_ROLE_DENIED") {
				t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
			}
		}
	})
}

// Everything that changes a record may be out of turn, and the document says in which form that is told.
func TestTheDocumentDeclaresConflicts(t *testing.T) {
	doc := newBench(t).api.OpenAPI()
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{"get": item.Get, "post": item.Post, "put": item.Put, "delete": item.Delete} {
			if op == nil {
				continue
			}
			want := method != "get" || op.OperationID == "get-cover" || op.OperationID == "print-cover"
			if declared := op.Responses["409"] != nil; declared != want {
				t.Errorf("%s %s declares 409: %t", method, path, declared)
			}
		}
	}
	problem := doc.Components.Schemas.Map()["Problem"]
	for _, member := range []string{"state", "guard", "mend"} {
		if problem == nil || problem.Properties[member] == nil {
			t.Errorf("the problem has no member %s", member)
		}
	}
	if c := doc.Components.Responses["Conflict"]; c == nil || c.Content["application/problem+json"] == nil {
		t.Error("no form of it")
	}
}
