package habits

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// namedTest is how documents name a test: folder and function.
var namedTest = regexp.MustCompile("`([a-z0-9/]+) (Test[A-Za-z0-9]+)`")

// TestThreatsAreShown: a test that the threat model names is one that there is.
func TestThreatsAreShown(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root(t), "deploy", "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := namedTest.FindAllStringSubmatch(string(content), -1)
	if len(named) < 40 {
		t.Errorf("the threat model names %d tests", len(named))
	}
	for _, m := range named {
		if !declares(t, m[1], m[2]) {
			t.Errorf("%s has no %s", m[1], m[2])
		}
	}
}

func declares(t *testing.T, folder, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "\nfunc "+test+"(t *testing.T)") {
			return true
		}
	}
	return false
}
