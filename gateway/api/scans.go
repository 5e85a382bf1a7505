package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"safeconduct/agreements"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
)

const (
	scansPath = "/agreements/{id}/scans"
	scanPath  = "/agreements/{id}/scans/{scan}"
)

// scanView is what is told of a scan, which is never what it shows.
type scanView struct {
	ID        string    `json:"id"`
	Agreement string    `json:"agreement"`
	Document  int       `json:"document" doc:"version of the document that it is of"`
	SHA256    string    `json:"sha256" doc:"of the content, hex"`
	Size      int64     `json:"size" doc:"bytes"`
	MediaType string    `json:"media_type" doc:"as its content says"`
	Uploader  string    `json:"uploader" doc:"who brought it, and thus does not attest it"`
	Created   time.Time `json:"created"`
}

func viewScan(s agreements.Scan) scanView {
	return scanView{s.ID, s.Agreement, s.Document, s.SHA256, s.Size, s.MediaType, s.Uploader, s.Created}
}

func (r *routes) scans() {
	handle(r, spec{
		tag: "agreements", id: "list-scans", method: http.MethodGet, path: scansPath, summary: "List the scans of an agreement's signed papers",
		about: "What is known of them, not what they show.",
	}, func(ctx context.Context, c authz.Caller, in *RecordID) (list[scanView], error) {
		return listed(r.scansOf(ctx, c, in.ID))
	})
	r.server.Bound(http.MethodPost, ginPath(scansPath), edge.Unbounded) // the service counts
	r.server.Class(http.MethodPost, ginPath(scansPath), edge.Upload)
	r.server.API().POST(strings.TrimPrefix(ginPath(scansPath), Prefix), r.playing(duty.Intake, r.takeScan))
	r.server.Class(http.MethodGet, ginPath(scanPath), edge.Pull)
	r.server.API().GET(strings.TrimPrefix(ginPath(scanPath), Prefix), r.playing(duty.Release, r.showScan))
	r.describeScans()
}

func (r *routes) scansOf(ctx context.Context, c authz.Caller, id string) ([]scanView, error) {
	all, err := r.Agreements.ScansOf(ctx, c, id)
	views := make([]scanView, len(all))
	for i, s := range all {
		views[i] = viewScan(s)
	}
	return views, err
}

// takeScan streams a scan in. What can be refused without the body is refused before it is read.
func (r *routes) takeScan(c *gin.Context) {
	body := &incoming{Reader: c.Request.Body, size: c.Request.ContentLength}
	id := c.Param("id")
	sum, err := acceptable(c.Request.Header)
	if !opaque(id) {
		err = evidence.ErrNotFound
	}
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	v, err := r.taken(c.Request, id, sum, body)
	if err != nil {
		edge.WriteProblem(c, body.because(err))
		return
	}
	c.Header("Location", Prefix+"/agreements/"+id+"/scans/"+v.ID)
	c.JSON(http.StatusCreated, v)
}

// taken is done once under the key of the request, if it has one; see received.
func (r *routes) taken(request *http.Request, id, sum string, body *incoming) (scanView, error) {
	ctx := request.Context()
	values := request.Header.Values(keyHeader)
	if len(values) == 0 {
		s, err := r.Agreements.AddScan(ctx, edge.Caller(ctx), id, sum, body)
		return viewScan(s), err
	}
	key, err := r.repeatable(ctx, values, request.Method, request.URL.EscapedPath(), sum, strconv.FormatInt(request.ContentLength, 10))
	if err != nil {
		return scanView{}, err
	}
	return under(ctx, r, key, []string{id}, func(claim evidence.Claim) (scanView, error) {
		ctx, body := r.underClaim(ctx, key, claim, body)
		s, err := r.Agreements.AddScan(ctx, edge.Caller(ctx), id, sum, body)
		return viewScan(s), err
	}, func(ctx context.Context, c authz.Caller, d done) (scanView, error) {
		return made(agreements.KindScan, func(ctx context.Context, c authz.Caller, scan string) (scanView, error) {
			all, err := r.scansOf(ctx, c, d.path[0])
			return among(all, err, scan, func(v scanView) string { return v.ID })
		})(ctx, c, d)
	})
}

// showScan streams a scan to a reader of the organisation. What goes wrong after the first byte breaks the connection.
func (r *routes) showScan(c *gin.Context) {
	id, scan := c.Param("id"), c.Param("scan")
	if !opaque(id) || !opaque(scan) {
		edge.WriteProblem(c, evidence.ErrNotFound)
		return
	}
	ctx := c.Request.Context()
	reading, err := r.Agreements.ReadScan(ctx, edge.Caller(ctx), id, scan)
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	if err := reading.Send(ctx, &shown{c: c, of: reading}); err != nil {
		edge.WriteProblem(c, err) // breaks the connection where a byte was written
	}
}

// shown is the answer with a scan. Its head is sent with the first bytes, so that a failure before them can be told.
type shown struct {
	c     *gin.Context
	of    *agreements.Reading
	begun bool
}

func (o *shown) Write(p []byte) (int, error) {
	if !o.begun {
		o.begun = true
		mediaType, extension := served(o.of.MediaType)
		h := o.c.Writer.Header()
		h.Set("Content-Type", mediaType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Disposition", `attachment; filename="scan-`+o.of.ID+"."+extension+`"`)
		h.Set("Content-Length", strconv.FormatInt(o.of.Size, 10))
		h.Set("Repr-Digest", reprDigest(o.of.SHA256))
		h.Set("Cache-Control", "no-store")
		o.c.Writer.WriteHeader(http.StatusOK)
		o.c.Writer.WriteHeaderNow()
	}
	return o.c.Writer.Write(p) // io.Writer
}
