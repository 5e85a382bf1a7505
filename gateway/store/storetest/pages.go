package storetest

import (
	"testing"

	"safeconduct/authz/evidence"
)

// pages wants the list page by page, of whatever size, to be the records of these
// ids, each once, and no page after the last.
func pages[T any](t *testing.T, name string, k kind[T], list func(evidence.Page) (evidence.Listed[T], error), ids ...string) {
	t.Helper()
	for most := 1; most <= len(ids)+1; most++ {
		var all []T
		after, turned := "", 0
		for {
			l, err := list(evidence.Page{After: after, Most: most})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			turned++
			all = append(all, l.Items...)
			if after = l.Next; after == "" || turned > len(ids) {
				break
			}
		}
		lists(t, name, k, all, nil, ids...)
		if want := max(1, (len(ids)+most-1)/most); turned != want {
			t.Errorf("%s: %d pages of %d, want %d", name, turned, most, want)
		}
	}
}
