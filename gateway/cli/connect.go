package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"safeconduct/authz/identity"
	"safeconduct/gateway/cli/client"
)

// tokenVariable holds the token where --token-file does not name one.
const tokenVariable = "SAFECONDUCT_TOKEN"

// connection is the flags of a command that calls a gateway.
type connection struct {
	url, tokenFile string
}

func (c *connection) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.url, "url", "", "address of the gateway, such as https://gateway.example.org (or SAFECONDUCT_URL)")
	cmd.Flags().StringVar(&c.tokenFile, "token-file", "", "`FILE` that holds your token (or the token itself in "+tokenVariable+")")
}

// open makes the client. The caller closes it.
func (c *connection) open(s *shell) (*client.Client, error) {
	address := c.url
	if address == "" {
		address = s.lookup("SAFECONDUCT_URL")
	}
	if address == "" {
		return nil, usagef("which gateway? Give --url, such as --url https://gateway.example.org")
	}
	token, err := c.token(s)
	if err != nil {
		return nil, err
	}
	return client.New(address, token, client.Options{
		Language: s.language(),
		Waiting: func(d time.Duration) {
			s.say("safeconduct: the gateway asks to wait; going on in %d s", int(d.Round(time.Second).Seconds()))
		},
	})
}

const maxToken = 4096

func (c *connection) token(s *shell) (identity.Secret, error) {
	text, path := s.lookup(tokenVariable), c.tokenFile
	if path == "" && text == "" {
		path = s.lookup(tokenVariable + "_FILE")
	}
	if path != "" {
		f, err := os.Open(path)
		if err != nil {
			return identity.Secret{}, &coded{exitUsage, fmt.Errorf("reading the token: %w", err)}
		}
		b, err := io.ReadAll(io.LimitReader(f, maxToken))
		if err := errors.Join(err, f.Close()); err != nil {
			return identity.Secret{}, fmt.Errorf("reading the token: %w", err)
		}
		text = string(b)
	}
	if strings.TrimSpace(text) == "" {
		return identity.Secret{}, &coded{exitNoAccess, errors.New("no token: give --token-file FILE, or set " + tokenVariable)}
	}
	token, err := identity.ParseSecret(strings.TrimSpace(text))
	if err != nil {
		return identity.Secret{}, &coded{exitNoAccess, errors.New("that is no token: one begins with " + identity.Prefix + " and is given whole, with nothing else")}
	}
	return token, nil
}

// language is the one of the user, among those that mends are written in.
func (s *shell) language() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := s.lookup(name); len(v) >= 2 {
			switch v[:2] {
			case "en", "fr", "es":
				return v[:2]
			}
			return ""
		}
	}
	return ""
}
