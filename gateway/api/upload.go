package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
)

// landedView is what landed of a file.
type landedView struct {
	N      int            `json:"n" doc:"number of the file, from 1"`
	Size   int64          `json:"size" doc:"bytes"`
	SHA256 string         `json:"sha256" doc:"of the content, hex"`
	State  transfer.State `json:"state" enum:"uploading,sealed,awaiting_approval,refused,available,held,pulled,acknowledged,recalled,unclaimed" doc:"of the transfer, now"`
}

const filePath = "/transfers/{id}/files/{n}"

func (r *routes) upload() {
	r.server.Bound(http.MethodPut, ginPath(filePath), edge.Unbounded) // the service counts
	r.server.Class(http.MethodPut, ginPath(filePath), edge.Upload)
	r.server.API().PUT(strings.TrimPrefix(ginPath(filePath), Prefix), r.playing(duty.Intake, r.receive))
	r.describeUpload()
}

// incomingFile is an upload, as its head announces it.
type incomingFile struct {
	transfer string
	n        int
	sum      string // the declared digest, hex; empty where there is none
	body     *incoming
}

// receive streams a body into a file of a transfer. Whatever can be refused without the body is refused before it is
// read, so that a client that sent Expect: 100-continue does not send it.
func (r *routes) receive(c *gin.Context) {
	f, err := announced(c)
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	v, err := r.received(c.Request, f)
	if err != nil {
		edge.WriteProblem(c, f.body.because(err))
		return
	}
	c.JSON(http.StatusCreated, v)
}

func announced(c *gin.Context) (f incomingFile, err error) {
	f.body = &incoming{Reader: c.Request.Body, size: c.Request.ContentLength}
	if f.transfer, f.n, err = fileOf(c); err != nil {
		return f, err
	}
	f.sum, err = acceptable(c.Request.Header)
	return f, err
}

// received is done once under the key of the request, if it has one. What stands for the content is what the head says of
// it: of the content itself nothing is kept.
func (r *routes) received(request *http.Request, f incomingFile) (landedView, error) {
	ctx := request.Context()
	values := request.Header.Values(keyHeader)
	if len(values) == 0 {
		return r.land(ctx, f, f.body)
	}
	key, err := r.repeatable(ctx, values, request.Method, request.URL.EscapedPath(), f.sum, strconv.FormatInt(request.ContentLength, 10))
	if err != nil {
		return landedView{}, err
	}
	return under(ctx, r, key, []string{f.transfer}, func(claim evidence.Claim) (landedView, error) {
		ctx, body := r.underClaim(ctx, key, claim, f.body)
		return r.land(ctx, f, body)
	}, r.landedAgain(f.n))
}

func (r *routes) land(ctx context.Context, f incomingFile, body io.Reader) (landedView, error) {
	t, err := r.Transfers.Receive(ctx, edge.Caller(ctx), f.transfer, f.n, f.sum, body)
	if errors.Is(err, lifecycle.ErrIllegal) && f.sum != "" {
		// A repetition needs no key: the digest tells whether this file has landed.
		if before, readErr := r.Transfers.Transfer(ctx, edge.Caller(ctx), f.transfer); readErr == nil && viewLanded(before, f.n).SHA256 == f.sum {
			t, err = before, nil
		}
	}
	return viewLanded(t, f.n), err
}

// fileOf reads which file of which transfer the path names. What cannot be one is unknown.
func fileOf(c *gin.Context) (id string, n int, err error) {
	id = c.Param("id")
	text := c.Param("n")
	n, err = strconv.Atoi(text)
	if err != nil || n < 1 || strconv.Itoa(n) != text || !opaque(id) {
		return "", 0, evidence.ErrNotFound
	}
	return id, n, nil
}

// acceptable reads what the headers say of the content: its digest, and nothing that would make it other bytes than
// those of the file.
func acceptable(h http.Header) (sum string, err error) {
	if h.Get("Content-Range") != "" {
		return "", fmt.Errorf("%w: a file is sent whole, without Content-Range", edge.ErrMalformed) // RFC 9110, section 14.5
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return "", &edge.Problem{
			Type: "urn:safeconduct:unsupported-media-type", Title: http.StatusText(http.StatusUnsupportedMediaType),
			Status: http.StatusUnsupportedMediaType, Detail: "Send the bytes of the file as they are, without Content-Encoding.",
		}
	}
	return contentDigest(h)
}
