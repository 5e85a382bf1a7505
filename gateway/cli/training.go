package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"safeconduct/authz/people"
	"safeconduct/authz/people/undertaking"
)

func (s *shell) undertaking() *cobra.Command {
	return group("undertaking", "The confidentiality undertaking, which unlocks your roles", s.undertakingSign())
}

func (s *shell) undertakingSign() *cobra.Command {
	var c connection
	var language string
	var yes bool
	cmd := &cobra.Command{
		Use:   "sign --url URL",
		Short: "Read and sign the confidentiality undertaking",
		Long: `Shows the undertaking in force, asks, and signs it for the holder of the token.
Roles give nothing until it is signed, and again when it has expired.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.signUndertaking(cmd.Context(), &c, language, yes) },
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&language, "language", "", "`LANGUAGE` of the text: en, fr or es (default yours, or en)")
	cmd.Flags().BoolVar(&yes, "yes", false, "sign without asking")
	return cmd
}

func (s *shell) signUndertaking(ctx context.Context, conn *connection, language string, yes bool) error {
	if language == "" {
		language = s.language()
	}
	if language == "" {
		language = "en"
	}
	c, err := conn.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	var text undertaking.Text
	if _, err := c.Get(ctx, "/undertaking?language="+url.QueryEscape(language), &text); err != nil {
		return err
	}
	s.say("%s\n", printable(text.Text))
	if !yes {
		if !terminal(s.In) {
			return usagef("nobody is there to ask: give --yes to sign")
		}
		if err := s.ask(ctx, "Do you undertake this? Type yes: "); err != nil {
			return err
		}
	}
	var me caller
	if _, err := c.Get(ctx, "/tokens/current", &me); err != nil {
		return err
	}
	var signed people.Undertaking
	body := map[string]string{"version": text.Version, "language": text.Language, "digest": text.Digest}
	if _, err := c.Call(ctx, http.MethodPost, "/people/"+url.PathEscape(me.Person.ID)+"/undertakings", body, &signed); err != nil {
		return err
	}
	return s.result(signed, func() error { return s.print("Signed. It counts until %s.", signed.Expires.Format("2006-01-02")) })
}

func (s *shell) training() *cobra.Command {
	return group("training", "Training that unlocks roles", s.trainingImport(), s.trainingCoverage())
}

// maxImport bounds a file of completions, in bytes, as the API does.
const maxImport = 2_000_000

func (s *shell) trainingImport() *cobra.Command {
	var c connection
	var mission string
	cmd := &cobra.Command{
		Use:   "import --url URL [--mission ID] FILE",
		Short: "Import completed courses from CSV",
		Long: `Imports course completions from FILE, or from standard input where FILE is -: all
of them, or, where a row is at fault, none. The first row names the columns:
person,course,version,language,passed and, where there is one, expires.`,
		Args: exactly("the FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.importTraining(cmd.Context(), &c, mission, args[0])
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&mission, "mission", "", "`ID` of the mission whose people they are (left out by Legal for others)")
	return cmd
}

func (s *shell) importTraining(ctx context.Context, conn *connection, mission, path string) (err error) {
	in := s.In
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return usage(fmt.Errorf("reading the FILE: %w", err))
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return fmt.Errorf("reading the FILE: %w", err)
	}
	if len(text) > maxImport {
		return usagef(fmt.Sprintf("the FILE is larger than %d bytes; import it in parts", maxImport))
	}
	c, err := conn.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	var imported struct {
		Records []string `json:"records"`
	}
	body := map[string]string{"csv": string(text)}
	if mission != "" {
		body["mission"] = mission
	}
	if _, err := c.Call(ctx, http.MethodPost, "/trainings", body, &imported); err != nil {
		return err
	}
	return s.result(imported, func() error { return s.print("%d completed courses are recorded.", len(imported.Records)) })
}

func (s *shell) trainingCoverage() *cobra.Command {
	var c connection
	var mission string
	cmd := &cobra.Command{
		Use:   "coverage --url URL [--mission ID]",
		Short: "List by place and role how many hold the role, are trained and have signed",
		Args:  exactly(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return s.coverage(cmd.Context(), &c, mission) },
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&mission, "mission", "", "`ID` of the mission (default yours; all places for headquarters)")
	return cmd
}

func (s *shell) coverage(ctx context.Context, conn *connection, mission string) error {
	c, err := conn.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	path := "/trainings/coverage"
	if mission != "" {
		path += "?mission=" + url.QueryEscape(mission)
	}
	var list struct {
		Items []people.Coverage `json:"items"`
	}
	if _, err := c.Get(ctx, path, &list); err != nil {
		return err
	}
	return s.result(list.Items, func() error {
		for _, p := range list.Items {
			place := "headquarters"
			if at := p.Mission + p.Partner; at != "" {
				place = at
			}
			if err := s.print("%-36s %-3s %d hold it, %d trained, %d signed", place, p.Role, len(p.Holders), p.Trained, p.Signed); err != nil {
				return err
			}
		}
		return nil
	})
}
