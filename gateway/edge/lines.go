package edge

// lines are the places of those whose token has not been valid a short while ago, while it is looked up. The one of
// networks that fail too often is narrow: it is what their guesses may cost.
type lines struct{ wide, narrow chan struct{} }

const narrowLine = 2

func newLines(c Config) lines {
	// Half of what is kept for releases: guesses at their routes leave room for them.
	return lines{wide: make(chan struct{}, c.MaxRequests/8), narrow: make(chan struct{}, narrowLine)}
}

// enter takes a place, and reports whether there was one; leave gives it back.
func (l lines) enter(narrow bool) (leave func(), ok bool) {
	line := l.wide
	if narrow {
		line = l.narrow
	}
	select {
	case line <- struct{}{}:
		return func() { <-line }, true
	default:
		return nil, false
	}
}
