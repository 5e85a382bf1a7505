package api

import "safeconduct/authz/evidence"

// PageQuery is the part of a list that is asked for. It is exported for huma, which passes over what it cannot name.
type PageQuery struct {
	After string `query:"after" maxLength:"200" doc:"go on after what next_after of the page before says"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
}

func (q PageQuery) page() evidence.Page { return evidence.Page{After: q.After, Most: q.Limit} }

// page is the JSON body of a list that goes page by page.
type page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next_after,omitempty" doc:"after for the next page; left out at the end of the list. A page may be short before it"`
}

func paged[T any](l evidence.Listed[T], err error) (page[T], error) {
	return page[T]{Items: full(l.Items), Next: l.Next}, err
}
