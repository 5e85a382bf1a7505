package cli

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"safeconduct/deploy/docs"
	"safeconduct/gateway/cli/acts"
)

const actName = "act"

// ofTheirOwn are the acts that take more than a request and its answer, and so
// have a command of their own.
func ofTheirOwn(id string) (command string, ok bool) {
	command, ok = map[string]string{"send-file": "safeconduct send", "pull-file": "safeconduct pull"}[id]
	return command, ok
}

// act is the family of commands with one for every operation of the API: what
// they take is in the document of the API, which is in the program.
func (s *shell) act(all bool) *cobra.Command {
	var list bool
	act := &cobra.Command{
		Use:   actName,
		Short: "Do anything that the API offers: assessments, agreements, partners, holds, incidents, rules, people",
		Long: `Each operation of the API is a command here, under its name in the API's document:

  safeconduct act --list                    all of them, with who may do each
  safeconduct act suspend-agreement --help  what it takes, with an example
  safeconduct act draft-assessment --example > answers.json
  safeconduct act draft-assessment --from answers.json
  safeconduct act close-condition ID 2 --from - < done.json

Fields are given in a JSON file (--from), or singly (--set name=value). Whatever
tells who somebody is goes into the file, or standard input: arguments can be read
by other users of the machine. Lists are read to their end.

Signing, importing and sending have commands that do more: agreement sign, key
enrol, undertaking sign, agreement import, training import, send and pull.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			text := fmt.Sprintf("there is no act %q", args[0])
			if like := c.SuggestionsFor(args[0]); len(like) > 0 {
				text += "; did you mean " + strings.Join(like, ", ") + "?"
			}
			return usagef(text + "; safeconduct act --list names them")
		},
	}
	act.SuggestionsMinimumDistance = 2
	act.Flags().BoolVar(&list, "list", false, "list the acts by group")
	var known []acts.Act
	act.RunE = func(c *cobra.Command, _ []string) error {
		if !list {
			return c.Help()
		}
		return s.listActs(known)
	}
	if !all {
		return act
	}
	known, err := acts.Read(docs.OpenAPI())
	if err != nil {
		act.RunE = func(*cobra.Command, []string) error { return err }
		return act
	}
	for _, a := range known {
		if !act.ContainsGroup(a.Group) {
			act.AddGroup(&cobra.Group{ID: a.Group, Title: capital(a.Group) + ":"})
		}
		act.AddCommand(s.actCommand(a))
	}
	return act
}

// listed is a line of act --list.
type listed struct {
	Act     string   `json:"act"`
	Group   string   `json:"group"`
	Takes   []string `json:"takes"`
	Roles   []string `json:"roles"`
	Summary string   `json:"summary"`
}

func (s *shell) listActs(known []acts.Act) error {
	lines := make([]listed, len(known))
	for i, a := range known {
		lines[i] = listed{a.ID, a.Group, append([]string{}, a.Params()...), append([]string{}, a.Roles...), a.Summary}
	}
	return s.result(lines, func() error {
		group := ""
		for _, l := range lines {
			if l.Group != group {
				group = l.Group
				if err := s.print("\n%s", capital(group)); err != nil {
					return err
				}
			}
			who := strings.Join(l.Roles, " ")
			if who == "" {
				who = "everybody"
			}
			if err := s.print("  %-46s %s (%s)", strings.TrimSpace(l.Act+" "+arguments(l.Takes)), l.Summary, who); err != nil {
				return err
			}
		}
		return nil
	})
}

func arguments(params []string) string { return strings.ToUpper(strings.Join(params, " ")) }

func (s *shell) actCommand(a acts.Act) *cobra.Command {
	f := acting{act: a}
	cmd := &cobra.Command{
		Use: strings.TrimSpace(a.ID + " " + arguments(a.Params())), Short: a.Summary, Long: aboutAct(a), GroupID: a.Group,
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args) },
	}
	cmd.Args = func(c *cobra.Command, args []string) error {
		if f.example {
			return nil
		}
		return exactly(strings.Fields(arguments(a.Params()))...)(c, args)
	}
	f.flags(cmd)
	flags := cmd.Flags()
	if a.Takes != "" {
		flags.StringVar(&f.from, "from", "", "`FILE` with the body; - is standard input")
	}
	if a.Takes == acts.JSON {
		flags.BoolVar(&f.example, "example", false, "write an example of the body, to begin with, and do nothing")
	}
	if a.Takes == acts.JSON || len(a.Query) > 0 {
		flags.StringArrayVar(&f.set, "set", nil, "`name=value` of a field that tells of nobody; repeat it for more")
	}
	if a.Method != http.MethodGet {
		flags.StringVar(&f.key, "idempotency-key", "", "`KEY` under which it is done once, however often it is repeated (default one for this call)")
	}
	if a.Exact {
		flags.StringVar(&f.out, "out", "", "`FILE` for the answer, readable by you alone (default standard output, for texts)")
	}
	return cmd
}

// aboutAct is the help of one act.
func aboutAct(a acts.Act) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n", strings.TrimSuffix(a.Summary, "."))
	if a.About != "" {
		fmt.Fprintf(&b, "%s\n", a.About)
	}
	fmt.Fprintf(&b, "\nWho may: %s\n", a.Who())
	if len(a.Query) > 0 {
		b.WriteString("\nNarrowed with --set:\n")
		for _, p := range a.Query {
			fmt.Fprintf(&b, "  %-26s %s\n", p.Name, p.Doc)
		}
	}
	if fields := a.Fields(); len(fields) > 0 {
		b.WriteString("\nFields of the body (* is required):\n")
		for _, f := range fields {
			b.WriteString(aboutField(f))
		}
		fmt.Fprintf(&b, "\nExample:\n%s\n", a.Indented())
	}
	if command, ok := ofTheirOwn(a.ID); ok {
		fmt.Fprintf(&b, "\nIt has a command that does it whole: %s\n", command)
	}
	return strings.TrimRight(b.String(), "\n")
}

func aboutField(f acts.Field) string {
	name := f.Name
	if f.Required {
		name += "*"
	}
	about := f.Kind
	if len(f.Choices) > 0 {
		about += ": " + strings.Join(f.Choices, ", ")
	}
	if f.Doc != "" {
		about += "; " + f.Doc
	}
	if f.Personal {
		about += " [in a file only]"
	}
	return fmt.Sprintf("  %-26s %s\n", name, about)
}
