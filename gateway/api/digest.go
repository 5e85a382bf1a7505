package api

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"safeconduct/gateway/edge"
)

const sha256Name = "sha-256"

// contentDigest reads the SHA-256 that a request declares of its content (RFC 9530, section 2), as hex; empty where it
// declares none. Other algorithms are passed over. A field that cannot be read is edge.ErrMalformed: a sender who meant
// to declare a digest must not be taken for one who did not.
func contentDigest(h http.Header) (string, error) {
	field := strings.Join(h.Values("Content-Digest"), ",")
	if strings.TrimSpace(field) == "" {
		return "", nil
	}
	sum := ""
	for member := range strings.SplitSeq(field, ",") {
		name, value, ok := strings.Cut(strings.Trim(member, " \t"), "=")
		text, open := strings.CutPrefix(value, ":")
		text, closed := strings.CutSuffix(text, ":")
		if !ok || !open || !closed || name == "" {
			return "", badDigest()
		}
		if name != sha256Name {
			continue
		}
		b, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(b) != 32 || strings.ContainsAny(text, "\r\n") || sum != "" && sum != hex.EncodeToString(b) {
			return "", badDigest()
		}
		sum = hex.EncodeToString(b)
	}
	return sum, nil
}

func badDigest() error {
	return fmt.Errorf("%w: Content-Digest is such as sha-256=:BASE64: (RFC 9530)", edge.ErrMalformed)
}

// reprDigest writes a hex SHA-256 as the value of Repr-Digest (RFC 9530, section 3); empty where it is none.
func reprDigest(sum string) string {
	b, err := hex.DecodeString(sum)
	if err != nil || len(b) != 32 {
		return ""
	}
	return sha256Name + "=:" + base64.StdEncoding.EncodeToString(b) + ":"
}
