package acts

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v3"
)

// Plain is a JSON answer as people read it: the same members in the same order,
// without braces and most quotes. What cannot be told so stays JSON.
func Plain(answer []byte) string {
	var node yaml.Node
	if yaml.Unmarshal(answer, &node) == nil { // JSON is YAML, but for halves of characters
		block(&node)
		if text, err := yaml.Marshal(&node); err == nil {
			return string(text)
		}
	}
	var b bytes.Buffer
	if json.Indent(&b, answer, "", "  ") != nil {
		return string(answer)
	}
	return b.String()
}

func block(n *yaml.Node) {
	if len(n.Content) > 0 || n.Kind == yaml.ScalarNode {
		n.Style = 0
	}
	for _, below := range n.Content {
		block(below)
	}
}
