package client_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"safeconduct/gateway/cli/client"
)

func TestAll(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("open") != "true" {
			refuse(w, http.StatusForbidden, "AUTH_ROLE_DENIED")
			return
		}
		pages := map[string]string{
			"": `{"items":[1,2],"next_after":"2 & more"}`, "2 & more": `{"items":[],"next_after":"3"}`, "3": `{"items":[3]}`,
		}
		w.Header().Set("Content-Type", "application/json")
		if _, err := fmt.Fprint(w, pages[r.URL.Query().Get("after")]); err != nil {
			panic(err)
		}
	})
	if all, err := client.All[int](t.Context(), c, "/destructions?open=true"); err != nil || !slices.Equal(all, []int{1, 2, 3}) {
		t.Errorf("%v, %v", all, err)
	}
	if all, err := client.All[int](t.Context(), c, "/destructions"); err == nil || all != nil {
		t.Errorf("%v, %v", all, err)
	}
}
