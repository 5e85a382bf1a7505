package api

import (
	"net/http"
	"strconv"
	"strings"
)

// rangeFrom reads a Range of the one form that is served, "bytes=N-" (RFC 9110, section 14.2). Every other one is to be
// ignored, as if it were not there: ok is false then.
func rangeFrom(h http.Header) (offset int64, ok bool) {
	values := h.Values("Range")
	if len(values) != 1 {
		return 0, false
	}
	unit, set, found := strings.Cut(values[0], "=")
	if !found || !strings.EqualFold(unit, "bytes") { // range units are case-insensitive
		return 0, false
	}
	digits, open := strings.CutSuffix(strings.Trim(set, " \t"), "-")
	if !open || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	return n, true
}

// sameFile reports whether If-Range allows a range of the file with that hex SHA-256 (RFC 9110, section 13.1.5): a
// strong tag that is equal. A date never does, since no file has one.
func sameFile(h http.Header, sum string) bool {
	values := h.Values("If-Range")
	return len(values) == 0 || len(values) == 1 && sum != "" && values[0] == entityTag(sum)
}

// entityTag is the strong entity tag of the file with that hex SHA-256.
func entityTag(sum string) string { return `"` + sum + `"` }

func contentRange(offset, size int64) string {
	return "bytes " + strconv.FormatInt(offset, 10) + "-" + strconv.FormatInt(size-1, 10) + "/" + strconv.FormatInt(size, 10)
}
