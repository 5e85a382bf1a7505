package edge_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/gateway/edge"
)

// starved is a store whose general connections are all taken.
type starved struct{}

func (starved) reach(ctx context.Context) error {
	if evidence.IsUrgent(ctx) || evidence.IsPulling(ctx) {
		return nil
	}
	return evidence.ErrUnavailable
}

func (s starved) Authenticate(ctx context.Context, secret identity.Secret) (authz.Caller, error) {
	return authz.Caller{Person: secret.Hash()}, s.reach(ctx)
}

func (s starved) Take(ctx context.Context, _ string, _ time.Time, _, _ int64) (bool, error) {
	return true, s.reach(ctx)
}

func TestWhoWasNotSeenBeforeStopsARelease(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *edge.Config, d *edge.Deps) { d.Identity, d.Rates = starved{}, starved{} })
	for path, class := range map[string]edge.Class{"/withdrawal": edge.Release, "/pull": edge.Pull, "/read": edge.General} {
		b.Class(http.MethodPost, "/api/v1"+path, class)
		b.API().POST(path, func(c *gin.Context) {
			// Pulls have connections of their own, and none of those of acts.
			ctx := c.Request.Context()
			if evidence.IsUrgent(ctx) != (class == edge.Release) || evidence.IsPulling(ctx) != (class == edge.Pull) {
				c.Status(http.StatusTeapot)
			}
		})
	}
	for path, want := range map[string]int{"/withdrawal": http.StatusOK, "/pull": http.StatusOK, "/read": http.StatusServiceUnavailable} {
		if rec := b.do(b.request(t, http.MethodPost, "/api/v1"+path, nil)); rec.Code != want {
			t.Errorf("%s answers %d, want %d", path, rec.Code, want)
		}
	}
}
