package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// target is one fuzz function.
type target struct {
	Package string // import path
	Dir     string
	Name    string
	Digest  string // of the sources of its package
}

func (t target) String() string { return t.Package + "." + t.Name }

// discover lists every fuzz target of the module at root, in order.
func discover(ctx context.Context, root string) ([]target, error) {
	list := exec.CommandContext(ctx, "go", "list", "-f", "{{.ImportPath}}\t{{.Dir}}", "./...")
	list.Dir = root
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages of %s: %w", root, err)
	}
	var all []target
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		path, dir, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			continue
		}
		names, err := fuzzers(dir)
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			continue
		}
		digest, err := digestOf(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			all = append(all, target{path, dir, name, digest})
		}
	}
	slices.SortFunc(all, func(a, b target) int { return strings.Compare(a.String(), b.String()) })
	return all, lines.Err()
}

// fuzzers names the fuzz functions in the test files of a folder.
func fuzzers(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, fmt.Errorf("looking for tests: %w", err)
	}
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("reading a test file: %w", err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") && takesF(f) {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names, nil
}

// takesF reports whether the one parameter is a *testing.F.
func takesF(f *ast.FuncDecl) bool {
	if f.Type.Params.NumFields() != 1 {
		return false
	}
	star, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	named, ok := star.X.(*ast.SelectorExpr)
	return ok && named.Sel.Name == "F"
}

// digestOf hashes the names and contents of the Go files of a folder.
func digestOf(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", fmt.Errorf("looking for sources: %w", err)
	}
	slices.Sort(files)
	sum := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("reading a source: %w", err)
		}
		one := sha256.Sum256(text)
		if _, err := io.WriteString(sum, filepath.Base(file)+"\n"+hex.EncodeToString(one[:])+"\n"); err != nil {
			return "", fmt.Errorf("hashing the sources: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
