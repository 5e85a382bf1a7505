package api

import (
	"errors"
	"fmt"
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

// receive streams a body into a file of a transfer. Whatever can be refused without the body is refused before it is
// read, so that a client that sent Expect: 100-continue does not send it.
func (r *routes) receive(c *gin.Context) {
	id, n, err := fileOf(c)
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	sum, err := acceptable(c.Request.Header)
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	ctx := c.Request.Context()
	body := &incoming{Reader: c.Request.Body}
	t, err := r.Transfers.Receive(ctx, edge.Caller(ctx), id, n, sum, body)
	if errors.Is(err, lifecycle.ErrIllegal) && sum != "" {
		// A repetition needs no key: the digest tells whether this file has landed.
		if before, readErr := r.Transfers.Transfer(ctx, edge.Caller(ctx), id); readErr == nil && viewLanded(before, n).SHA256 == sum {
			t, err = before, nil
		}
	}
	if err != nil {
		edge.WriteProblem(c, body.because(err))
		return
	}
	c.JSON(http.StatusCreated, viewLanded(t, n))
}

func viewLanded(t transfer.Transfer, n int) landedView {
	v := landedView{N: n, State: t.State}
	for _, f := range t.Files {
		if f.N == n && f.Sealed != nil {
			v.Size, v.SHA256 = f.Sealed.Size, f.Sealed.SHA256
		}
	}
	return v
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
