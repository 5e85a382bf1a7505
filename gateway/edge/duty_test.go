package edge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/seal"
)

// What another duty does is told apart from what is down, even where both are in one error.
func TestOtherDuty(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.API().GET("/things", func(c *gin.Context) {
		edge.WriteProblem(c, fmt.Errorf("unwrapping: %w: %w", seal.ErrUnavailable, &duty.OtherError{Needs: duty.Release}))
	})
	stop, ended := start(t, b)
	status, body, err := get(t, b, "http://"+b.Addr().String()+"/api/v1/things")
	var p edge.Problem
	if err != nil || json.Unmarshal([]byte(body), &p) != nil {
		t.Fatalf("%q, %v", body, err)
	}
	if status != http.StatusServiceUnavailable || p.Type != "urn:safeconduct:other-duty" || p.Duty != "release" || !strings.Contains(p.Detail, "release") {
		t.Errorf("%d %+v", status, p)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
