package config

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Print writes the configuration in force as YAML, with the origin of each value beside it. Secrets are redacted. But for
// those, the text is a configuration file that means the same.
func (c Config) Print(w io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	sections := map[string]*yaml.Node{"": root}
	for _, k := range keys() {
		section, name := k.section()
		parent := nested(sections, section)
		origin, set := c.origins[k.path]
		if !set {
			origin = "default"
		}
		v := k.of(&c)
		if (k.secret && v.IsZero()) || (k.path == "data" && c.Profile == Production) {
			continue // not in force
		}
		label, value := word(name), k.node(v)
		value.LineComment = "# " + origin
		parent.Content = append(parent.Content, label, value)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return fmt.Errorf("printing the configuration: %w", err)
	}
	if err := e.Close(); err != nil {
		return fmt.Errorf("printing the configuration: %w", err)
	}
	return nil
}

// nested is the mapping of a section, made with those around it where it is not there yet.
func nested(sections map[string]*yaml.Node, section string) *yaml.Node {
	if n := sections[section]; n != nil {
		return n
	}
	outer, name := split(section)
	n := &yaml.Node{Kind: yaml.MappingNode}
	parent := nested(sections, outer)
	parent.Content = append(parent.Content, word(name), n)
	sections[section] = n
	return n
}

func word(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func (k key) node(v reflect.Value) *yaml.Node {
	if list, ok := v.Interface().([]string); ok {
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, item := range list {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: item})
		}
		return n
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: k.text(v)}
	if v.Kind() == reflect.String {
		n.Tag = "!!str"
	}
	return n
}

// Reference is the documentation of every key, as Markdown. It depends on nothing but the code.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

Written by the program from its own keys; a test fails when this file is not what the program would write.

A value comes from the first of these that has it: a flag, the environment, the YAML file (` + "`--config`" + `), the
default. A key that does not exist is an error wherever it stands, and so is a value that cannot be; the message names the
key and what to write. ` + "`safeconduct config print`" + ` shows what is in force, and where each value came from.

- A flag is the key with hyphens: ` + "`server.listen`" + ` is ` + "`--server-listen`" + `. Secrets have none.
- A variable is the key in capitals, sections parted by two underscores: ` + "`SAFECONDUCT_SERVER__LISTEN`" + `.
- In the file, sections are nested: ` + "`server:`" + ` and, below it, ` + "`listen: 127.0.0.1:8080`" + `.
- Durations and amounts of bytes need their unit: ` + "`30s`, `2m`, `64KiB`, `5GiB`" + `. Lists are ` + "`[a, b]`" + ` in the
  file, and ` + "`a,b`" + ` elsewhere.

Profile ` + "`embedded`" + ` uses, for each of the sections database, vault and s3 that is not configured, an embedded part in
` + "`data`" + `. Profile ` + "`production`" + ` refuses embedded parts: it needs the three sections, TLS (its own, or at trusted
proxies), allowed_hosts, and a login of its own for each duty that the process plays (operations.md).
`)
	defaults := Default([]string{"XDG_DATA_HOME=/XDG"})
	section := "\x00"
	for _, k := range keys() {
		if name, _ := k.section(); name != section {
			section = name
			title := cmp.Or(name, "General")
			b.WriteString("\n## " + title + "\n\n| Key | Kind | Default | Meaning |\n|---|---|---|---|\n")
		}
		text := k.text(k.of(&defaults))
		switch {
		case k.path == "data":
			text = "$XDG_DATA_HOME/safeconduct"
		case text == "" || text == "[]":
			text = "-"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", k.path, k.named(), text, strings.ReplaceAll(k.doc, "|", "\\|"))
	}
	b.WriteString("\n## Variables of the client commands\n\n| Variable | Meaning |\n|---|---|\n")
	client := clientVariables()
	for _, name := range []string{"CONFIG", "URL", "TOKEN", "TOKEN_FILE"} {
		fmt.Fprintf(&b, "| `%s` | %s |\n", prefix+name, client[prefix+name])
	}
	return b.String()
}

// named names the key's type for people.
func (k key) named() string {
	switch {
	case k.secret:
		return "secret"
	case k.kind == reflect.TypeFor[time.Duration]():
		return "duration"
	case k.bytes:
		return "bytes"
	case k.kind.Kind() == reflect.Bool:
		return "true or false"
	case k.kind.Kind() == reflect.Slice:
		return "list"
	case k.kind.Kind() == reflect.String:
		return "text"
	default:
		return "number"
	}
}
