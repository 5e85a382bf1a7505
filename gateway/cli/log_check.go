package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

const maxVerifierKeys = 64 << 10 // bytes

func (s *shell) logKeys() *cobra.Command {
	return s.operator("keys [--data DIR]", "Write the keys that verify the log's checkpoints",
		`Writes the public keys of the log, a line for each version, as notes name verifier
keys. Hand them to whoever checks exports (safeconduct log check), by another way than
the exports. Nothing of them is secret.`,
		func(cmd *cobra.Command, c config.Config) error {
			return s.writeLogKeys(cmd.Context(), c, cmd.Flags().Changed("data"))
		})
}

func (s *shell) writeLogKeys(ctx context.Context, c config.Config, folder bool) error {
	keys, err := app.LogKeys(ctx, c, folder, s.quiet())
	if err != nil {
		return fmt.Errorf("reading the keys of the log: %w", err)
	}
	text, err := ledger.VerifierKeys(c.Log.Origin, keys)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return s.result(map[string]any{"keys": lines}, func() error { return s.print("%s", strings.Join(lines, "\n")) })
}

func (s *shell) logCheck() *cobra.Command {
	var keys, kept string
	cmd := &cobra.Command{
		Use:   "check --keys FILE [--checkpoint FILE] EXPORT",
		Short: "Prove an export of the log, without the gateway",
		Long: `Reads a file that log export wrote, and proves it with nothing but the keys of the log
(safeconduct log keys): its checkpoint by its signature, and each entry by its hash and
its proof under that checkpoint; and that no line was taken out, added or altered since,
by the entry of the log that the last line carries, which has the digest of all others. Of
an export of everything, also that none of the first entries up to the checkpoint is
missing, and that each erasure is named by an entry. Where the log did not prove in time
how the export ended, the last line says so, and a part is not proved.

--checkpoint compares with a checkpoint that was kept elsewhere (GET
/api/v1/log/checkpoint): the export must not end before it, and what is in the file must
fit it. Of an export of everything that proves that the log was not rewritten; the output
says what was compared. Without one, a cut of the tail cannot be excluded. Exit code 5
means that something was found.`,
		Args: exactly("the file EXPORT that log export wrote"),
		RunE: func(_ *cobra.Command, args []string) error { return s.check(keys, kept, args[0]) },
	}
	cmd.Flags().StringVar(&keys, "keys", "", "`FILE` with the keys of the log, as log keys writes them")
	cmd.Flags().StringVar(&kept, "checkpoint", "", "`FILE` with a checkpoint kept elsewhere")
	return cmd
}

func (s *shell) check(keyFile, keptFile, path string) (err error) {
	if keyFile == "" {
		return usagef("by which keys? Give --keys FILE; safeconduct log keys writes them")
	}
	verifier, err := readVerifier(keyFile)
	if err != nil {
		return err
	}
	kept, err := readCheckpoint(keptFile, verifier.Origin())
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return usage(fmt.Errorf("reading the export: %w", err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	x, err := transfer.CheckExport(f, verifier, kept)
	if err != nil {
		return err
	}
	if err := s.result(x, func() error { return s.print("%s", checked(x)) }); err != nil {
		return err
	}
	if !x.OK {
		return &coded{exitFinding, errSaid}
	}
	return nil
}

func readVerifier(path string) (*ledger.Verifier, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("reading --keys: %w", err))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxVerifierKeys))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading --keys: %w", err)
	}
	v, err := ledger.ParseVerifier(b)
	if err != nil {
		return nil, usage(fmt.Errorf("reading --keys: %w", err))
	}
	return v, nil
}

// checked says what is proved, what was found, and what cannot be told.
func checked(x transfer.ExportCheck) string {
	var b strings.Builder
	fmt.Fprintf(&b, "log       %s, the first %d entries\nproved    %d entries\n", x.Origin, x.Foot.Size, x.Proved)
	if x.Narrowed {
		fmt.Fprintf(&b, "left out  %d entries that were not asked for, and %d that were erased, it says itself\n", x.Foot.Outside, x.Foot.Erased)
	}
	if x.Erased > 0 {
		fmt.Fprintf(&b, "erased    %d entries, of which only the place is left\n", x.Erased)
	}
	b.WriteString(compared(x))
	b.WriteString("\n")
	for _, f := range x.Findings {
		fmt.Fprintf(&b, "FOUND  %s\n", printable(f))
	}
	if x.More > 0 {
		fmt.Fprintf(&b, "FOUND  and %d more\n", x.More)
	}
	switch {
	case !x.OK:
		b.WriteString("\nThis is not what was exported, or cannot be shown to be. Keep the file as it is, and have it exported again.")
	case x.Narrowed:
		b.WriteString("Nothing was altered, and no entry was taken out or added since it was exported.")
	case x.Whole:
		fmt.Fprintf(&b, "Nothing was altered, and nothing is missing of the first %d entries.", x.Foot.Size)
	default:
		fmt.Fprintf(&b, "No entry was altered, and nothing is missing of the first %d entries.", x.Foot.Size)
	}
	if x.OK && x.Kept == nil {
		b.WriteString("\nNote: whether the log was longer, only a checkpoint kept elsewhere shows (--checkpoint).")
	}
	switch {
	case x.OK && x.Whole:
		fmt.Fprintf(&b, "\nNote: who took it, and when, is in entries %s and %s of the log, which are later than these.", printable(x.Head.Entry), printable(x.End.Ended))
	case x.OK:
		b.WriteString("\nNote: who took it, and when, is not proved: " + transfer.ExportUnproved + ".")
	}
	return b.String()
}

// compared says how far it was compared with a checkpoint kept elsewhere.
func compared(x transfer.ExportCheck) string {
	if x.Kept == nil || x.Kept.Shown == "" {
		return ""
	}
	said := map[transfer.Shown]string{
		transfer.ShownRoot:  "the log has its root, and was not rewritten up to there",
		transfer.ShownChain: "the checkpoint of this export names it, by its hash, as the one before",
		transfer.ShownSize:  "signed by the same log, and this export is no older; a part holds too little to compare more",
	}[x.Kept.Shown]
	return fmt.Sprintf("kept      the checkpoint of %d entries: %s\n", x.Kept.Size, said)
}
