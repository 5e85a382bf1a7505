package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/rulebook"
)

// shippedRules is the policy data that ship with the program, as a body has them.
func shippedRules(t testing.TB) object {
	t.Helper()
	book, err := rulebook.Shipped()
	must(t, err)
	b, err := json.Marshal(book.Current.Rules)
	must(t, err)
	var rules object
	must(t, json.Unmarshal(b, &rules))
	return rules
}

// rules drafts, rejects and approves editions.
func (d *doubled) rules(b *bench) {
	retention := first(b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/retention-rules", nil), "items")
	b.want(http.StatusOK, authz.LEG, http.MethodPost, v1+"/retention-rules/"+str(retention, "id")+"/review", object{"next_review": "2028-03-01T00:00:00Z"})
	draft := object{"rules": shippedRules(b), "effective_from": b.clock.Now(), "reason": "review"}
	for _, end := range []string{"rejection", "approval"} {
		book := b.want(http.StatusOK, authz.LEG, http.MethodPut, v1+"/rulebook/draft", draft)
		b.want(http.StatusOK, authz.DPO, http.MethodPost, v1+"/rulebook/draft/"+end, object{"version": book["version"]})
	}
}

func TestRulebook(t *testing.T) {
	b := newBench(t).enrol()
	put := func(rules object) answer {
		return b.do(authz.LEG, http.MethodPut, v1+"/rulebook/draft", object{"rules": rules, "effective_from": b.clock.Now(), "reason": "review"})
	}
	t.Run("R37 the edition in force can be read", func(t *testing.T) {
		book := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/rulebook", nil)
		if n := book["current"].(object)["number"]; n != 1.0 {
			t.Errorf("edition %v", n)
		}
	})
	t.Run("rules that cannot be meant are refused", func(t *testing.T) {
		rules := shippedRules(t)
		rules["transfer"].(object)["window_hours"] = 0
		if got := put(rules); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("nothing waits", func(t *testing.T) {
		if got := b.do(authz.DPO, http.MethodPost, v1+"/rulebook/draft/approval", object{"version": 1}); got.StatusCode != http.StatusConflict {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("R37 approved by the DPO it is in force from then on", func(t *testing.T) {
		read := put(shippedRules(t)).object(t)["version"]
		if got := put(shippedRules(t)); got.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
		for _, decision := range []string{"approval", "rejection"} { // of a draft that they have not read
			stale := b.want(http.StatusConflict, authz.DPO, http.MethodPost, v1+"/rulebook/draft/"+decision, object{"version": read})
			if stale["state"] != "draft" || stale["guard"] != "the draft has changed since you read it" || stale["mend"] != "read it again" {
				t.Errorf("%v", stale)
			}
			b.want(http.StatusUnprocessableEntity, authz.DPO, http.MethodPost, v1+"/rulebook/draft/"+decision, object{})
		}
		read = b.want(http.StatusOK, authz.DPO, http.MethodGet, v1+"/rulebook", nil)["version"]
		b.want(http.StatusOK, authz.DPO, http.MethodPost, v1+"/rulebook/draft/approval", object{"version": read})
		b.clock.add(1)
		book := b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/rulebook", nil)
		if n := book["current"].(object)["number"]; n != 2.0 || book["draft"] != nil {
			t.Errorf("%v", book)
		}
	})
}
