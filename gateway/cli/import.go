package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"safeconduct/agreements"
	"safeconduct/agreements/imports"
	"safeconduct/gateway/cli/client"
)

// importing is the flags of agreement import.
type importing struct {
	connection
	scans string
	check bool
}

func (s *shell) agreementImport() *cobra.Command {
	var f importing
	cmd := &cobra.Command{
		Use:   "import --url URL --scans DIR FILE.csv",
		Short: "Bring in agreements that were signed on paper",
		Long: `Reads a list of paper agreements, one row each, and the folder with their scans.
Every row is checked first, here and by the gateway: each bad one is named by
line and column with its mend, and then nothing is imported. Run again, it goes
on where it was: a paper that was imported before is not imported twice.

An imported agreement counts when somebody of Legal, other than you, has
attested its scan, and an assessment of it is approved, as for any other.

The first line names the columns, in any order:
` + columnsHelp() + `
Lists in a cell are separated by semicolons; retention_days is such as
identity=90;contact=30, clauses such as C01-C25. Days are UTC, and valid_until is
the day that begins when the agreement has ended.`,
		Args: exactly("the FILE with the list"),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args[0]) },
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.scans, "scans", "", "`DIR` with the scans that the list names")
	cmd.Flags().BoolVar(&f.check, "check", false, "only say what is wrong")
	return cmd
}

func columnsHelp() string {
	text, line := "", "  "
	for _, c := range imports.Columns() {
		if len(line)+len(c) > 76 {
			text, line = text+line+"\n", "  "
		}
		line += c + " "
	}
	return text + line
}

func (f *importing) run(ctx context.Context, s *shell, path string) (err error) {
	if f.scans == "" {
		return usagef("where are the scans? Give --scans DIR")
	}
	rows, findings, err := readList(path)
	if err != nil {
		return err
	}
	dir, err := os.OpenRoot(f.scans)
	if err != nil {
		return &coded{exitUsage, fmt.Errorf("opening --scans: %w", err)}
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	for i := range rows {
		findings = append(findings, describeScan(dir, &rows[i])...)
	}
	if len(findings) > 0 {
		for _, found := range findings {
			s.say("%s", printable(found.String()))
		}
		return &coded{exitUsage, fmt.Errorf("nothing was imported: %d things are wrong with the list", len(findings))}
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	var made struct {
		Items []agreements.Imported `json:"items"`
	}
	body := map[string]any{"rows": rows, "check": f.check}
	if _, err := c.Call(ctx, http.MethodPost, "/agreement-imports", body, &made); err != nil {
		return err
	}
	if f.check {
		return s.result(made, func() error { return s.print("All %d rows can be imported.", len(rows)) })
	}
	if err := f.send(ctx, s, c, dir, rows, made.Items); err != nil {
		return err
	}
	return s.result(made, func() error {
		return s.print("%d agreements are imported, each with its scan. They count when Legal has attested them, and their assessments are approved.", len(made.Items))
	})
}

func readList(path string) (_ []imports.Row, _ []imports.Finding, err error) {
	list, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, nil, &coded{exitUsage, fmt.Errorf("opening the list: %w", err)}
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	rows, findings, err := imports.Parse(list)
	if errors.Is(err, imports.ErrForm) {
		return nil, nil, &coded{exitUsage, err}
	}
	return rows, findings, err
}

// describeScan takes the hash of the scan of a row, which must lie in the folder.
func describeScan(dir *os.Root, r *imports.Row) []imports.Finding {
	found := func(problem, mend string) []imports.Finding {
		return []imports.Finding{{Line: r.Line, Column: "scan", Problem: problem, Mend: mend}}
	}
	if r.Scan == "" {
		return nil // found already
	}
	file, err := openScan(dir, r.Scan)
	if err != nil {
		return found("the file is not there, or cannot be read", "put it into the folder of the scans under this name")
	}
	defer func() { _ = file.Close() }() // only read
	size, sum, err := client.Describe(file)
	switch {
	case err != nil:
		return found("the file cannot be read", "scan the paper again")
	case size == 0 || size > agreements.MaxScan:
		return found("the file is empty or too large", fmt.Sprintf("scan the paper into a file of at most %d MiB", agreements.MaxScan>>20))
	}
	r.ScanSHA256 = sum
	return nil
}

var errNoFile = errors.New("it is not a plain file")

func openScan(dir *os.Root, name string) (*os.File, error) {
	if info, err := dir.Stat(name); err != nil {
		return nil, fmt.Errorf("looking for a scan: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	file, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening a scan: %w", err)
	}
	return file, nil
}

// send sends the scan of each agreement that was made, or that waits for it.
func (f *importing) send(ctx context.Context, s *shell, c *client.Client, dir *os.Root, rows []imports.Row, made []agreements.Imported) error {
	of := make(map[string]imports.Row, len(rows))
	for _, r := range rows {
		of[r.ScanSHA256] = r
	}
	for _, m := range made {
		r := of[m.SHA256]
		if m.Before {
			var a struct {
				State agreements.State `json:"state"`
			}
			if _, err := c.Get(ctx, "/agreements/"+m.Agreement, &a); err != nil {
				return err
			}
			if a.State != agreements.Approved {
				continue // its scan is attested
			}
		}
		file, err := openScan(dir, r.Scan)
		if err != nil {
			return err
		}
		size, err := file.Seek(0, io.SeekEnd)
		if err == nil {
			_, err = c.SendScan(ctx, m.Agreement, size, m.SHA256, file)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("line %d: sending its scan: %w", r.Line, err)
		}
		s.say("line %d: agreement %s", r.Line, m.Agreement)
	}
	return nil
}
