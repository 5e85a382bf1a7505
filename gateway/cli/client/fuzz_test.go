package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/authz/identity"
	"safeconduct/gateway/edge"
)

type answerSeed struct {
	status                int
	mediaType, disclosed  string // Content-Type; Repr-Digest
	ranged, retry, length string // Content-Range; Retry-After; Content-Length
	body                  string
}

func answerSeeds() []answerSeed {
	const empty = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
	return []answerSeed{
		{200, "application/json", "", "", "", "", `{"id":"x"}`},
		{200, "text/csv", empty, "", "", "0", ""},
		{200, "text/csv", empty, "", "", "3", "abc"},
		{206, "text/csv", empty, "bytes 0-2/3", "", "3", "abc"},
		{206, "text/csv", empty, "bytes -5-", "", "-1", "abc"},
		{403, edge.ProblemType, "", "", "", "", `{"type":"urn:safeconduct:refused","status":403,"refusals":[{"code":"PULL_DENIED"}]}`},
		{401, edge.ProblemType, "", "", "", "", `{"type":"urn:safeconduct:unauthenticated","status":200}`},
		{429, edge.ProblemType, "", "", "99999999999999999999", "", `{"status":429}`},
		{503, edge.ProblemType, "", "", "-1", "", `{"status":"x"}`},
		{502, "text/html", "", "", "Wed, 21 Oct 2015 07:28:00 GMT", "", "<html>"},
		{301, "", "", "", "", "", ""},
		{409, edge.ProblemType, "", "", "", "", `{"type":"urn:safeconduct:in-progress","status":409}`},
	}
}

func TestAnswerSeeds(t *testing.T) {
	if n := len(answerSeeds()); n != 12 {
		t.Fatalf("%d seeds", n)
	}
}

// gateway answers every request alike.
type gateway struct{ answerSeed }

func (g gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	length, err := strconv.ParseInt(g.length, 10, 64)
	if err != nil {
		length = -1
	}
	h := http.Header{"Content-Type": {g.mediaType}, "Repr-Digest": {g.disclosed}, "Content-Range": {g.ranged}, "Retry-After": {g.retry}}
	return &http.Response{
		StatusCode: g.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, ContentLength: length,
		Body: io.NopCloser(strings.NewReader(g.body)), Request: r,
	}, nil
}

// sink keeps what is written.
type sink struct{ bytes.Buffer }

func (s *sink) Begin() error {
	s.Reset()
	return nil
}

// FuzzAnswers: whatever a gateway, or something that stands in its place, answers, the client ends; it calls a download
// whole only where it is what was announced; and its errors repeat no answer but a problem's.
func FuzzAnswers(f *testing.F) {
	for _, s := range answerSeeds() {
		f.Add(s.status, s.mediaType, s.disclosed, s.ranged, s.retry, s.length, s.body)
	}
	f.Fuzz(func(t *testing.T, status int, mediaType, disclosed, ranged, retry, length, body string) {
		waited := 0
		c, err := New("http://localhost", identity.Secret{}, Options{
			Rounds: gateway{answerSeed{status, mediaType, disclosed, ranged, retry, length, body}},
			Pause: func(_ context.Context, d time.Duration) error {
				if waited++; d < 0 || d > time.Hour || waited > 100 {
					t.Fatalf("it waits %s for the %d. time", d, waited)
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		_, err = c.Call(t.Context(), http.MethodPost, "/missions", nil, &v)
		var p *edge.Problem
		if err != nil && !errors.As(err, &p) && len(body) > 30 && strings.Contains(err.Error(), body) {
			t.Fatalf("an error repeats the answer: %v", err)
		}
		var out sink
		got, err := c.Download(t.Context(), "id", 1, &out, func(int64, int64) {})
		if err != nil {
			return
		}
		if sum := sha256.Sum256(out.Bytes()); got.SHA256 != hex.EncodeToString(sum[:]) || got.Size != int64(out.Len()) {
			t.Fatalf("%d bytes are called whole: %+v", out.Len(), got)
		}
	})
}
