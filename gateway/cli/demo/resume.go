package demo

import (
	"context"
	"fmt"
	"net/http"

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
)

// Resume shows that a world that was played before is whole: its tokens are
// honoured, and its log verifies.
func Resume(ctx context.Context, s System, w World, report Reporter) error {
	c, err := client.New(s.URL, w.Tokens[authz.RO], client.Options{Language: "en"})
	if err != nil {
		return err
	}
	defer c.Close()
	who := call{step: "serve-again", role: authz.RO, what: "is let in again, by the token of then", method: http.MethodGet, path: "/tokens/current"}
	status, err := c.Call(ctx, who.method, who.path, nil, nil)
	if err != nil {
		return fmt.Errorf("the world in %s cannot be served again: its tokens end after %d days; name a new folder: %w", WorldFile, tokenDays, err)
	}
	if err := report.Step(who.telling(status, Done)); err != nil {
		return err
	}
	v, err := s.verify(ctx, nil, shortPause)
	if err != nil {
		return unexpected("verify-log", err)
	}
	if !v.OK() || v.Waiting != 0 || v.Signed != v.Size {
		return fmt.Errorf("%w: step verify-log: %s", ErrUnexpected, summary(v))
	}
	return report.Step(Telling{
		Step: Step{Step: "verify-log", Actor: Operator, Outcome: Done, Codes: []string{}}, What: "verifies the log", Notes: []string{summary(v)},
	})
}
