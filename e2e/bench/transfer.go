package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"safeconduct/gateway/cli/client"
)

var errAnswer = errors.New("the gateway answers otherwise")

// file asks as who for file 1 of a transfer.
func (w *world) file(ctx context.Context, who *person, method, transfer string, body io.Reader, size int64) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.url+client.API+"/transfers/"+transfer+"/files/1", body)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+who.token.Reveal())
	if body != nil {
		r.ContentLength = size
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	resp, err := w.rounds.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%s of a file: %w", method, err)
	}
	return resp, nil
}

// upload streams size bytes of body.
func (w *world) upload(ctx context.Context, who *person, transfer string, body io.Reader, size int64) (err error) {
	resp, err := w.file(ctx, who, http.MethodPut, transfer, body, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("uploading: %w: %d %s", errAnswer, resp.StatusCode, text)
	}
	return nil
}

// pull streams the file into out, and wants size bytes.
func (w *world) pull(ctx context.Context, who *person, transfer string, out io.Writer, size int64) (err error) {
	resp, err := w.file(ctx, who, http.MethodGet, transfer, nil, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		text, err := io.ReadAll(resp.Body)
		return errors.Join(fmt.Errorf("pulling: %w: %d %s", errAnswer, resp.StatusCode, text), err)
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{out}, resp.Body, make([]byte, copySize))
	if err != nil {
		return fmt.Errorf("pulling: %w", err)
	}
	if n != size {
		return fmt.Errorf("pulling: %w: %d bytes of %d", errAnswer, n, size)
	}
	return nil
}

const copySize = 256 << 10

func (w *world) commit(ctx context.Context, who *person, transfer string) error {
	t, err := who.client.Commit(ctx, transfer)
	if err == nil && t.State != "available" {
		err = fmt.Errorf("committing: %w: it is %s", errAnswer, t.State)
	}
	return err
}
