// Package habits holds the tree to the rules that no compiler checks. It needs
// no server, only git and go.
package habits

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "safeconduct"
	maxLines = 500
)

// layers stand in the order of the arrows: none depends on one that follows.
var layers = []string{"authz", "agreements", "transfer", "gateway"}

// The words are split, so that this file does not hold them itself.
var (
	locations = []string{
		"proxy." + "golang.org", "sum." + "golang.org", "registry." + "npmjs.org", "registry." + "yarnpkg.com",
		"deb." + "debian.org", "security." + "debian.org", "/wo" + "rk/",
	}
	unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)
)

func TestTrackedFiles(t *testing.T) {
	names := strings.Split(strings.TrimRight(string(output(t, "git", "ls-files", "-z")), "\x00"), "\x00")
	if !slices.Contains(names, "go.mod") {
		t.Fatalf("git tracks %d files and no go.mod", len(names))
	}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults(t, name, content) {
			t.Errorf("%s %s", name, fault)
		}
	}
}

func TestArrows(t *testing.T) {
	list := json.NewDecoder(bytes.NewReader(output(t, "go", "list", "-json=ImportPath,Imports,Deps", "./...")))
	found := map[string]bool{}
	for {
		var p listed
		if err := list.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found[part(p.ImportPath)] = true
		for _, fault := range p.faults() {
			t.Errorf("%s %s", p.ImportPath, fault)
		}
	}
	for _, layer := range append([]string{"config", "e2e"}, layers...) {
		if !found[layer] {
			t.Errorf("no package below %s was looked at", layer)
		}
	}
}

// A guard that finds nothing must be known to find what there is.
func TestFilesThatBreakAHabitAreFound(t *testing.T) {
	long := "package a\n" + strings.Repeat("\n", maxLines-1)
	for _, test := range []struct {
		name, content string
		want          int
	}{
		{"gateway/a.go", long, 0},
		{"gateway/a.go", long + "\n", 1},
		{"gateway/a.go", long + "// no newline at its end", 1},
		{"gateway/a_test.go", long + "\n", 1},
		{"deploy/a.sql", long + "\n", 0},
		{"authz/a.go", "package a\nimport \"testing\"", 1},
		{"authz/a.go", "package a\nimport \"testing/fstest\"", 1},
		{"authz/a_test.go", "package a\nimport \"testing\"", 0},
		{"transfer/seal/sealtest/a.go", "package a\nimport \"testing\"", 0},
		{"e2e/system/a.go", "package a\nimport \"testing\"", 0},
		{"gateway/app/a.go", "package a\nimport _ \"database/sql\"", 1},
		{"gateway/app/a.go", "package a\nimport \"database/sql/driver\"", 1},
		{"gateway/app/a_test.go", "package a\nimport \"database/sql\"", 0},
		{"gateway/storehouse/a.go", "package a\nimport \"database/sql\"", 1},
		{"gateway/store/a.go", "package a\nimport \"database/sql\"", 0},
		{"gateway/store/storetest/a.go", "package a\nimport \"database/sql\"", 0},
		{"e2e/system/a.go", "package a\nimport \"database/sql\"", 0},
		{"site/package-lock.json", `{"resolved": "https://example.org/a.tgz"}`, 1},
		{"site/package-lock.json", `{"integrity": "sha512-"}`, 0},
		{"site/other.json", `{"resolved": true}`, 0},
		{"README.md", "see " + locations[0] + " and " + locations[len(locations)-1] + "main", 2},
		{"README.md", "TO" + "DO: FIX" + "ME", 1},
		{"README.md", "todo lo demás, METHODTO" + "DO", 0},
		{"a.png", "\x00 FIX" + "ME", 0},
	} {
		if got := faults(t, test.name, []byte(test.content)); len(got) != test.want {
			t.Errorf("%s %.60q: %q, want %d", test.name, test.content, got, test.want)
		}
	}
}

