package planted

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
	"safeconduct/transfer/gate"
)

// hit sends one request with planted headers and keeps what is answered, but for content that was asked for.
func (s *stage) hit(answers io.Writer, method, path string, role authz.Role, body io.Reader, change ...func(*http.Request)) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	s.must(err)
	if role != "" {
		r.Header.Set("Authorization", tokenOf(s.world.Tokens[role]))
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	id := hex.EncodeToString([]byte((plantedName + "0000")[:16]))
	for name, value := range map[string]string{
		"User-Agent": plantedWhole, "Traceparent": "00-" + id + "-" + id[:16] + "-01", "Tracestate": "vendor=" + plantedName,
		"Baggage": "name=" + plantedName + ",case=" + plantedCase, "Accept-Language": "fr-" + plantedName + ", " + plantedCase,
		"Idempotency-Key": fmt.Sprintf("%s-%s-%d", plantedCase, plantedName, s.count()), "X-Request-Id": plantedCase, "X-Forwarded-For": plantedName, "Forwarded": "for=" + plantedName,
		"Content-Disposition": `attachment; filename="` + plantedFile + `"`, "Referer": "https://" + plantedName + ".example/" + plantedCase,
		"Cookie": "name=" + plantedName, "From": plantedName + "@example.org", "If-None-Match": `"` + plantedCase + `"`, "If-Range": `"` + plantedName + `"`,
	} {
		r.Header.Set(name, value)
	}
	for _, c := range change {
		c(r)
	}
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	fmt.Fprintf(answers, "\n%d %v\n", resp.StatusCode, resp.Header)
	content := s.whole(resp)
	if resp.StatusCode != http.StatusOK || !strings.Contains(path, "/files/") {
		_, err = answers.Write(content)
		s.must(err)
	}
	return resp.StatusCode
}

// count numbers requests: a key stands for one.
func (s *stage) count() int {
	s.sent++
	return s.sent
}

func (s *stage) whole(resp *http.Response) []byte {
	s.t.Helper()
	content, err := io.ReadAll(resp.Body)
	s.must(err)
	s.must(resp.Body.Close())
	return content
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// try puts the values wherever a client can.
func (s *stage) try(answers io.Writer) {
	s.t.Helper()
	escape := strings.NewReplacer(" ", "%20", "+", "%2B")
	file, whole := escape.Replace(plantedFile), escape.Replace(plantedWhole)
	for _, path := range []string{
		"/" + plantedName, "/api/v1/" + plantedName, "/api/v1/transfers/" + plantedCase, "/api/v1/transfers/" + plantedCase + "/files/" + file,
		"/api/v1/people/" + whole, "/api/v1/log/entries?actor=" + plantedName + "&code=" + plantedCase + "&after=" + plantedName,
		"/api/v1/agreements/" + plantedCase + "?name=" + whole, "/api/v1/%2e%2e/" + plantedName, "/api/v1/parties/" + plantedName + "/vetting",
		"/api/v1/openapi.json?q=" + plantedCase,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, strings.ToUpper(plantedName)} {
			for _, role := range []authz.Role{"", authz.RO, authz.LEG} {
				s.hit(answers, method, path, role, strings.NewReader(`{"`+plantedName+`":"`+plantedCase+`"}`))
			}
		}
	}
	for _, value := range []string{
		"Bearer " + plantedCase, "Basic eG9jaGk6" + plantedName, plantedName, "Bearer sc_" + plantedName + plantedName + plantedName,
	} {
		s.hit(answers, http.MethodGet, "/api/v1/missions", "", nil, header("Authorization", value))
	}
	for _, body := range []string{
		plantedName, `"` + plantedName + `"`, `{"mission":"` + plantedCase + `"`, `{"mission":["` + plantedName + `"]}`, `{"` + plantedName + `":1}`,
		`{"mission":"` + s.world.Mission + `","subjects":["` + plantedCase + `","` + plantedCase + `"],"files":[{"media_type":"text/csv"}]}`,
		`{"mission":"` + s.world.Mission + `","subjects":[" ` + plantedCase + `"]}`, `{"mission":"` + s.world.Mission + `","subjects":{"` + plantedCase + `":1}}`,
		`{"mission":"` + s.world.Mission + `","files":[{"media_type":"text/csv; name=\"` + plantedFile + `\""}]}`,
		`{"mission":"` + s.world.Mission + `","files":[{"media_type":"text/csv; charset=` + plantedName + `"}]}`,
		`{"mission":"` + s.world.Mission + `","files":[{"media_type":"` + plantedName + `"}]}`,
		`{"mission":"` + s.world.Mission + `","files":[{"media_type":"text/csv","sha256":"` + plantedCase + `"}]}`,
		`{"mission":"` + plantedName + `","case_references":["` + plantedCase + `"]}`,
	} {
		for _, path := range []string{"/api/v1/transfers", "/api/v1/consents/batch", "/api/v1/tokens", "/api/v1/keys"} {
			s.hit(answers, http.MethodPost, path, authz.RO, strings.NewReader(body))
		}
	}
}

// order is asked for as a stranger to the consent of nobody asked.
func (s *stage) order() client.Order {
	return client.Order{
		Mission: s.world.Mission, Partner: s.world.Partner, Purpose: s.world.Purpose, Nature: "personal", RecipientClass: gate.ClassServiceProvider, Origin: client.Origin{Source: gate.OwnData},
		Categories: s.world.Categories, Fields: []string{"case_reference", "given_name", "phone"}, Subjects: []string{secondCase},
		Files: []client.File{{MediaType: "text/csv"}},
	}
}

