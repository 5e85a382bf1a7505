package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Stream writes the answer to a GET of path to w as it comes, however long it
// is. It is asked for once: an answer that breaks off is not whole, and an error.
func (c *Client) Stream(ctx context.Context, path string, w io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	resp, err := c.do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	if resp.StatusCode != http.StatusOK {
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxJSON))
		if err != nil {
			return unreachable(ctx, err)
		}
		return problem(resp, b)
	}
	watch := time.AfterFunc(stall, func() { cancel(errStalled) })
	defer watch.Stop()
	buf := make([]byte, 128<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			watch.Reset(stall)
			if _, err := w.Write(buf[:n]); err != nil {
				return fmt.Errorf("writing what comes: %w", err)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && errors.Is(context.Cause(ctx), errStalled):
			return fmt.Errorf("%w: %w", ErrUnreachable, errStalled)
		case err != nil:
			return unreachable(ctx, err)
		}
	}
}
