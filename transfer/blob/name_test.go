package blob_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/blobtest"
)

func TestNewName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		parts []string
		want  blob.Name
	}{
		{[]string{"a"}, "a"},
		{[]string{"t", "01jz8", "1", "000001.7-x_y"}, "t/01jz8/1/000001.7-x_y"},
		{[]string{strings.Repeat("a", blob.MaxSegment)}, blob.Name(strings.Repeat("a", blob.MaxSegment))},
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"a", ""}, ""},
		{[]string{"a/b"}, ""},
		{[]string{"a", "../b"}, ""},
		{[]string{"A"}, ""},
		{[]string{strings.Repeat("a", blob.MaxSegment+1)}, ""},
	}
	for _, test := range tests {
		got, err := blob.NewName(test.parts...)
		if got != test.want {
			t.Errorf("NewName(%q) = %q, %v; want %q", test.parts, got, err, test.want)
		}
		if refused := errors.Is(err, blob.ErrInvalidName); refused != (test.want == "") {
			t.Errorf("NewName(%q): error %v", test.parts, err)
		}
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	for prefix, valid := range map[blob.Name]bool{
		"a": true, "a/": true, "a/b/": true, "": false, "/": false, "a//": false, "../": false, "a/../": false,
	} {
		if err := prefix.ValidatePrefix(); (err == nil) != valid {
			t.Errorf("ValidatePrefix(%q) = %v", prefix, err)
		}
	}
	tests := []struct {
		name, prefix blob.Name
		want         bool
	}{
		{"a/b", "", true},
		{"a/b", "a/b", true},
		{"a/b", "a/b/", false},
		{"a/b/c", "a/b", true},
		{"a/b/c", "a/b/", true},
		{"a/bc", "a/b", false},
		{"a/bc", "a/b/", false},
		{"b", "a", false},
	}
	for _, test := range tests {
		if got := test.name.Under(test.prefix); got != test.want {
			t.Errorf("%q under %q = %v", test.name, test.prefix, got)
		}
	}
	if got := blob.Name("a/b").Folder(); got != "a/b/" || got.Folder() != "a/b/" {
		t.Errorf("Folder() = %q", got)
	}
}

// nameSeeds are the inputs the fuzzer starts from.
func nameSeeds() []string {
	seeds := []string{"a", "a/b", "t/01jz8/1/000001", "a.b", "a-b_c.d", "0", "a/", "a//b", "é", "a/é"}
	for _, hostile := range blobtest.HostileNames() {
		seeds = append(seeds, string(hostile))
	}
	return seeds
}

func TestNameSeeds(t *testing.T) {
	t.Parallel()
	if got, want := len(nameSeeds()), 35; got != want {
		t.Fatalf("%d fuzz seeds, want %d", got, want)
	}
}

func FuzzName(f *testing.F) {
	for _, seed := range nameSeeds() {
		f.Add(seed)
	}
	grammar := regexp.MustCompile(`\A[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*\z`)
	f.Fuzz(func(t *testing.T, text string) {
		err := blob.Name(text).Validate()
		if err != nil && !errors.Is(err, blob.ErrInvalidName) {
			t.Fatalf("unexpected error %v", err)
		}
		if len(text) > 8 && err != nil && strings.Contains(err.Error(), text) {
			t.Fatalf("the error repeats the hostile name")
		}
		short := true
		for segment := range strings.SplitSeq(text, "/") {
			short = short && len(segment) <= blob.MaxSegment
		}
		want := grammar.MatchString(text) && !strings.Contains(text, "..") && len(text) <= blob.MaxName && short
		if (err == nil) != want {
			t.Fatalf("Validate(%q) = %v", text, err)
		}
		if err != nil {
			return
		}
		again, err := blob.NewName(strings.Split(text, "/")...)
		if err != nil || string(again) != text {
			t.Fatalf("round trip of %q: %q, %v", text, again, err)
		}
	})
}
