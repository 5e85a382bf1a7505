// Package attest holds what is attested of files that cannot be matched to a manifest (gate.md: opaque files): the sender
// attests the content in fixed words, and the approver, who never sees the payload, the necessity in words of their own.
package attest

import (
	_ "embed" // the words are data
	"fmt"
	"mime"
	"slices"

	"go.yaml.in/yaml/v3"
)

//go:embed content.yaml
var content []byte

// ContentVersion is the version of the statement in force about the content of opaque files.
const ContentVersion = "1"

// Statement is what a sender attests, in each language.
type Statement struct {
	Version string `yaml:"version"`
	English string `yaml:"en"`
	French  string `yaml:"fr"`
	Spanish string `yaml:"es"`
}

// Content is the statement in force about the content of opaque files.
func Content() (Statement, error) {
	var s Statement
	if err := yaml.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("reading the statement on the content of opaque files: %w", err)
	}
	if s.Version != ContentVersion {
		return s, fmt.Errorf("the statement on the content of opaque files is of version %q, not of %s", s.Version, ContentVersion)
	}
	return s, nil
}

// In is the statement in a language, in English where it is in none of that name.
func (s Statement) In(language string) string {
	switch language {
	case "fr":
		return s.French
	case "es":
		return s.Spanish
	}
	return s.English
}

// Opaque reports whether what is declared under the media type cannot be matched to a manifest: everything but the types
// that are listed, whatever their parameters.
func Opaque(mediaType string, matched []string) bool {
	base, _, err := mime.ParseMediaType(mediaType)
	return err != nil || !slices.Contains(matched, base)
}
