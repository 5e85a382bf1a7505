package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"safeconduct/deploy/docs"
	"safeconduct/gateway/cli"
	"safeconduct/gateway/cli/acts"
)

// wire is a gateway that answers everything, and says what it was asked last.
type wire struct {
	mu     sync.Mutex
	asked  string
	key    string
	body   []byte
	called int
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked, w.key, w.body = r.Method+" "+strings.TrimPrefix(r.URL.EscapedPath(), "/api/v1"), r.Header.Get("Idempotency-Key"), body
	w.called++
	rw.Header().Set("Content-Type", "application/json")
	answer := `{"items":[]}`
	if strings.HasSuffix(r.URL.Path, "/scans") && r.Method == http.MethodPost {
		answer = `{"id":"s","sha256":"5bb626f4973a4d80adb3d956673807597303a694d5124d9c2298b1fa2811810f","size":6}` // of "a scan"
	}
	_, _ = rw.Write([]byte(answer))
}

// TestEveryActIsReached: each operation of the document has a command that calls it, under its name or one of its own.
func TestEveryActIsReached(t *testing.T) {
	known, err := acts.Read(docs.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if len(known) < 140 {
		t.Fatalf("only %d operations are in the document", len(known))
	}
	w := &wire{}
	server := httptest.NewServer(w)
	defer server.Close()
	env := []string{"SAFECONDUCT_TOKEN=sct_" + strings.Repeat("A", 43), "SAFECONDUCT_URL=" + server.URL}
	own := map[string][]string{"send-file": {"send", "--help"}, "pull-file": {"pull", "--help"}}
	for _, a := range known {
		t.Run(a.ID, func(t *testing.T) {
			run := func(args ...string) (code int, out, errs string) {
				var stdout, stderr bytes.Buffer
				code = cli.Run(t.Context(), args, env, cli.IO{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
				return code, stdout.String(), stderr.String()
			}
			args, path, file := []string{"act", a.ID}, a.Path, filepath.Join(t.TempDir(), "body")
			for _, name := range a.Params() {
				args, path = append(args, "1"+name), strings.Replace(path, "{"+name+"}", "1"+name, 1)
			}
			body := []byte("a scan")
			if a.Takes == acts.JSON {
				body = []byte(a.Indented())
			}
			if a.Takes != "" {
				if err := os.WriteFile(file, body, 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--from", file)
			}
			if a.Answers == "application/octet-stream" {
				args = append(args, "--out", filepath.Join(t.TempDir(), "answer"))
			}
			before := w.called
			code, _, errs := run(append(args, "--json")...)
			if command, ok := own[a.ID]; ok {
				if helped, _, _ := run(command...); code != 2 || helped != 0 || !strings.Contains(errs, "use safeconduct "+command[0]) {
					t.Errorf("%d %s", code, errs)
				}
				return
			}
			if code != 0 || w.called != before+1 || w.asked != a.Method+" "+path {
				t.Fatalf("exit code %d, it asked %q: %s", code, w.asked, errs)
			}
			if unsafe := a.Method != http.MethodGet; unsafe != (w.key != "") && a.ID != "send-scan" {
				t.Errorf("Idempotency-Key %q", w.key)
			}
			if a.Takes == acts.JSON && !same(t, w.body, body) {
				t.Errorf("it sent %s", w.body)
			}
			if a.Takes != acts.JSON {
				return // there is little to tell
			}
			_, help, _ := run("act", a.ID, "--help")
			wanted := []string{a.Summary, "Who may: " + a.Who()}
			for _, f := range a.Fields() {
				wanted = append(wanted, f.Name)
			}
			for _, text := range wanted {
				if !strings.Contains(help, text) {
					t.Errorf("--help does not say %q", text)
				}
			}
		})
	}
}

func same(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		t.Fatalf("not JSON: %s and %s", a, b)
	}
	return x.String() == y.String()
}

func TestActPages(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		rw.Header().Set("Content-Type", "application/json")
		answers := map[string]string{
			"/api/v1/log/entries":         `{"items":[{"seq":0}],"next_after":0}`,
			"/api/v1/log/entries?after=0": `{"items":[{"seq":1,"id":"an entry"}]}`,
			"/api/v1/holds":               `{"items":[{"id":"a"},{"id":"b"}],"next_after":"b"}`,
			"/api/v1/holds?after=b":       `{"items":[{"id":"c"}]}`,
		}
		_, _ = rw.Write([]byte(answers[r.URL.RequestURI()]))
	}))
	defer server.Close()
	for _, c := range []struct {
		args []string
		want string
		ask  int
	}{
		{[]string{"list-log-entries"}, `{"items":[{"seq":0},{"id":"an entry","seq":1}]}`, 2},
		{[]string{"list-holds"}, `{"items":[{"id":"a"},{"id":"b"},{"id":"c"}]}`, 2},
		{[]string{"list-holds", "--set", "after=b"}, `{"items":[{"id":"c"}]}`, 1},
	} {
		asked = nil
		var out, errs bytes.Buffer
		code := cli.Run(t.Context(), slices.Concat([]string{"act"}, c.args, []string{"--json", "--url", server.URL}), []string{"SAFECONDUCT_TOKEN=sct_" + strings.Repeat("A", 43)},
			cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs})
		var got any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || code != 0 {
			t.Fatalf("%v: %d %s %s", c.args, code, out.String(), errs.String())
		}
		text, err := json.Marshal(got)
		if err != nil || string(text) != c.want || len(asked) != c.ask {
			t.Errorf("%v: %s, asking %v", c.args, text, asked)
		}
	}
}
