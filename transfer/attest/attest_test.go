package attest_test

import (
	"testing"

	"safeconduct/transfer/attest"
)

func TestContent(t *testing.T) {
	s, err := attest.Content()
	if err != nil || s.Version == "" {
		t.Fatal(s, err)
	}
	seen := map[string]bool{}
	for _, language := range []string{"en", "fr", "es"} {
		if text := s.In(language); len(text) < 40 || seen[text] {
			t.Errorf("%s: %q", language, text)
		}
		seen[s.In(language)] = true
	}
	if s.In("de") != s.English {
		t.Error("an unknown language is not answered in English")
	}
}

func TestOpaque(t *testing.T) {
	matched := []string{"text/csv", "application/json"}
	for mediaType, want := range map[string]bool{
		"text/csv": false, "TEXT/CSV": false, "text/csv; charset=utf-8": false, "application/json": false,
		"application/pdf": true, "video/mp4": true, "text/plain": true, "": true, "text/csv;": false, "text/csv;;": true,
	} {
		if got := attest.Opaque(mediaType, matched); got != want {
			t.Errorf("%q: %v", mediaType, got)
		}
	}
	if !attest.Opaque("text/csv", nil) {
		t.Error("where no type is listed something can be matched")
	}
}
