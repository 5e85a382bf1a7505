package client

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
)

// Scan is what the gateway says of a scan that it keeps.
type Scan struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// SendScan sends the scan of an agreement's signed paper, of the size and hash
// that Describe found. It is streamed, and repeated from its beginning where the
// connection is lost: a gateway that has it answers with it.
func (c *Client) SendScan(ctx context.Context, agreement string, size int64, sum string, src Source) (Scan, error) {
	raw, err := hex.DecodeString(sum)
	if err != nil {
		return Scan{}, fmt.Errorf("sending a scan: %w", ErrIntegrity)
	}
	var kept Scan
	err = c.repeat(ctx, func() error {
		if _, err := src.Seek(0, 0); err != nil {
			return fmt.Errorf("reading the scan again: %w", err)
		}
		body := &watched{src: src, see: func(int64) {}}
		defer body.end()
		r, err := c.request(ctx, http.MethodPost, "/agreements/"+url.PathEscape(agreement)+"/scans", body)
		if err != nil {
			return err
		}
		r.ContentLength = size
		r.Header.Set("Content-Type", "application/octet-stream")
		r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(raw)+":") // RFC 9530
		r.Header.Set("Expect", "100-continue")                                                 // a refusal comes before the bytes go
		if _, err := c.send(r, &kept); err != nil {
			return err
		}
		if kept.SHA256 != sum || kept.Size != size {
			return fmt.Errorf("sending a scan: %w", ErrIntegrity)
		}
		return nil
	})
	return kept, err
}
