package client

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func headerSeeds() []string {
	return []string{
		`attachment; filename="transfer-x-1.csv"`, `attachment; filename="../x"`, `attachment; filename*=UTF-8''%2e%2e%2fx`, `attachment`, ``,
		`attachment; filename=".x"`, `inline; filename=a/b`, "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "sha-256=::", "md5=:x:, sha-256=:x:",
	}
}

func TestHeaderSeeds(t *testing.T) {
	if n := len(headerSeeds()); n != 10 {
		t.Fatalf("%d seeds", n)
	}
}

// FuzzHeaders shows that no header that a gateway could send makes a file name
// that leaves its folder or hides, or a digest of another form.
func FuzzHeaders(f *testing.F) {
	for _, s := range headerSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		name := fileName(http.Header{"Content-Disposition": {value}})
		if name != "" && (name != filepath.Base(name) || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\ `) || len(name) > 200) {
			t.Fatalf("name %q", name)
		}
		if sum, ok := reprDigest(http.Header{"Repr-Digest": {value}}); ok && len(sum) != 64 {
			t.Fatalf("digest %q", sum)
		}
	})
}
