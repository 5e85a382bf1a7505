package edge

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

// maxWrite is what one deadline covers: a slow link that still moves is not cut.
const maxWrite = 64 << 10

// Unbounded marks a route, for Bound, that counts and bounds its body itself, as uploads do.
const Unbounded int64 = -1

// Bound sets the most bytes that a body of the route may have, in place of max_json_bytes. method and template are those
// of the route, template in full ("/api/v1/consents/batch"). It is called while routes are mounted, before Run.
func (s *Server) Bound(method, template string, most int64) { s.bounds[method+" "+template] = most }

// bound limits the size and the pace of what comes in and goes out.
func (s *Server) bound(c *gin.Context) {
	control := http.NewResponseController(c.Writer)
	// A deadline that an earlier request left on the connection. Writers without deadlines, as in tests, have none.
	_ = control.SetWriteDeadline(time.Time{})
	c.Writer = &pacedWriter{ResponseWriter: c.Writer, control: control, stall: s.config.StallTimeout}
	if len(c.Request.TransferEncoding) > 0 {
		// It may have had a Content-Length too, which net/http takes away: a proxy that went by that one would take what
		// follows for another request. RFC 9112, section 6.1: the connection is closed.
		c.Header("Connection", "close")
	}
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return
	}
	most, set := s.bounds[c.Request.Method+" "+c.FullPath()]
	if !set {
		most = s.config.MaxJSONBytes
	}
	body := &pacedBody{body: c.Request.Body, control: control}
	c.Request.Body = body
	if most == Unbounded {
		body.stall = s.config.StallTimeout
		_ = control.SetReadDeadline(time.Now().Add(body.stall))
		return
	}
	_ = control.SetReadDeadline(time.Now().Add(s.config.BodyTimeout))
	if c.Request.ContentLength > most { // whoever reads it learns so at once; who calls is asked first
		body.end = &http.MaxBytesError{Limit: most}
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, body, most)
}

// pacedBody ends a body that comes too slowly: as a whole by the deadline that was set before, or, with stall, by each
// pause. At its end, and only there, the deadline is lifted: net/http goes on reading in the background, and would take a
// deadline there for a client that has gone. What a handler leaves unread, net/http reads under the deadline that stands.
type pacedBody struct {
	body    io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	end     error // in place of the body
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.end != nil {
		return 0, b.end
	}
	if b.stall > 0 {
		_ = b.control.SetReadDeadline(time.Now().Add(b.stall))
	}
	n, err := b.body.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		_ = b.control.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errSlowBody
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF): // chunks that are none, or a connection that broke
		err = fmt.Errorf("%w: the body does not come as it says", ErrMalformed)
	}
	return n, err // io.Reader: io.EOF must stay as it is
}

func (b *pacedBody) Close() error { return b.body.Close() } // adds nothing to it

// pacedWriter gives up on a client that takes nothing for the stall time.
type pacedWriter struct {
	gin.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	written := 0
	for {
		part := p[written:min(len(p), written+maxWrite)]
		_ = w.control.SetWriteDeadline(time.Now().Add(w.stall))
		n, err := w.ResponseWriter.Write(part)
		written += n
		if err != nil || written == len(p) {
			return written, err // io.Writer
		}
	}
}

func (w *pacedWriter) WriteString(text string) (int, error) { return w.Write([]byte(text)) }

// hand is Hand.
func (w *pacedWriter) hand(p []byte, within time.Duration) (int, error) {
	if err := w.control.SetWriteDeadline(time.Now().Add(within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("bounding what is handed over: %w", err)
	}
	n, err := w.ResponseWriter.Write(p)
	if err != nil {
		return n, err // as from Write
	}
	if err := w.FlushError(); err != nil {
		return n, fmt.Errorf("handing over: %w", err)
	}
	_ = w.control.SetWriteDeadline(time.Now().Add(w.stall))
	return n, nil
}

// FlushError is for http.ResponseController, and goes by the server's own: those of gin and of otelhttp, which lie between,
// keep the error to themselves.
func (w *pacedWriter) FlushError() error {
	w.WriteHeaderNow()
	var below http.ResponseWriter = w.ResponseWriter
	for {
		wrapping, ok := below.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return http.NewResponseController(below).Flush()
		}
		below = wrapping.Unwrap()
	}
}

// Hand writes p, and sends it on its way with all that was written before. Where the client has not taken it within the
// time, it answers an error, and what the connection has not taken by then never leaves: HTTP/2 has reset the stream, and
// HTTP/1.1 writes nothing more. The handler then returns by WriteProblem, which breaks what is left.
func Hand(w gin.ResponseWriter, p []byte, within time.Duration) (int, error) {
	paced, ok := w.(*pacedWriter)
	if !ok {
		return 0, fmt.Errorf("handing over: %w: a writer of another kind", http.ErrNotSupported)
	}
	return paced.hand(p, within)
}

// Unwrap is for http.ResponseController.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
