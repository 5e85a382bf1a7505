package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"safeconduct/gateway/cli/client"
)

// maxItems bounds what is read of a list in one call.
const maxItems = 10_000

var errPage = errors.New("the gateway's page is not of the form that this program knows; use the program of the gateway's version")

// page is one of a list.
type page struct {
	Items []json.RawMessage `json:"items"`
	Next  json.RawMessage   `json:"next_after"`
}

// pages reads a list to its end, or as far as one call goes.
func (f *acting) pages(ctx context.Context, s *shell, c *client.Client, args []string, query url.Values) error {
	all := page{Items: []json.RawMessage{}}
	for {
		answer, err := f.call(ctx, c, args, query, nil)
		if err != nil {
			return err
		}
		var next page
		if err := json.Unmarshal(answer, &next); err != nil {
			return errPage
		}
		all.Items = append(all.Items, next.Items...)
		after := next.after()
		if after == "" || after == query.Get("after") {
			break
		}
		if len(all.Items) >= maxItems {
			s.say("safeconduct: there is more; go on with --set after=%s", printable(after))
			break
		}
		query.Set("after", after)
	}
	whole, err := json.Marshal(map[string]any{"items": all.Items})
	if err != nil {
		return fmt.Errorf("writing the list: %w", err)
	}
	return f.show(s, whole)
}

// after is what the next page comes after; empty at the end.
func (p page) after() string {
	var number json.Number
	var text string
	switch {
	case json.Unmarshal(p.Next, &number) == nil:
		return number.String()
	case json.Unmarshal(p.Next, &text) == nil:
		return text
	}
	return ""
}
