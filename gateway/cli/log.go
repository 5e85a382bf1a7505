package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
	"safeconduct/transfer/ledger"
)

const maxCheckpoint = 64 << 10 // bytes

func (s *shell) log() *cobra.Command {
	return group("log", "The evidence log", s.logVerify(), s.logReplay(), s.logExport(), s.logCheck(), s.logKeys())
}

func (s *shell) logVerify() *cobra.Command {
	var kept string
	cmd := s.operator("verify [--data DIR] [--checkpoint FILE]", "Recompute the whole log, and compare every record with it",
		`Recomputes every entry, hash and checkpoint of the evidence log, verifies the
signatures, and compares every record with the entries that evidence it. Nothing
is written. With --data DIR it verifies the embedded log in that folder, which may
be moved, copied or read-only; else the one of the configuration.

--checkpoint compares with a checkpoint that was kept elsewhere (GET
/api/v1/log/checkpoint). Without one, a rollback of the whole log or a cut of its
tail cannot be excluded. Exit code 5 means that something was found.`,
		func(cmd *cobra.Command, c config.Config) error {
			return s.verify(cmd.Context(), c, cmd.Flags().Changed("data"), kept)
		})
	cmd.Flags().StringVar(&kept, "checkpoint", "", "`FILE` with a checkpoint kept elsewhere")
	return cmd
}

// verified is the result of log verify.
type verified struct {
	OK bool `json:"ok"`
	store.Verification
}

func (s *shell) verify(ctx context.Context, c config.Config, folder bool, keptFile string) error {
	kept, err := readCheckpoint(keptFile, c.Log.Origin)
	if err != nil {
		return err
	}
	once := func() (store.Verification, error) {
		if folder {
			return app.VerifyFolder(ctx, c.Data, c.Log.Origin, kept)
		}
		return app.VerifyLog(ctx, c, kept, s.quiet())
	}
	v, err := once()
	if err != nil {
		return fmt.Errorf("verifying the log: %w", err)
	}
	// The sequencer of a living system signs a moment after it has placed.
	if !v.OK() && v.Signed < v.Size {
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
		if v, err = once(); err != nil {
			return fmt.Errorf("verifying the log: %w", err)
		}
	}
	if err := s.result(verified{v.OK(), v}, func() error { return s.print("%s", verification(v)) }); err != nil {
		return err
	}
	if !v.OK() {
		return &coded{exitFinding, errSaid}
	}
	return nil
}

// readCheckpoint reads what was kept elsewhere. A file that is no checkpoint of
// this log says nothing about the log: it is a slip of the command line, not a
// finding.
func readCheckpoint(path, origin string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("reading --checkpoint: %w", err))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading --checkpoint: %w", err)
	}
	if len(b) == 0 {
		return nil, usagef("--checkpoint is empty: it would compare with nothing")
	}
	// Without keys nothing is verified yet: a note that is one ends here.
	var unverified *note.UnverifiedNoteError
	if _, err := note.Open(b, note.VerifierList()); !errors.As(err, &unverified) {
		return nil, usagef("--checkpoint: " + path + " is no checkpoint of this log")
	}
	kept, err := ledger.ParseCheckpoint([]byte(unverified.Note.Text))
	switch {
	case err != nil:
		return nil, usage(fmt.Errorf("--checkpoint: %s is no checkpoint of this log: %w", path, err))
	case kept.Origin != origin:
		return nil, usagef("--checkpoint: " + path + " is no checkpoint of this log: it is of " + kept.Origin + ", and log.origin is " + origin)
	}
	return b, nil
}

// verification says what was verified, what was found, and what cannot be told.
func verification(v store.Verification) string {
	var b strings.Builder
	fmt.Fprintf(&b, "entries      %d, of which %d lie under a signed checkpoint\n", v.Size, v.Signed)
	fmt.Fprintf(&b, "checkpoints  %d\nrecords      %d\nroot         %s\n", v.Checkpoints, v.Records, v.Root)
	if v.Waiting > 0 {
		fmt.Fprintf(&b, "waiting      %d entries have no place yet\n", v.Waiting)
	}
	if v.Erased > 0 {
		fmt.Fprintf(&b, "erased       %d entries, each with evidence\n", v.Erased)
	}
	b.WriteString("\n")
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "FOUND  %s\n", finding(f))
	}
	if v.More > 0 {
		fmt.Fprintf(&b, "FOUND  and %d more\n", v.More)
	}
	if v.OK() {
		b.WriteString("Nothing was altered, as far as this can tell.\n")
	} else {
		b.WriteString("\nThe log or its records were altered, or are damaged. Keep the database as it is, and tell the auditor.\n")
	}
	for _, c := range v.Caveats {
		fmt.Fprintf(&b, "Note: %s\n", c)
	}
	return strings.TrimRight(b.String(), "\n")
}

func finding(f ledger.Finding) string { return f.Table + "  " + f.Row + "  " + f.What }

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
