package api

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"safeconduct/gateway/edge"
)

// readQuery refuses a query that two readers could take for different ones, before huma looks at it: huma, through
// net/url, passes over what it cannot read, so that a filter would be lost, and takes the first of two.
func readQuery(ctx huma.Context, next func(huma.Context)) {
	u := ctx.URL()
	if err := plainQuery(u.RawQuery); err != nil {
		edge.WriteProblem(humagin.Unwrap(ctx), err)
		return
	}
	next(ctx)
}

// plainQuery is edge.ErrMalformed, without a value, for a query that cannot be read whole, that names a parameter twice,
// or that holds what is no text.
func plainQuery(raw string) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return fmt.Errorf("%w: the query cannot be read", edge.ErrMalformed) // the cause quotes it
	}
	for name, all := range values {
		if len(all) != 1 {
			return fmt.Errorf("%w: the query names a parameter twice", edge.ErrMalformed)
		}
		if text := name + all[0]; !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("%w: the query is not UTF-8 text", edge.ErrMalformed)
		}
	}
	return nil
}
