package client

import (
	"context"
	"net/url"
	"strings"
)

// All reads the list at path to its end, page by page, in its order. What is saved
// meanwhile may be in it or not; nothing is in it twice.
func All[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	var all []T
	and := "?"
	if strings.Contains(path, "?") {
		and = "&"
	}
	for next := path; ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next_after"`
		}
		if _, err := c.Get(ctx, next, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		next = path + and + "after=" + url.QueryEscape(page.Next)
	}
}
