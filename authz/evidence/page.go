package evidence

// MaxPage is how many records one page of a list has at most.
const MaxPage = 500

// Page is which part of a list is asked for: of the order that the list has, what
// follows a place in it.
type Page struct {
	After string // Next of the page before; empty for the first
	Most  int    // records, from 1 to MaxPage; MaxPage where it is not
}

// Limit is how many records the page has at most.
func (p Page) Limit() int {
	if p.Most < 1 || p.Most > MaxPage {
		return MaxPage
	}
	return p.Most
}

// Listed is one page of a list. Where some of it is not for the reader it is
// shorter than was asked for, and may be empty, before the end.
type Listed[T any] struct {
	Items []T
	Next  string // After of the page that follows; empty at the end
}