func (s *stage) asked() string {
	s.t.Helper()
	body, err := json.Marshal(s.order())
	s.must(err)
	var answer bytes.Buffer
	unrepeated := func(r *http.Request) { r.Header.Del("Idempotency-Key") }
	if status := s.hit(&answer, http.MethodPost, "/api/v1/transfers", authz.RO, bytes.NewReader(body), unrepeated); status != http.StatusCreated {
		s.t.Fatalf("%d: %s", status, answer.String())
	}
	var made struct{ ID string }
	s.must(json.Unmarshal(answer.Bytes()[bytes.LastIndexByte(bytes.TrimSpace(answer.Bytes()), '\n')+1:], &made))
	return made.ID
}

func payload(size int) []byte {
	line := []byte(secondCase + "," + plantedWhole + "," + plantedPhone + "\n")
	return append([]byte("case_reference,given_name,phone\n"), bytes.Repeat(line, size/len(line)+1)...)
}

// cut is a body that ends before it is whole.
type cut struct{ io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// breakOff begins an upload and a pull, and goes away within each; then recalls what was sent.
func (s *stage) breakOff(answers io.Writer) {
	s.t.Helper()
	id := s.asked()
	path := "/api/v1/transfers/" + id + "/files/1"
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.url+path, cut{bytes.NewReader(payload(1 << 20))})
	s.must(err)
	r.ContentLength = 8 << 20
	r.Header.Set("Authorization", tokenOf(s.world.Tokens[authz.RO]))
	resp, err := http.DefaultClient.Do(r)
	if err == nil {
		_ = resp.Body.Close() // there should be none
		s.t.Fatalf("a cut upload was answered with %d", resp.StatusCode)
	}
	s.eventually("the cut upload is told", func() bool {
		return bytes.Contains(s.said(), []byte("files/{n}")) || bytes.Contains(s.said(), []byte("files/:n"))
	})
	bare := func(r *http.Request) { r.Header.Del("Idempotency-Key"); r.Header.Set("Content-Type", "text/csv") }
	if status := s.hit(answers, http.MethodPut, path, authz.RO, bytes.NewReader(payload(16<<20)), bare); status != http.StatusCreated {
		s.t.Fatalf("the upload is answered with %d", status)
	}
	if status := s.hit(answers, http.MethodPost, "/api/v1/transfers/"+id+"/approvals", authz.HOM, strings.NewReader(`{"granted":true}`)); status != http.StatusOK {
		s.t.Fatalf("the approval is answered with %d", status)
	}
	ctx, leave := context.WithCancel(s.t.Context())
	r, err = http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	s.must(err)
	r.Header.Set("Authorization", tokenOf(s.world.Tokens[authz.PDL]))
	resp, err = http.DefaultClient.Do(r)
	s.must(err)
	_, err = io.ReadFull(resp.Body, make([]byte, 1000))
	s.must(err)
	leave()
	_ = resp.Body.Close() // it was left
	s.eventually("the aborted pull is counted", func() bool {
		_, page := s.ask("/metrics")
		return bytes.Contains(page, []byte(`safeconduct_transfer_pulls_total{safeconduct_outcome="aborted"} 1`))
	})
	s.failing(answers, path)
	if status := s.hit(answers, http.MethodPost, "/api/v1/transfers/"+id+"/recall", authz.FP,
		strings.NewReader(`{"reason":"`+plantedReason+`"}`)); status != http.StatusOK {
		s.t.Fatalf("the recall is answered with %d", status)
	}
	s.hit(answers, http.MethodGet, path, authz.PDL, nil)
}

// failing asks while each dependency is away.
func (s *stage) failing(answers io.Writer, path string) {
	s.t.Helper()
	body, err := json.Marshal(s.order())
	s.must(err)
	all := func(what string) {
		for range 2 {
			s.hit(answers, http.MethodPost, "/api/v1/transfers", authz.RO, bytes.NewReader(body), header("Idempotency-Key", plantedCase+what))
			s.hit(answers, http.MethodPut, path, authz.RO, bytes.NewReader(payload(1<<10)))
			s.hit(answers, http.MethodGet, path, authz.PDL, nil, func(r *http.Request) { r.Header.Del("If-Range") })
		}
		s.eventually("the gateway says that it is not ready without "+what, func() bool {
			status, page := s.ask("/readyz")
			_, err := answers.Write(page)
			s.must(err)
			return status == http.StatusServiceUnavailable
		})
	}
	recovered := func() {
		s.eventually("the gateway is ready", func() bool { status, _ := s.ask("/readyz"); return status == http.StatusOK })
	}
	recovered()
	ctx := s.t.Context()
	s.must(s.all.Vault.Seal(ctx))
	all("Vault")
	s.must(s.all.Vault.Unseal(ctx))
	recovered()
	s.must(s.all.MinIO.Halt())
	all("MinIO")
	s.must(s.all.MinIO.Resume(ctx))
	recovered()
	s.must(s.all.Postgres.Halt())
	all("PostgreSQL")
	s.must(s.all.Postgres.Resume(ctx))
	recovered()
}
