package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fromYAML reads one YAML document of sections and keys. It is stricter than YAML: no second document, no alias, no key
// without a value, no number where a unit is needed.
func fromYAML(content []byte, all []key) (map[string]any, error) {
	d := yaml.NewDecoder(bytes.NewReader(content))
	var doc yaml.Node
	err := d.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return map[string]any{}, nil // an empty file configures nothing
	}
	if err != nil {
		return nil, fmt.Errorf("no YAML: %w", err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds a second document, which nobody would read: remove it")
	}
	r := &yamlReader{values: map[string]any{}, keys: map[string]key{}, sections: map[string]bool{}}
	for _, k := range all {
		r.keys[k.path] = k
		r.paths = append(r.paths, k.path)
		for i, c := range k.path {
			if c == '.' {
				r.sections[k.path[:i]] = true
			}
		}
	}
	if len(doc.Content) == 1 {
		r.mapping(doc.Content[0], "")
	}
	return r.values, errors.Join(r.errs...)
}

type yamlReader struct {
	keys     map[string]key
	paths    []string
	sections map[string]bool
	values   map[string]any
	errs     []error
}

func (r *yamlReader) fail(n *yaml.Node, format string, args ...any) {
	if len(r.errs) < 20 {
		r.errs = append(r.errs, fmt.Errorf("line %d: %w", n.Line, fmt.Errorf(format, args...)))
	}
}

func (r *yamlReader) mapping(n *yaml.Node, section string) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // a section of which nothing is set
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s is no section: write its keys below it, one a line", strings.TrimSuffix("the file."+section, "."))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		path := section + short(name.Value)
		k, isKey := r.keys[path]
		switch {
		case name.Kind != yaml.ScalarNode || name.Tag == "!!merge":
			r.fail(name, "a key is no plain word")
		case seen[name.Value]:
			r.fail(name, "%s is there twice: remove one", path)
		case strings.Contains(name.Value, ".") || (!isKey && !r.sections[path]):
			r.fail(name, "unknown key %q: did you mean %s?", path, nearest(path, r.paths))
		case !isKey:
			r.mapping(value, path+".")
		case k.secret:
			r.fail(name, "%s is a secret: give it as %s, or name a file that holds it with %s_file", path, k.env(), path)
		default:
			r.leaf(k, value)
		}
		seen[name.Value] = true
	}
}

func (r *yamlReader) leaf(k key, n *yaml.Node) {
	if k.kind == reflect.TypeFor[[]string]() {
		r.list(k, n)
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fail(n, "%s has no plain value: give it one, or remove the key", k.path)
		return
	}
	v, err := k.parse(n.Value)
	if err != nil {
		r.fail(n, "%s %w", k.path, err)
		return
	}
	r.values[k.path] = v
}

func (r *yamlReader) list(k key, n *yaml.Node) {
	items := []string{}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s is no list: write [one, two]", k.path)
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" || len(item.Value) > maxValue {
			r.fail(item, "%s holds what is no plain value: write [one, two]", k.path)
			return
		}
		items = append(items, item.Value)
	}
	r.values[k.path] = items
}
