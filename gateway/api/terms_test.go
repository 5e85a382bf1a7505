package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
)

// termValues are values of the world's terms to amend them with, by their lists. The gate judges by them as before.
func termValues(basis string) map[string]object {
	return map[string]object{
		"purposes":        {"refusable": false, "legal_basis": basis, "statistics": false},
		"categories":      {"sensitivity": "high", "sensitive": false, "approval_scope": "agreement"},
		"retention-rules": {"trigger": "case closed", "days": 80, "action": "delete"},
	}
}

// aTerm is the first of a list.
func (b *bench) aTerm(list string) object {
	b.Helper()
	return first(b.want(http.StatusOK, authz.OIG, http.MethodGet, v1+"/"+list, nil), "items")
}

// amended drafts new values of the first term of a list, and has the data protection officer decide on them.
func (b *bench) amended(list, decision string) object {
	b.Helper()
	path := v1 + "/" + list + "/" + str(b.aTerm(list), "id")
	drafted := b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/amendment", object{"values": termValues("consent")[list], "reason": "yearly review"})
	return b.want(http.StatusOK, authz.DPO, http.MethodPost, path+"/"+decision, object{"version": drafted["version"]})
}

// terms amends each kind of them.
func (d *doubled) terms(b *bench) {
	for list := range termValues("") {
		b.amended(list, "rejection")
		b.amended(list, "approval")
	}
}

func TestAmendedTerms(t *testing.T) {
	b := newBench(t).enrol()
	values := termValues("consent, written")
	path := v1 + "/purposes/" + b.purpose
	t.Run("R37 a draft changes nothing, and waits for the officer", func(t *testing.T) {
		draft := object{"values": values["purposes"], "reason": "clearer", "effective_from": b.clock.Now().Add(time.Hour)}
		if p := b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/amendment", draft); p["legal_basis"] != "consent" || p["draft"].(object)["reason"] != "clearer" {
			t.Errorf("%v", p)
		}
		items := b.want(http.StatusOK, authz.DPO, http.MethodGet, v1+"/queue", nil)["items"].([]any)
		if len(items) != 1 || items[0].(object)["what"] != "approve_term" || items[0].(object)["id"] != b.purpose {
			t.Errorf("the officer's queue: %v", items)
		}
		b.want(http.StatusForbidden, authz.LEG, http.MethodPost, path+"/approval", object{"version": b.aTerm("purposes")["version"]})
		if p := first(b.want(http.StatusOK, authz.PSG, http.MethodGet, v1+"/purposes", nil), "items"); p["draft"] != nil || p["in_force"] != nil || p["legal_basis"] != "consent" {
			t.Errorf("the partner is told %v", p)
		}
	})
	t.Run("R37 nobody decides on what they have not read", func(t *testing.T) {
		read := object{"version": b.aTerm("purposes")["version"]}
		draft := object{"values": values["purposes"], "reason": "clearer", "effective_from": b.clock.Now().Add(time.Hour)}
		b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/amendment", draft)
		for _, decision := range []string{"/approval", "/rejection"} {
			stale := b.want(http.StatusConflict, authz.DPO, http.MethodPost, path+decision, read)
			if stale["state"] != "draft" || stale["guard"] != "the draft has changed since you read it" || stale["mend"] != "read it again" {
				t.Errorf("%v", stale)
			}
			b.want(http.StatusUnprocessableEntity, authz.DPO, http.MethodPost, path+decision, object{})
		}
	})
	t.Run("R37 approved it is in force from its moment", func(t *testing.T) {
		read := object{"version": b.aTerm("purposes")["version"]}
		if p := b.want(http.StatusOK, authz.DPO, http.MethodPost, path+"/approval", read); p["legal_basis"] != "consent" || len(p["next"].([]any)) != 1 || p["draft"] != nil {
			t.Errorf("%v", p)
		}
		b.clock.add(time.Hour)
		if p := b.aTerm("purposes"); p["legal_basis"] != "consent, written" || p["text"] != "Shelter" || p["next"] != nil || p["in_force"].(object)["approver"] != b.people[authz.DPO] {
			t.Errorf("%v", p)
		}
	})
	t.Run("what is new says that it is proposed", func(t *testing.T) {
		id := b.make(authz.LEG, v1+"/categories", object{"code": "contact", "fields": []string{"phone"}, "sensitivity": "low"})
		all := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/categories", nil)["items"].([]any)
		if !slices.ContainsFunc(all, func(v any) bool { c := v.(object); return c["id"] == id && c["proposed"] == true }) {
			t.Errorf("%v", all)
		}
		if theirs := b.want(http.StatusOK, authz.PDL, http.MethodGet, v1+"/categories", nil)["items"].([]any); len(theirs) != len(all)-1 {
			t.Errorf("the partner is told %v", theirs)
		}
		rule := object{"purpose": b.purpose, "category": "contact", "trigger": "x", "days": 1, "action": "delete", "review": "2027-03-01T00:00:00Z"}
		b.want(http.StatusUnprocessableEntity, authz.LEG, http.MethodPost, v1+"/retention-rules", rule)
	})
	for name, body := range map[string]object{
		"no reason": {"values": values["purposes"]}, "no values": {"reason": "x"},
		"a code":                     {"values": object{"refusable": false, "legal_basis": "x", "statistics": false, "code": "y"}, "reason": "x"},
		"R14 another text":           {"values": object{"refusable": false, "legal_basis": "x", "statistics": false, "text": "y"}, "reason": "x"},
		"R15 refused without saying": {"values": object{"refusable": true, "legal_basis": "x", "statistics": false}, "reason": "x"},
	} {
		t.Run("not with "+name, func(*testing.T) {
			b.want(http.StatusUnprocessableEntity, authz.LEG, http.MethodPost, path+"/amendment", body)
		})
	}
	t.Run("R14 not the fields of a category", func(*testing.T) {
		v := termValues("")["categories"]
		v["fields"] = []string{"given_name", "notes", "religion"}
		b.want(http.StatusUnprocessableEntity, authz.LEG, http.MethodPost, v1+"/categories/"+str(b.aTerm("categories"), "id")+"/amendment", object{"values": v, "reason": "x"})
	})
	t.Run("R37 another text while nobody approved it, and never after", func(t *testing.T) {
		id := b.make(authz.LEG, v1+"/purposes", object{"code": "work", "text": "Toil", "legal_basis": "consent"})
		path := v1 + "/purposes/" + id
		draft := object{"values": values["purposes"], "text": "Work", "reason": "a slip"}
		reworded := b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/amendment", draft)
		if reworded["text"] != "Work" || reworded["proposed"] != true {
			t.Errorf("%v", reworded)
		}
		b.want(http.StatusConflict, authz.DPO, http.MethodPost, path+"/approval", object{"version": 1})
		b.want(http.StatusOK, authz.DPO, http.MethodPost, path+"/approval", object{"version": reworded["version"]})
		draft["text"] = "Play"
		if fixed := b.want(http.StatusConflict, authz.LEG, http.MethodPost, path+"/amendment", draft); fixed["state"] != "approved" || str(fixed, "guard") == "" || str(fixed, "mend") == "" {
			t.Errorf("%v", fixed)
		}
	})
}
