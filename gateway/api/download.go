package api

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
)

func (r *routes) download() {
	r.server.Class(http.MethodGet, ginPath(filePath), edge.Pull)
	r.server.API().GET(strings.TrimPrefix(ginPath(filePath), Prefix), r.playing(duty.Release, r.deliver))
	r.describeDownload()
}

// deliver streams a file to its recipient. The service decides, logs the release and waits for its checkpoint before it
// answers; what goes wrong before the first byte is a problem, and after it breaks the connection.
func (r *routes) deliver(c *gin.Context) {
	id, n, err := fileOf(c)
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	offset, err := r.offset(c, id, n)
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	ctx := c.Request.Context()
	d, err := r.Transfers.Pull(ctx, edge.Caller(ctx), id, n, offset)
	if err != nil {
		edge.WriteProblem(c, beyond(err))
		return
	}
	out := &delivery{c: c, d: d, id: id, n: n}
	if err := d.Send(ctx, out); err != nil {
		edge.WriteProblem(c, err) // breaks the connection where a byte was written
		return
	}
	out.begin()
}

// offset is where the answer begins: where Range says, if If-Range allows it.
func (r *routes) offset(c *gin.Context, id string, n int) (int64, error) {
	h := c.Request.Header
	offset, ok := rangeFrom(h)
	if !ok {
		return 0, nil
	}
	if h.Get("If-Range") == "" {
		return offset, nil
	}
	ctx := c.Request.Context()
	t, err := r.Transfers.Transfer(ctx, edge.Caller(ctx), id)
	if errors.Is(err, authz.ErrDenied) && !errors.Is(err, evidence.ErrUnavailable) {
		return 0, nil // who may not know which file it is: whether they may have it, the pull itself answers, and how
	}
	if err != nil {
		return 0, err
	}
	for _, f := range t.Files {
		if f.N == n && f.Sealed != nil && sameFile(h, f.Sealed.SHA256) {
			return offset, nil
		}
	}
	return 0, nil
}

// delivery is the answer of a download. Its head is sent with the first bytes, so that a failure before them can still be
// told.
type delivery struct {
	c     *gin.Context
	d     *transfer.Delivery
	id    string
	n     int
	begun bool
}

func (o *delivery) Write(p []byte) (int, error) {
	o.begin()
	return o.c.Writer.Write(p) // io.Writer
}

// Hand writes the first bytes, and the head before them.
func (o *delivery) Hand(p []byte, within time.Duration) (int, error) {
	o.begin()
	return edge.Hand(o.c.Writer, p, within)
}

// begin sends the head, once. A file without a byte has nothing else.
func (o *delivery) begin() {
	if o.begun {
		return
	}
	o.begun = true
	h := o.c.Writer.Header()
	mediaType, extension := served(o.d.MediaType)
	h.Set("Content-Type", mediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	// A name of our own: one that the sender chose may be personal data, or harm whoever opens it.
	h.Set("Content-Disposition", `attachment; filename="transfer-`+o.id+"-"+strconv.Itoa(o.n)+"."+extension+`"`)
	h.Set("Content-Length", strconv.FormatInt(o.d.Size-o.d.Offset, 10))
	h.Set("Accept-Ranges", "bytes")
	h.Set("ETag", entityTag(o.d.SHA256))
	h.Set("Repr-Digest", reprDigest(o.d.SHA256))
	h.Set("Cache-Control", "no-store")
	status := http.StatusOK
	if o.d.Offset > 0 {
		h.Set("Content-Range", contentRange(o.d.Offset, o.d.Size))
		status = http.StatusPartialContent
	}
	o.c.Writer.WriteHeader(status)
	o.c.Writer.WriteHeaderNow()
}

// served is what a declared media type is served as, and the extension of its file. Types that a browser would run, and
// unknown ones, are bytes.
func served(declared string) (mediaType, extension string) {
	const unknown = "application/octet-stream"
	base, _, err := mime.ParseMediaType(declared)
	if err != nil {
		return unknown, "bin"
	}
	if ext, ok := extensions()[base]; ok {
		return base, ext
	}
	return unknown, "bin"
}

// extensions are those of the media types that are served as what they are.
func extensions() map[string]string {
	return map[string]string{
		"text/csv": "csv", "text/plain": "txt", "text/tab-separated-values": "tsv",
		"application/json": "json", "application/geo+json": "geojson", "application/x-ndjson": "ndjson",
		"application/pdf": "pdf", "application/zip": "zip", "application/gzip": "gz",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "xlsx",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
		"application/vnd.oasis.opendocument.spreadsheet":                          "ods",
		"application/vnd.oasis.opendocument.text":                                 "odt",
		"application/vnd.ms-excel":                                                "xls",
		"image/jpeg":                                                              "jpg", "image/png": "png", "image/tiff": "tiff",
		"audio/mpeg": "mp3", "audio/ogg": "ogg", "video/mp4": "mp4",
	}
}
