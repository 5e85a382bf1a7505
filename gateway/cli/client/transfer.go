package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"safeconduct/gateway/edge"
)

// Order is a transfer as it is asked for (POST /transfers).
type Order struct {
	Mission        string   `json:"mission"`
	Partner        string   `json:"partner,omitempty"`
	Purpose        string   `json:"purpose,omitempty"`
	Nature         string   `json:"nature,omitempty"`
	RecipientClass string   `json:"recipient_class,omitempty"`
	Categories     []string `json:"categories,omitempty"`
	Fields         []string `json:"fields,omitempty"`
	Subjects       []string `json:"subjects,omitempty"`
	Origin         Origin   `json:"data_origin,omitzero"`
	Onward         []string `json:"onward_recipients,omitempty"`
	Pathway        string   `json:"pathway,omitempty"`
	Files          []File   `json:"files,omitempty"`
	Agreement      string   `json:"agreement,omitempty"`
	// AttestsContent says that the sender attests the content of files that cannot be matched to the manifest.
	AttestsContent bool `json:"attests_content,omitempty"`
}

// Origin is where the data come from (R39).
type Origin struct {
	Source    string `json:"source,omitempty"` // own or third_party
	Country   string `json:"country,omitempty"`
	Clearance string `json:"clearance,omitempty"`
}

// File is one file of a transfer. N and State are the gateway's.
type File struct {
	N         int    `json:"n,omitempty"`
	MediaType string `json:"media_type,omitempty"`
	Size      *int64 `json:"size,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	State     string `json:"state,omitempty"`
}

// Transfer is what a command reads of a transfer.
type Transfer struct {
	ID            string   `json:"id"`
	State         string   `json:"state"`
	Files         []File   `json:"files"`
	NeedsApproval bool     `json:"needs_approval,omitempty"`
	Codes         []string `json:"codes,omitempty"`
}

// Transfer reads a transfer.
func (c *Client) Transfer(ctx context.Context, id string) (Transfer, error) {
	var t Transfer
	_, err := c.Get(ctx, transferPath(id), &t)
	return t, err
}

// Request asks to send.
func (c *Client) Request(ctx context.Context, o Order) (Transfer, error) {
	var t Transfer
	_, err := c.Call(ctx, http.MethodPost, "/transfers", o, &t)
	return t, err
}

// Commit releases a sealed transfer; repeating it answers alike.
func (c *Client) Commit(ctx context.Context, id string) (Transfer, error) {
	var t Transfer
	_, err := c.Call(ctx, http.MethodPost, transferPath(id)+"/commit", nil, &t)
	return t, err
}

// Receipt confirms one file by its hash.
type Receipt struct {
	N      int    `json:"n"`
	SHA256 string `json:"sha256"`
}

// Acknowledge confirms what was pulled. A transfer whose receipt was confirmed
// before, in whole, stays so: that is no error.
func (c *Client) Acknowledge(ctx context.Context, id string, receipts []Receipt) (Transfer, error) {
	var t Transfer
	_, err := c.Call(ctx, http.MethodPost, transferPath(id)+"/acknowledgement", map[string]any{"files": receipts}, &t)
	if statusOf(err) == http.StatusConflict {
		if read, readErr := c.Transfer(ctx, id); readErr == nil && read.State == "acknowledged" {
			return read, nil
		}
	}
	return t, err
}

func transferPath(id string) string { return "/transfers/" + url.PathEscape(id) }

func filePath(id string, n int) string { return transferPath(id) + "/files/" + strconv.Itoa(n) }

// statusOf is the HTTP status that err carries, 0 without one.
func statusOf(err error) int {
	var p *edge.Problem
	if errors.As(err, &p) {
		return p.Status
	}
	return 0
}
