// Package undertaking holds the texts of the confidentiality undertaking that everybody signs (R23): versioned data, in
// English, French and Spanish. The rulebook says which version is in force.
package undertaking

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed texts
var texts embed.FS

// ErrUnknown says that there is no text of that version in that language.
var ErrUnknown = errors.New("no such text of the undertaking")

// Text is one version of the undertaking in one language.
type Text struct {
	Version  string `json:"version"`
	Language string `json:"language"`
	Text     string `json:"text"`
	Digest   string `json:"digest"` // hex SHA-256 of Text
}

// Find answers with the text of a version in a language: en, fr or es.
func Find(version, language string) (Text, error) {
	if !slices.Contains(Versions(), version) || !slices.Contains([]string{"en", "fr", "es"}, language) {
		return Text{}, ErrUnknown
	}
	b, err := texts.ReadFile(path.Join("texts", version, language+".txt"))
	if err != nil {
		return Text{}, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	text := strings.TrimSpace(string(b))
	sum := sha256.Sum256([]byte(text))
	return Text{Version: version, Language: language, Text: text, Digest: hex.EncodeToString(sum[:])}, nil
}

// Versions lists the versions that the program brings. A rulebook may name no
// other: nobody could sign it, and every role would be locked.
func Versions() []string {
	entries, err := fs.ReadDir(texts, "texts")
	if err != nil {
		return nil
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
