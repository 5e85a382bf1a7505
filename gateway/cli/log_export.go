package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"

	"safeconduct/gateway/cli/client"
	"safeconduct/transfer"
)

// exporting is the flags of log export.
type exporting struct {
	connection
	out, from, to, mission string
}

func (s *shell) logExport() *cobra.Command {
	var f exporting
	cmd := &cobra.Command{
		Use:   "export --url URL --out FILE [--from TIME] [--to TIME] [--mission ID]",
		Short: "Write the evidence log, or a part of it, into a file",
		Long: `Fetches the entries of the log as JSON Lines, each with the proof that it lies under a
signed checkpoint, for Legal, the data protection officer and the auditor. That you took
them, and which, is in the log before the first byte comes; the last line carries the
entry that says how it ended, with the digest of all others. A file that is cut is not
kept, nor is a part of which the log did not prove in time how it ended (exit code 6: export
it again), and one that is there is not overwritten.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c.Context(), s) },
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "`FILE` to write")
	cmd.Flags().StringVar(&f.from, "from", "", "from this `TIME` on, such as 2026-01-01T00:00:00Z")
	cmd.Flags().StringVar(&f.to, "to", "", "before this `TIME`")
	cmd.Flags().StringVar(&f.mission, "mission", "", "of the mission with this `ID` only")
	return cmd
}

func (f *exporting) run(ctx context.Context, s *shell) error {
	if f.out == "" {
		return usagef("where to? Give --out FILE")
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	narrow := url.Values{}
	for name, value := range map[string]string{"from": f.from, "to": f.to, "mission": f.mission} {
		if value != "" {
			narrow.Set(name, value)
		}
	}
	path := "/log/export"
	if len(narrow) > 0 {
		path += "?" + narrow.Encode()
	}
	file, err := newPartial(filepath.Dir(f.out))
	if err != nil {
		return err
	}
	defer file.discard()
	if err := c.Stream(ctx, path, file); err != nil {
		return fmt.Errorf("exporting the log: %w", err)
	}
	if _, err := file.f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading what was exported: %w", err)
	}
	foot, end, err := whole(file.f)
	if err != nil {
		return err
	}
	if len(narrow) > 0 && end.Evidence == nil {
		return &coded{exitUnavailable, fmt.Errorf("%s, so that the file would not show whether lines were taken out of it: it is not kept; export it again", transfer.ExportUnproved)}
	}
	if err := file.keep(f.out, false); err != nil {
		return err
	}
	return s.result(map[string]any{"file": f.out, "entries": foot.Count, "size": foot.Size, "proved": end.Evidence != nil}, func() error {
		said := ""
		if end.Evidence == nil {
			said = "\nNote: " + transfer.ExportUnproved + ", so that the file does not prove who took it, and when."
		}
		return s.print("%d entries of the first %d of the log are in %s.%s", foot.Count, foot.Size, printable(f.out), said)
	})
}

// whole reads an export to its last two lines, which say how many entries there
// are and how it ended.
func whole(r io.Reader) (foot transfer.ExportFoot, end transfer.ExportEnd, err error) {
	cut := fmt.Errorf("the export was cut: %w", client.ErrIntegrity)
	lines := bufio.NewReader(r)
	var before, last []byte
	n := int64(0)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		} else if err != nil {
			return foot, end, cut
		}
		n, before, last = n+1, last, line
	}
	if !strictly(before, &foot) || !strictly(last, &end) || foot.Checkpoint == "" || foot.Count != n-3 || end.Ended == "" {
		return foot, end, cut
	}
	return foot, end, nil
}

func strictly(line []byte, into any) bool {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into) == nil
}
