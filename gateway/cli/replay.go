package cli

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"safeconduct/transfer"
)

func (s *shell) logReplay() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:   "replay --url URL SEQ",
		Short: "Decide again what an entry of the log decided",
		Long: `Has the gateway put the facts of a decision together again, from the versions of the
records that were read then, and ask the gate as it is now. It says whether the same
verdict comes out, or what differs. Exit code 5 means that it is not the same, or that
something is not kept any more.`,
		Args: exactly("the sequence number SEQ of an entry"),
		RunE: func(c *cobra.Command, args []string) error { return s.replay(c, &conn, args[0]) },
	}
	conn.flags(cmd)
	return cmd
}

func (s *shell) replay(cmd *cobra.Command, conn *connection, arg string) error {
	seq, err := strconv.ParseUint(arg, 10, 63)
	if err != nil {
		return usagef("SEQ is the sequence number of an entry, from 0 on")
	}
	c, err := conn.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	var r transfer.Replay
	if _, err := c.Call(cmd.Context(), http.MethodGet, "/log/"+strconv.FormatUint(seq, 10)+"/replay", nil, &r); err != nil {
		return fmt.Errorf("replaying a decision: %w", err)
	}
	if err := s.result(r, func() error { return s.print("%s", replayed(r)) }); err != nil {
		return err
	}
	if !r.Same {
		return &coded{exitFinding, errSaid}
	}
	return nil
}

// replayed tells what came out.
func replayed(r transfer.Replay) string {
	var b strings.Builder
	fmt.Fprintf(&b, "entry   %d, %s at %s\n", r.Seq, r.Phase, r.Time.Format("2006-01-02 15:04:05Z07:00"))
	fmt.Fprintf(&b, "policy  %s\nfacts   %s, from %d records\n\nthen    %s\nnow     %s\n", r.Policy, r.Facts, len(r.Read), verdict(r.Then), verdict(r.Now))
	for _, d := range r.Differs {
		fmt.Fprintf(&b, "FOUND   %s\n", d)
	}
	if r.Same {
		b.WriteString("\nThe same verdict.")
	} else {
		b.WriteString("\nNot the same verdict, or it cannot be told any more.")
	}
	return b.String()
}

func verdict(codes []string) string {
	if len(codes) == 0 {
		return "released"
	}
	return "refused: " + strings.Join(codes, ", ")
}
