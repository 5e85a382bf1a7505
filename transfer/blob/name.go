package blob

import (
	"fmt"
	"strings"
)

// Bounds of names, in bytes. A key in S3 has at most 1,024 with the configured prefix, a file name at most 255.
const (
	MaxName    = 512
	MaxSegment = 128
)

// Name is the opaque name of an object: segments joined by "/", each a letter or digit followed by letters, digits, ".",
// "_" and "-". Letters are lower case, since some stores fold case. ".." occurs nowhere. It holds no personal data.
type Name string

// NewName joins the parts, each being one segment, and validates the result. A part that holds a slash is refused with
// ErrInvalidName, so that data cannot add a level.
func NewName(parts ...string) (Name, error) {
	for i, part := range parts {
		if strings.Contains(part, "/") {
			return "", fmt.Errorf("%w: part %d holds a slash", ErrInvalidName, i+1)
		}
	}
	name := Name(strings.Join(parts, "/"))
	if err := name.Validate(); err != nil {
		return "", err
	}
	return name, nil
}

// Validate answers ErrInvalidName unless n names an object. The error says where and why but does not repeat the name,
// which may be hostile.
func (n Name) Validate() error {
	if n == "" {
		return fmt.Errorf("%w: it is empty", ErrInvalidName)
	}
	if len(n) > MaxName {
		return fmt.Errorf("%w: longer than %d bytes", ErrInvalidName, MaxName)
	}
	number := 0
	for segment := range strings.SplitSeq(string(n), "/") {
		number++
		if reason := faultOf(segment); reason != "" {
			return fmt.Errorf("%w: segment %d %s", ErrInvalidName, number, reason)
		}
	}
	return nil
}

// ValidatePrefix answers ErrInvalidName unless n names a folder ("a/b/") or an object ("a/b").
func (n Name) ValidatePrefix() error {
	return Name(strings.TrimSuffix(string(n), "/")).Validate()
}

// Folder returns n as the prefix of everything below it: with exactly one slash at its end.
func (n Name) Folder() Name {
	return Name(strings.TrimSuffix(string(n), "/")) + "/"
}

// Under tells whether n is selected by prefix, as Delete and List read it. The empty prefix selects everything.
func (n Name) Under(prefix Name) bool {
	if prefix == "" || n == prefix {
		return true
	}
	return strings.HasPrefix(string(n), string(prefix.Folder()))
}

func faultOf(segment string) string {
	switch {
	case segment == "":
		return "is empty"
	case len(segment) > MaxSegment:
		return fmt.Sprintf("is longer than %d bytes", MaxSegment)
	case !alphanumeric(segment[0]):
		return "does not begin with a lower-case letter or a digit"
	case strings.Contains(segment, ".."):
		return "holds two dots in a row"
	}
	for i := range len(segment) {
		if c := segment[i]; !alphanumeric(c) && c != '.' && c != '_' && c != '-' {
			return fmt.Sprintf("holds the byte 0x%02x", c)
		}
	}
	return ""
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}
