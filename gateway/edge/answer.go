package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// WriteProblem answers with the problem that err is, and ends the handler chain; the handler returns after it. Where the
// answer has begun already, the connection is broken instead: what was cut must not look complete.
func WriteProblem(c *gin.Context, err error) {
	ctx := c.Request.Context()
	p := problemOf(ctx, err)
	c.Abort()
	if c.Writer.Written() {
		panic(http.ErrAbortHandler) // the way of net/http to break the connection
	}
	body, encodeErr := json.Marshal(p)
	if encodeErr != nil { // a Problem holds texts and numbers only
		panic(fmt.Errorf("encoding a problem: %w", encodeErr))
	}
	head := c.Writer.Header()
	for name, values := range p.GetHeaders() {
		head[name] = values
	}
	// Of the answer that was prepared: gin leaves a type that is set, and a browser would save the problem as that file.
	head.Set("Content-Type", ProblemType)
	head.Del("Content-Disposition")
	c.Data(p.Status, ProblemType, body)
}

// Huma makes of err what a huma handler returns, so that huma answers from the same table. Every error of an operation
// goes through it: huma shows the text of others to the caller.
func Huma(err error, ctx context.Context) huma.StatusError { // reads as the return that it stands in
	return problemOf(ctx, err)
}

// HumaTransform is a huma.Transformer that turns the errors that huma makes itself into Problems. Values that huma would
// send back, and log, are left out: they may be personal data.
func HumaTransform(hctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	return problemOf(hctx.Context(), model), nil
}

// problemOf looks err up, completes the problem with what the request knows, and logs what the caller is not told.
func problemOf(ctx context.Context, err error) *Problem {
	s, ok := scopeOf(ctx)
	if !ok {
		return newProblem(kindInternal, english)
	}
	if err == nil {
		err = errNoError
	}
	var p *Problem
	var model *huma.ErrorModel
	if errors.As(err, &model) {
		p = s.problems.fromModel(model, s.lang)
	} else {
		p = s.problems.from(err, s.lang)
	}
	if p.RequestID == "" { // once, however often it is handed on
		p.names(ctx)
		p.RequestID, p.Instance = s.id, urn+"request:"+s.id
	}
	s.problem = p.Type
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, errFull) { // a flood is not to fill the log too
		s.log.LogAttrs(ctx, slog.LevelError, "request failed",
			slog.String("request_id", s.id), slog.String("route", s.route), slog.String("error", err.Error()))
	}
	return p
}

func kindOfStatus(status int) kind {
	switch status {
	case http.StatusBadRequest:
		return kindMalformed
	case http.StatusNotFound:
		return kindNotFound
	case http.StatusMethodNotAllowed:
		return kindMethod
	case http.StatusNotAcceptable:
		return kindAcceptable
	case http.StatusRequestTimeout:
		return kindSlow
	case http.StatusConflict:
		return kindConflict
	case http.StatusRequestEntityTooLarge:
		return kindTooLarge
	case http.StatusUnsupportedMediaType:
		return kindMediaType
	case http.StatusUnprocessableEntity:
		return kindInvalid
	case http.StatusServiceUnavailable:
		return kindUnavailable
	default:
		return kindInternal
	}
}
