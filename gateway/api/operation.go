package api

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
)

// spec says what an operation is, for the router and for the document.
type spec struct {
	tag     string
	id      string // of the operation
	method  string
	path    string
	summary string
	about   string
	status  int  // 200 where it is zero
	large   bool // the body may be as large as a batch
	guarded bool // the state of the record may not allow it, though it changes nothing
	duty    duty.Duty
	class   edge.Class
}

func (r *routes) operation(s spec) huma.Operation {
	op := huma.Operation{
		OperationID: s.id, Method: s.method, Path: s.path, Tags: []string{s.tag}, Summary: s.summary, Description: s.about,
		DefaultStatus: s.status, Responses: problemResponses(s.guarded || unsafe(s.method)), Security: security(),
		Extensions: dutyOf(s.needs()), Middlewares: huma.Middlewares{r.played(s.needs())},
		MaxBodyBytes: -1, BodyReadTimeout: -1, // the edge bounds both
	}
	if op.DefaultStatus == 0 {
		op.DefaultStatus = http.StatusOK
	}
	if s.large {
		r.server.Bound(s.method, ginPath(s.path), batchBytes)
	}
	r.server.Class(s.method, ginPath(s.path), s.class)
	if unsafe(s.method) {
		op.Parameters = append(op.Parameters, inHeader(keyHeader, aboutKey))
	}
	return op
}

// urgent is an operation that lets something go, or stops it: a place is kept for it.
func urgent(s spec) spec {
	s.class = edge.Release
	return s
}

// ginPath is the template under which gin knows a path of the document.
func ginPath(path string) string {
	return Prefix + strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// answer is the JSON body of a response.
type answer[T any] struct{ Body T }

// created is the JSON body of a response about something new, and where to find it.
type created[T any] struct {
	Location string `header:"Location" doc:"where it is found"`
	Body     T
}

// list is the JSON body of every list.
type list[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

func listed[T any](all []T, err error) (list[T], error) {
	if all == nil {
		all = []T{}
	}
	return list[T]{all}, err
}

// none is the input of an operation that takes none.
type none struct{}

// handle mounts an operation that answers with what act answers, and changes nothing.
func handle[I, T any](r *routes, s spec, act func(context.Context, authz.Caller, *I) (T, error)) {
	huma.Register(r.api, r.operation(s), func(ctx context.Context, in *I) (*answer[T], error) {
		v, err := call(ctx, in, act)
		if err != nil {
			return nil, err
		}
		return &answer[T]{v}, nil
	})
}

// write mounts an operation that changes something, and answers with what act answers. Where the act was done before,
// under the same key, again answers.
func write[I, T any](r *routes, s spec, again again[T], act func(context.Context, authz.Caller, *I) (T, error)) {
	huma.Register(r.api, r.operation(s), func(ctx context.Context, in *I) (*answer[T], error) {
		v, err := once(ctx, r, in, act, again)
		if err != nil {
			return nil, err
		}
		return &answer[T]{v}, nil
	})
}

// create mounts a write that makes something, which is found at path and its id.
func create[I, T any](r *routes, s spec, id func(T) string, again again[T], act func(context.Context, authz.Caller, *I) (T, error)) {
	s.method, s.status = http.MethodPost, http.StatusCreated
	huma.Register(r.api, r.operation(s), func(ctx context.Context, in *I) (*created[T], error) {
		v, err := once(ctx, r, in, act, again)
		if err != nil {
			return nil, err
		}
		return &created[T]{Location: Prefix + s.path + "/" + id(v), Body: v}, nil
	})
}

// bytesOf mounts an operation that answers with bytes of one media type, as they are.
func bytesOf[I any](r *routes, s spec, mediaType string, act func(context.Context, authz.Caller, *I) ([]byte, error)) {
	op := r.operation(s)
	plain, _, _ := strings.Cut(mediaType, ";")
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{plain: {Schema: &huma.Schema{}}}}
	huma.Register(r.api, op, func(ctx context.Context, in *I) (*exact, error) {
		b, err := call(ctx, in, act)
		if err != nil {
			return nil, err
		}
		return &exact{ContentType: mediaType, Body: b}, nil
	})
}

// exact is a body that is sent byte for byte.
type exact struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

func call[I, T any](ctx context.Context, in *I, act func(context.Context, authz.Caller, *I) (T, error)) (T, error) {
	var none T
	_, err := pathOf(in)
	if err != nil {
		return none, edge.Huma(err, ctx)
	}
	v, err := act(ctx, edge.Caller(ctx), in)
	if err != nil {
		return none, edge.Huma(err, ctx)
	}
	return v, nil
}

// pathOf is the ids in the path of a request. What cannot be an id is unknown.
func pathOf[I any](in *I) ([]string, error) {
	p, ok := any(in).(interface{ ids() []string })
	if !ok {
		return nil, nil
	}
	path := p.ids()
	for _, id := range path {
		if !opaque(id) {
			return nil, evidence.ErrNotFound
		}
	}
	return path, nil
}

// RecordID is the input of an operation on one record. It is exported for huma, which passes over what it cannot name.
type RecordID struct {
	ID string `path:"id" doc:"opaque id" example:"0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"`
}

func (p *RecordID) ids() []string { return []string{p.ID} }

// with is the input of an operation on one record that takes a body.
type with[B any] struct {
	RecordID
	Body B
}

// of is the input of an operation that takes a body only.
type of[B any] struct{ Body B }

// ids are UUIDs, or the thumbprint of a key (RFC 7638).
var idForm = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{43})$`)

// opaque reports whether an id could be one. What could not is not looked up: a path may hold a name or a case number,
// which a database that logs its statements would keep (R55).
func opaque(id string) bool { return idForm.MatchString(id) }
