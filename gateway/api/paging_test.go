package api_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"safeconduct/authz"
)

func TestListsGoPageByPage(t *testing.T) {
	b := newBench(t).enrol()
	now := b.clock.Now()
	var made []string
	for range 5 {
		made = append(made, b.make(authz.RO, v1+"/incidents", object{
			"mission": b.mission, "partner": b.partner, "source": "theft", "event": "loss", "discovered": now, "notified": now,
		}))
	}
	for _, limit := range []int{1, 2, 5, 500} {
		t.Run("limit "+strconv.Itoa(limit), func(t *testing.T) {
			var got []string
			path := v1 + "/incidents?limit=" + strconv.Itoa(limit)
			for after := ""; ; {
				page := b.want(http.StatusOK, authz.FP, http.MethodGet, path+after, nil)
				items := page["items"].([]any)
				for _, item := range items {
					got = append(got, str(item.(object), "id"))
				}
				next, more := page["next_after"].(string)
				if !more || len(items) > limit || len(got) > len(made) {
					break
				}
				after = "&after=" + url.QueryEscape(next)
			}
			if len(got) != len(made) || got[0] != made[4] || got[4] != made[0] {
				t.Errorf("%v, want %v from the last", got, made)
			}
		})
	}
	for _, path := range []string{"/incidents", "/clearances", "/destructions", "/authority-requests", "/conflict-alerts", "/holds", "/dpo-approvals", "/dpo-queue", "/agreements", "/assessments", "/transfers"} {
		t.Run("bounds of "+path, func(t *testing.T) {
			for _, limit := range []string{"0", "501", "x"} {
				b.want(http.StatusUnprocessableEntity, authz.DPO, http.MethodGet, v1+path+"?limit="+limit, nil)
			}
			page := b.want(http.StatusOK, authz.DPO, http.MethodGet, v1+path+"?limit=1&after=no-such-place", nil)
			if items, ok := page["items"].([]any); !ok || len(items) > 1 {
				t.Errorf("%v", page)
			}
		})
	}
}
