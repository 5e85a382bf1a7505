package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/attest"
)

// attest has the sender attest the content of the files that the gateway's rules say cannot be matched to the manifest. It asks
// in the sender's language where there is a terminal; without one the flag is needed, before anything is refused for good.
func (f *sending) attest(ctx context.Context, s *shell, c *client.Client, o *client.Order) error {
	o.AttestsContent = o.AttestsContent || f.order.AttestsContent
	if o.AttestsContent {
		return nil
	}
	var book struct {
		Current struct {
			Rules struct {
				Transfer struct {
					MatchedTypes []string `json:"matched_types"`
				} `json:"transfer"`
			} `json:"rules"`
		} `json:"current"`
	}
	var p *edge.Problem
	if _, err := c.Get(ctx, "/rulebook", &book); errors.As(err, &p) && p.Status == http.StatusForbidden {
		return nil // a token that is limited to sending: the gate says what is missing
	} else if err != nil {
		return err
	}
	var opaque []string
	for i, file := range o.Files {
		if attest.Opaque(file.MediaType, book.Current.Rules.Transfer.MatchedTypes) {
			opaque = append(opaque, fmt.Sprintf("%d (%s)", i+1, printable(file.MediaType)))
		}
	}
	if len(opaque) == 0 {
		return nil
	}
	statement, err := attest.Content()
	if err != nil {
		return err
	}
	s.say("What these files hold cannot be matched to the manifest: file %s.", strings.Join(opaque, ", "))
	s.say("%s", statement.In(s.language()))
	if !terminal(s.In) {
		return usagef("look at each of them, and give --attest-content to attest this")
	}
	if err := s.ask(ctx, "Do you attest this? Type yes: "); err != nil {
		return err
	}
	o.AttestsContent = true
	return nil
}
