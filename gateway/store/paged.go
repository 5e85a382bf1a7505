package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"safeconduct/authz/evidence"
)

// order is that of a list: by a column of whole numbers where it names one, and
// then by id.
type order struct {
	column string
	down   bool
}

// paged lists one page of the records that where selects; where may end in AND
// conditions, and neither orders nor limits. A page begins after a place in the
// order, and not after so many records: what is saved meanwhile moves nothing. A
// place that no page ended in is as good as any; one that cannot be read is the
// end.
func paged[T any](ctx context.Context, t *tx, r record[T], by order, p evidence.Page, where string, args ...any) (evidence.Listed[T], error) {
	than, down := ">", ""
	if by.down {
		than, down = "<", " DESC"
	}
	args = slices.Clone(args)
	mark := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	end := "r.id" + down
	if by.column != "" {
		end = "r." + by.column + down + ", " + end
	}
	switch at, id, ok := endOf(p.After); {
	case p.After == "":
	case by.column == "":
		where += " AND r.id " + than + " " + mark(p.After)
	case !ok:
		return evidence.Listed[T]{}, nil
	default:
		where += fmt.Sprintf(" AND (r.%s, r.id) %s (%s, %s)", by.column, than, mark(at), mark(id))
	}
	limit := p.Limit()
	all, err := find(ctx, t, r, "WHERE "+where+" ORDER BY "+end+" LIMIT "+mark(limit+1), args...)
	if err != nil || len(all) <= limit {
		return evidence.Listed[T]{Items: all}, err
	}
	last := all[limit-1]
	next, _ := r.ident(last)
	if by.column != "" {
		next = fmt.Sprint(r.values(last)[slices.Index(r.columns, by.column)]) + "_" + next
	}
	return evidence.Listed[T]{Items: all[:limit], Next: next}, nil
}

// endOf reads where a page ended that is ordered by a column.
func endOf(after string) (at int64, id string, ok bool) {
	number, id, ok := strings.Cut(after, "_")
	at, err := strconv.ParseInt(number, 10, 64)
	return at, id, ok && err == nil
}
