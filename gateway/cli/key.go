package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"safeconduct/agreements/signing"
)

func (s *shell) key() *cobra.Command {
	return group("key", "Make and enrol the key that you sign agreements with", s.keyGenerate(), s.keyEnrol())
}

func (s *shell) keyGenerate() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "generate --out FILE",
		Short: "Make a signing key (Ed25519): FILE, readable by you alone, and FILE.pub",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return usagef("where to? Give --out FILE")
			}
			key, err := signing.GenerateKey(rand.Reader)
			if err != nil {
				return fmt.Errorf("making a key: %w", err)
			}
			if err := signing.SavePrivateKey(out, key); errors.Is(err, fs.ErrExist) {
				return usagef("--out is there already, and a key is never overwritten: name another file")
			} else if err != nil {
				return fmt.Errorf("writing the key: %w", err)
			}
			if err := signing.SavePublicKey(out+".pub", key.Public()); err != nil {
				return fmt.Errorf("writing the public key: %w", err)
			}
			result := map[string]string{"key": key.Public().Thumbprint(), "private": out, "public": out + ".pub"}
			return s.result(result, func() error {
				return s.print("Key %s: private in %s, public in %s.pub", key.Public().Thumbprint(), out, out)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the private key")
	return cmd
}

func (s *shell) keyEnrol() *cobra.Command {
	var c connection
	var path string
	cmd := &cobra.Command{
		Use:   "enrol --url URL --key FILE",
		Short: "Enrol your public key, with proof that you hold the private one",
		Long:  "Enrols your own key. It signs once Legal has confirmed your authority to sign.",
		Args:  exactly(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return s.enrolKey(cmd.Context(), &c, path) },
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&path, "key", "", "`FILE` with your private key, which stays here")
	return cmd
}

func (s *shell) enrolKey(ctx context.Context, conn *connection, path string) error {
	if path == "" {
		return usagef("which key? Give --key FILE; safeconduct key generate makes one")
	}
	key, err := signing.LoadPrivateKey(path)
	if err != nil {
		return fmt.Errorf("reading --key: %w", err)
	}
	c, err := conn.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	var me caller
	if _, err := c.Get(ctx, "/tokens/current", &me); err != nil {
		return err
	}
	proof, err := signing.Enrol(key, me.Person.ID, time.Now())
	if err != nil {
		return fmt.Errorf("proving the key: %w", err)
	}
	jwk, err := key.Public().MarshalJSON()
	if err != nil {
		return fmt.Errorf("writing the public key: %w", err)
	}
	body := map[string]any{"public_key": json.RawMessage(jwk), "proof": proof}
	if _, err := c.Call(ctx, http.MethodPost, "/people/"+url.PathEscape(me.Person.ID)+"/keys", body, nil); err != nil {
		return err
	}
	result := map[string]string{"key": key.Public().Thumbprint(), "person": me.Person.ID}
	return s.result(result, func() error {
		return s.print("Key %s is enrolled for %s. It signs once Legal has confirmed your authority.", key.Public().Thumbprint(), me.Person.ID)
	})
}
