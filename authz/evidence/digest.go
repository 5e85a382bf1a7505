package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// DigestOf is the hex SHA-256 of a stored body.
func DigestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// IsDigest holds for the form of a SHA-256 as it is written everywhere: 64
// hexadecimal digits, in small letters.
func IsDigest(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
