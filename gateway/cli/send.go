package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
)

// sending is the flags of send.
type sending struct {
	connection
	orderFile, subjectsFile string
	order                   client.Order
	paths                   []string
}

func (s *shell) send() *cobra.Command {
	var f sending
	cmd := &cobra.Command{
		Use:   "send --url URL (--order FILE | flags) --file PATH...",
		Short: "Send files to a partner, if the gate allows it",
		Long: `Asks the gate, uploads the files and commits the transfer. Where a second person
must approve, it says so and ends: the transfer is then released by their approval.

The order is a JSON file with the members of POST /api/v1/transfers; flags add to
it or replace its members. Case numbers are read from files only (the order's
member subjects, or --subjects-file with one a line): arguments can be read by
other users of the machine. Size and SHA-256 of each file are worked out and
declared. "-" reads the order from standard input.

What files such as scans or video hold cannot be matched to the manifest. Of them
you attest the content, after having looked at each (--attest-content, or asked
at a terminal), and the second person attests that they are needed.

Exit code 3 means refused: every code is told, with how to mend it and whom to
ask. A refused transfer is final; send again when it is mended.`,
		Example: "  safeconduct send --url https://gateway.example.org --token-file token --order order.json --file referral.csv",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c.Context(), s) },
	}
	f.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.orderFile, "order", "", "`FILE` with the order as JSON")
	flags.StringArrayVar(&f.paths, "file", nil, "`PATH` of a file to send; repeat it for more, in order")
	flags.StringVar(&f.subjectsFile, "subjects-file", "", "`FILE` with the case numbers of the persons concerned, one a line")
	flags.StringVar(&f.order.Mission, "mission", "", "`ID` of the mission that sends")
	flags.StringVar(&f.order.Partner, "partner", "", "`ID` of the partner that receives")
	flags.StringVar(&f.order.Purpose, "purpose", "", "`ID` of the purpose")
	flags.StringVar(&f.order.Nature, "nature", "", "personal, pseudonymised, anonymised or aggregate")
	flags.StringVar(&f.order.RecipientClass, "recipient-class", "", "what the recipient is, such as service_provider")
	flags.StringSliceVar(&f.order.Categories, "category", nil, "`CODE` of a category of data; repeat it for more")
	flags.StringSliceVar(&f.order.Fields, "field", nil, "`NAME` of a field in the payload; repeat it for more")
	flags.StringVar(&f.order.Origin.Source, "data-origin", "", "own, where the organisation collected the data; third_party, where somebody else did")
	flags.StringVar(&f.order.Origin.Country, "origin-country", "", "country that the data come from, such as NE; the mission's where it is left out")
	flags.StringVar(&f.order.Origin.Clearance, "clearance", "", "`ID` of the clearance by the third party that collected the data")
	flags.StringSliceVar(&f.order.Onward, "onward-recipient", nil, "`NAME` of an organisation to which the recipient will give the data on; repeat it for more")
	flags.StringVar(&f.order.Pathway, "pathway", "", "`NAME` of the pathway of referrals that it follows, which the data protection officer approved")
	flags.BoolVar(&f.order.AttestsContent, "attest-content", false, "attest the content of files that cannot be matched to the manifest, such as scans: you have looked at each")
	flags.StringVar(&f.order.Agreement, "agreement", "", "`ID` of the agreement, where several could rule")
	return cmd
}

// sent is the result of send.
type sent struct {
	Transfer string `json:"transfer"`
	State    string `json:"state"`
	Files    int    `json:"files"`
}

func (f *sending) run(ctx context.Context, s *shell) error {
	if len(f.paths) == 0 {
		return usagef("which file? Give --file PATH")
	}
	order, err := f.compose(s)
	if err != nil {
		return err
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	files, err := f.describe(&order)
	defer closeAll(files)
	if err != nil {
		return err
	}
	if err := f.attest(ctx, s, c, &order); err != nil {
		return err
	}
	t, err := c.Request(ctx, order)
	if err != nil {
		return s.toSender(err, order.Subjects)
	}
	for i, file := range files {
		declared := order.Files[i]
		m := s.meter(fmt.Sprintf("sending file %d of %d", i+1, len(files)), *declared.Size)
		err := c.Upload(ctx, t.ID, i+1, *declared.Size, declared.SHA256, file, func(n int64) { m.at(n, *declared.Size) })
		m.done()
		if err != nil {
			return fmt.Errorf("sending file %d of transfer %s: %w", i+1, t.ID, err)
		}
	}
	if t, err = finish(ctx, c, t.ID); err != nil {
		return s.toSender(err, order.Subjects)
	}
	return s.result(sent{t.ID, t.State, len(files)}, func() error { return s.print("%s", sentText(t)) })
}

// finish commits a transfer whose files have landed. Where the gateway goes
// away, the error says how to go on: by API, since sending again would begin
// another transfer.
func finish(ctx context.Context, c *client.Client, id string) (client.Transfer, error) {
	t, err := c.Transfer(ctx, id)
	if err == nil && t.State == "sealed" {
		t, err = c.Commit(ctx, id)
	}
	switch {
	case err == nil:
		return t, nil
	case exitCode(err) != exitUnavailable && ctx.Err() == nil: // it was answered
		return t, fmt.Errorf("committing transfer %s: %w", id, err)
	}
	return t, fmt.Errorf("the files of transfer %[1]s have landed, but whether it was committed is not known; look with GET %[2]s/transfers/%[1]s and, while its state is sealed, go on with POST %[2]s/transfers/%[1]s/commit; do not send again: %[3]w", id, client.API, err)
}

func sentText(t client.Transfer) string {
	switch t.State {
	case "awaiting_approval":
		return "Transfer " + t.ID + " is sealed and waits for a second person's approval, which releases it."
	case "available":
		return "Transfer " + t.ID + " is released: the partner can pull it."
	}
	return "Transfer " + t.ID + " is " + strings.ReplaceAll(t.State, "_", " ") + "."
}

// toSender tells a refusal with the case numbers of the rows that it names,
// which the sender gave. They go to the screen only.
func (s *shell) toSender(err error, subjects []string) error {
	var p *edge.Problem
	if !errors.As(err, &p) || len(p.Refusals) == 0 || s.json || !terminal(s.Err) {
		return err
	}
	s.say("%s", strings.TrimRight(tell(p, subjects), "\n"))
	return errors.Join(err, errSaid)
}
