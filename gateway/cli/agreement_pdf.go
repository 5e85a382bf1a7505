package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"safeconduct/agreements/templates"
)

// printing is the flags of agreement pdf.
type printing struct {
	connection
	out, language string
	amendment     bool
}

func (s *shell) agreementPDF() *cobra.Command {
	var f printing
	cmd := &cobra.Command{
		Use:   "pdf --url URL --out FILE AGREEMENT",
		Short: "Write an agreement as a PDF",
		Long: `Fetches the agreement as a paper: what it says, who signed it and how, its state
and the digest of the document that is signed. A file that is there is not
overwritten.`,
		Args: exactly("the id of the AGREEMENT"),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args[0]) },
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "`FILE` to write")
	cmd.Flags().StringVar(&f.language, "in", "", "`LANGUAGE` of the paper: en, fr or es (default the agreement's own)")
	cmd.Flags().BoolVar(&f.amendment, "amendment", false, "the amendment that is on its way")
	return cmd
}

func (f *printing) run(ctx context.Context, s *shell, id string) error {
	if f.out == "" {
		return usagef("where to? Give --out FILE")
	}
	if f.language != "" && !slices.Contains(templates.Languages(), f.language) {
		return usagef("in which language? Give --in en, fr or es, or leave it out")
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	path := "/agreements/" + url.PathEscape(id)
	if f.amendment {
		path += "/amendment"
	}
	path += "/document.pdf"
	if f.language != "" {
		path += "?" + url.Values{"language": {f.language}}.Encode()
	}
	paper, err := c.Bytes(ctx, path)
	if err != nil {
		return err
	}
	if err := writeNew(f.out, paper); err != nil {
		return err
	}
	return s.result(map[string]string{"agreement": id, "file": f.out}, func() error { return s.print("Written to %s.", printable(f.out)) })
}

// writeNew writes a file that was not there, readable by its owner alone; none is left where it fails.
func writeNew(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usagef("--out is there already: give another, or remove it")
	} else if err != nil {
		return &coded{exitUsage, fmt.Errorf("making --out: %w", err)}
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing --out: %w", err), os.Remove(path))
	}
	return nil
}
