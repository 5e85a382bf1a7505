package api

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
)

// dutyMember is the member of an operation, in the document, that names the duty which it needs: proxies route by it.
const dutyMember = "x-safeconduct-duty"

// needs is the duty of an operation: intake where nothing else is said.
func (s spec) needs() duty.Duty {
	if s.duty == "" {
		return duty.Intake
	}
	return s.duty
}

// played answers a process that does not play the duty of an operation, before anything is done.
func (r *routes) played(d duty.Duty) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if err := r.Duties.Needs(d); err != nil {
			edge.WriteProblem(humagin.Unwrap(ctx), err)
			return
		}
		next(ctx)
	}
}

// playing is played for what huma does not serve.
func (r *routes) playing(d duty.Duty, handler gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := r.Duties.Needs(d); err != nil {
			edge.WriteProblem(c, err)
			return
		}
		handler(c)
	}
}

// dutyOf describes the duty of an operation in the document.
func dutyOf(d duty.Duty) map[string]any { return map[string]any{dutyMember: string(d)} }