func TestArrowsThatAreBrokenAreFound(t *testing.T) {
	for _, test := range []struct {
		from, to string
		direct   bool
		want     int
	}{
		{"authz/evidence", "authz", true, 0},
		{"authz", "agreements/terms", false, 1},
		{"agreements", "authz", true, 0},
		{"agreements", "transfer", true, 1},
		{"transfer", "agreements", true, 0},
		{"transfer/gate", "gateway/store", false, 1},
		{"gateway/app", "transfer", true, 0},
		{"gateway/app", "config", true, 0},
		{"gateway/cmd/safeconduct", "config", false, 0},
		{"config", "gateway/edge", true, 0},
		{"authz", "config", true, 1},
		{"authz", "config", false, 1},
		{"e2e/system", "config", true, 1},
		{"e2e/system", "config", false, 0},
		{"e2e/system", "gateway/app", true, 0},
		{"gateway/app", "e2e/servers", false, 1},
		{"gateway/app", "transfer/seal/sealtest", false, 1},
		{"transfer/seal/sealtest", "transfer/blob/blobtest", true, 0},
	} {
		p := listed{ImportPath: module + "/" + test.from, Deps: []string{"errors", module + "/" + test.to}}
		if test.direct {
			p.Imports = p.Deps
		}
		if got := p.faults(); len(got) != test.want {
			t.Errorf("%s on %s: %q, want %d", test.from, test.to, got, test.want)
		}
	}
}

// faults answers with what is wrong with a tracked file. Its name has slashes.
func faults(t *testing.T, name string, content []byte) []string {
	t.Helper()
	var found []string
	if bytes.IndexByte(content, 0) < 0 {
		for _, word := range locations {
			if bytes.Contains(content, []byte(word)) {
				found = append(found, "mentions "+word)
			}
		}
		if word := unfinished.Find(content); word != nil {
			found = append(found, "holds a "+string(word))
		}
	}
	switch base := path.Base(name); {
	case base == "package-lock.json" || base == "npm-shrinkwrap.json":
		if bytes.Contains(content, []byte(`"resolved"`)) {
			found = append(found, "says where packages were resolved")
		}
	case path.Ext(name) == ".go":
		if n := lines(content); n > maxLines {
			found = append(found, fmt.Sprintf("has %d lines, more than %d", n, maxLines))
		}
		found = append(found, forbiddenImports(t, name, content)...)
	}
	return found
}

// forbiddenImports reads the file itself, not what go list says of its package:
// build constraints must hide nothing.
func forbiddenImports(t *testing.T, name string, content []byte) []string {
	t.Helper()
	if strings.HasSuffix(name, "_test.go") || forTests(name) {
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if within(imported, "testing") {
			found = append(found, "imports "+imported+" into the program")
		}
		if within(imported, "database/sql") && !within(name, "gateway/store") {
			found = append(found, "imports "+imported+": gateway/store is the only package that knows SQL")
		}
	}
	return found
}

// listed is what go list says of a package, leaving out its tests.
type listed struct {
	ImportPath    string
	Imports, Deps []string // Deps: those of Imports as well
}

func (p listed) faults() []string {
	var found []string
	own, here := part(p.ImportPath), slices.Index(layers, part(p.ImportPath))
	for _, dep := range p.Deps {
		if !within(dep, module) {
			continue
		}
		other := part(dep)
		switch {
		case own == "e2e":
			if other == "config" && slices.Contains(p.Imports, dep) {
				found = append(found, "imports "+dep+", as only the gateway may")
			}
		case here >= 0 && slices.Index(layers, other) > here:
			found = append(found, "depends on "+dep+", which stands above it")
		case other == "config" && own != "gateway":
			found = append(found, "depends on "+dep+", as only the gateway may")
		case forTests(strings.TrimPrefix(dep, module+"/")+"/") && !forTests(strings.TrimPrefix(p.ImportPath, module+"/")+"/"):
			found = append(found, "depends on "+dep+", which is for tests")
		}
	}
	return found
}

// forTests tells whether a file is in a package that only tests use.
func forTests(name string) bool {
	dir := path.Dir(name)
	return within(dir, "e2e") || path.Base(dir) == path.Base(path.Dir(dir))+"test"
}

// part is the first element of a package's path after that of the module.
func part(importPath string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(importPath, module+"/"), "/")
	return first
}

func within(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func lines(content []byte) int {
	n := bytes.Count(content, []byte("\n"))
	if len(content) > 0 && content[len(content)-1] != '\n' {
		n++
	}
	return n
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// output runs a command at the root of the tree.
func output(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var complaint strings.Builder
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Stderr = root(t), &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &complaint)
	}
	return out
}
