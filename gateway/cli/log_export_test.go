package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/transfer"
)

// TestExportThatTheLogDidNotProve: of a part nothing shows then whether lines were taken out; everything is proved by its places.
func TestExportThatTheLogDidNotProve(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "{}\n"+`{"checkpoint":"note","size":7,"count":0,"outside":0,"erased":0}`+"\n"+`{"ended":"an entry","unproved":%q}`+"\n", transfer.ExportUnproved)
	}))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		name   string
		narrow []string
		code   int
		says   string
	}{
		{"R52 a part is not kept, and is exported again: exit code 6", []string{"--mission", "m"}, 6, "it is not kept; export it again"},
		{"R52 everything is kept, with a note", nil, 0, "Note: " + transfer.ExportUnproved},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "log.jsonl")
			code, out, errs := run(t.Context(), t, append([]string{"log", "export", "--url", server.URL, "--out", file}, c.narrow...)...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Errorf("exit code %d, want %d: %s%s", code, c.code, out, errs)
			}
			if c.code != 0 {
				empty(t, dir)
			} else if _, err := os.Stat(file); err != nil {
				t.Error(err)
			}
		})
	}
}
