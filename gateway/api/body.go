package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"safeconduct/gateway/edge"
)

// What is wrong with a body that cannot be read. The texts hold nothing of the body: it may be personal data.
var (
	errText  = errors.New("is not UTF-8 text")
	errHalf  = errors.New("has an escape that is half a character")
	errJSON  = errors.New("is not one JSON value")
	errDepth = errors.New("is nested too deeply")
	errTwice = errors.New("has an object that names a member twice")
	errNUL   = errors.New("holds the character U+0000")
	errForm  = errors.New("has a member that is not of the form that the schema gives")
)

// maxDepth bounds how deeply a body may be nested.
const maxDepth = 32

// unmarshal reads a body, twice as huma does: first as any value, to be checked against the schema, then into the input.
func unmarshal(data []byte, v any) error {
	if plain, ok := v.(*any); ok {
		if err := unambiguous(data); err != nil {
			return err
		}
		if err := json.Unmarshal(data, plain); err != nil {
			return errJSON
		}
		return nil
	}
	if err := json.Unmarshal(data, v); err != nil {
		return errForm
	}
	return nil
}

// unambiguous refuses a text that two readers could take for different values: huma and encoding/json do not tell the
// case of member names apart, and take the last of two.
func unambiguous(data []byte) error {
	if !utf8.Valid(data) {
		return errText
	}
	if !whole(data) {
		return errHalf
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := oneValue(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errJSON
	}
	return nil
}

// whole reports whether every escape of a surrogate is one of a pair (RFC 8259, section 8.2): encoding/json takes U+FFFD
// for a half, whatever it is, and another reader takes something else. A reverse solidus stands in strings alone.
func whole(data []byte) bool {
	for {
		i := bytes.IndexByte(data, '\\')
		if i < 0 || i+1 == len(data) {
			return true
		}
		data = data[i:]
		first, ok := escape(data)
		switch {
		case !ok:
			data = data[2:]
		case !utf16.IsSurrogate(first):
			data = data[6:]
		default:
			second, ok := escape(data[6:])
			if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
				return false
			}
			data = data[12:]
		}
	}
}

// escape reads \uXXXX at the beginning of data.
func escape(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
}

func oneValue(d *json.Decoder, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	t, err := d.Token()
	if err != nil {
		return errJSON
	}
	switch t := t.(type) {
	case string:
		return noNUL(t)
	case json.Delim:
		if err := members(d, t == '{', depth); err != nil {
			return err
		}
		if _, err := d.Token(); err != nil {
			return errJSON
		}
	}
	return nil
}

func members(d *json.Decoder, object bool, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		if object {
			t, err := d.Token()
			name, ok := t.(string)
			if err != nil || !ok {
				return errJSON
			}
			folded := strings.ToLower(strings.ToUpper(name))
			if seen[folded] {
				return errTwice
			}
			seen[folded] = true
			if err := noNUL(name); err != nil {
				return err
			}
		}
		if err := oneValue(d, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func noNUL(s string) error {
	if strings.ContainsRune(s, 0) {
		return errNUL
	}
	return nil
}

// readBody reads the body of an operation that takes one, within the bounds of the edge, before huma looks at it: huma
// would answer a body that is too large, too slow or cut off as an internal error.
func (r *routes) readBody(ctx huma.Context, next func(huma.Context)) {
	var body []byte
	if ctx.Operation().RequestBody != nil {
		in := &incoming{Reader: ctx.BodyReader()}
		var err error
		if body, err = io.ReadAll(in); err != nil {
			edge.WriteProblem(humagin.Unwrap(ctx), in.because(err))
			return
		}
		ctx = inMemory{ctx, bytes.NewReader(body)}
	}
	ctx, err := r.keyed(ctx, body)
	if err != nil {
		edge.WriteProblem(humagin.Unwrap(ctx), err)
		return
	}
	next(ctx)
}

// request is huma.Context, under a name that can be embedded: it has a method Context.
type request = huma.Context

// inMemory is a request whose body was read.
type inMemory struct {
	request
	body io.Reader
}

func (m inMemory) BodyReader() io.Reader { return m.body }

// Unwrap is for humagin.Unwrap.
func (m inMemory) Unwrap() huma.Context { return m.request }

// SetReadDeadline does nothing: there is nothing left to read.
func (inMemory) SetReadDeadline(time.Time) error { return nil }
