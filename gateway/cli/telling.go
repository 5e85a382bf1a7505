package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/edge"
)

// reporter shows the steps of a story: to people, or a line of JSON each.
func (g *stage) reporter() demo.Reporter {
	if g.json {
		e := json.NewEncoder(g.Out)
		e.SetEscapeHTML(false)
		return jsonSteps{e}
	}
	return &plainSteps{shell: g.shell, told: map[string]bool{}}
}

type jsonSteps struct{ to *json.Encoder }

// Step implements demo.Reporter.
func (j jsonSteps) Step(t demo.Telling) error {
	if err := j.to.Encode(t.Step); err != nil {
		return fmt.Errorf("writing a step: %w", err)
	}
	return nil
}

type plainSteps struct {
	*shell
	n       int
	chapter string
	told    map[string]bool // contacts, which are told once
}

// Step implements demo.Reporter.
func (p *plainSteps) Step(t demo.Telling) error {
	p.n++
	var b strings.Builder
	if t.Chapter != p.chapter {
		p.chapter = t.Chapter
		fmt.Fprintf(&b, "\n%s\n\n", t.Chapter)
	}
	request := ""
	if t.Method != "" {
		request = fmt.Sprintf("  (%s %s -> %d)", t.Method, shortPath(t.Path), t.Status)
	}
	fmt.Fprintf(&b, "%3d. %s %s%s\n", p.n, capital(demo.Title(t.Actor)), t.What, request)
	if t.Outcome != demo.Done {
		fmt.Fprintf(&b, "     %s\n", strings.ToUpper(string(t.Outcome)))
	}
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "       %s\n", note)
	}
	for _, r := range t.Refusals {
		fmt.Fprintf(&b, "       %-24s %s (%sask: %s)\n", r.Code, r.Mend, at(r), p.asked(r))
	}
	return p.print("%s", strings.TrimRight(b.String(), "\n"))
}

// at names what a refusal is about: the rows, and what is at fault where that is
// no id, which the JSON has.
func at(r edge.RefusalView) string {
	var all []string
	for i, row := range r.Rows {
		if i == maxRows {
			all = append(all, fmt.Sprintf("and %d more", len(r.Rows)-i))
			break
		}
		all = append(all, fmt.Sprintf("row %d", row))
	}
	if !slices.ContainsFunc(r.Detail, func(detail string) bool { return len(detail) > longest }) {
		all = append(all, r.Detail...)
	}
	if len(all) == 0 {
		return ""
	}
	return "at: " + strings.Join(all, ", ") + "; "
}

// asked names whom to ask, and how to reach them where that was not told yet.
func (p *plainSteps) asked(r edge.RefusalView) string {
	r.Contacts = slices.DeleteFunc(slices.Clone(r.Contacts), func(c edge.ContactView) bool {
		known := p.told[c.Who]
		p.told[c.Who] = true
		return known
	})
	return asked(r)
}

// longest is the longest text that is no id.
const longest = 30

// shortPath is a path without its ids, which are in the JSON.
func shortPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if len(part) > longest {
			parts[i] = "…"
		}
	}
	return strings.Join(parts, "/")
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// proof says what shows that the payload lies sealed in parts that are not
// embedded.
func (g *stage) proof(ctx context.Context, system demo.System, transfer string) error {
	if !g.config.UsesS3() && !g.config.UsesVault() && !g.config.UsesPostgreSQL() {
		return nil
	}
	p, err := system.Prove(ctx, transfer)
	if err != nil {
		return fmt.Errorf("showing what proves it: %w", err)
	}
	object := g.config.S3.Prefix + p.Object
	if g.config.S3.Prefix != "" && !strings.HasSuffix(g.config.S3.Prefix, "/") {
		object = g.config.S3.Prefix + "/" + p.Object
	}
	if g.json {
		return nil // standard output is for the steps
	}
	return g.print(`
What proves it:
  object       %s (%d bytes) in bucket %s
  first bytes  %s (of ciphertext)
  key          %s, version %d
  log          %d entries, each under a signed checkpoint`, object, p.Size, g.config.S3.Bucket, p.First, p.Key, p.KeyVersion, p.Entries)
}

// howTo says how to try it by hand.
func (g *stage) howTo(transfer string) error {
	if g.flags.once {
		if g.again {
			return g.print("\nThe story in %s was played before, and its log verifies.", g.dir)
		}
		return g.print("\nEvery step ended as it must, and every entry lies under a signed checkpoint.")
	}
	file := filepath.Join(g.dir, demo.WorldFile)
	token := func(role string) string {
		return fmt.Sprintf(`SAFECONDUCT_TOKEN=$(sed -n 's/.*"%s": "\(.*\)".*/\1/p' %s)`, role, file)
	}
	text := fmt.Sprintf(`
The demo serves at %[1]s until you press Ctrl-C. Try it:

  tokens and ids     %[2]s (readable by you alone)
  API description    curl -s %[1]s/api/v1/openapi.json

  Who am I, as the referral officer:
    %[3]s
    curl -s -H "Authorization: Bearer $SAFECONDUCT_TOKEN" %[1]s/api/v1/tokens/current
  What the log says, as the auditor:
    %[4]s
    curl -s -H "Authorization: Bearer $SAFECONDUCT_TOKEN" "%[1]s/api/v1/log/entries?verdict=refused"
`, g.world.URL, file, token("ro"), token("oig"))
	if transfer != "" {
		text += fmt.Sprintf(`  Why the partner was refused, as the referral officer:
    %s
    curl -s -H "Authorization: Bearer $SAFECONDUCT_TOKEN" %s/api/v1/transfers/%s
`, token("ro"), g.world.URL, transfer)
	}
	text += fmt.Sprintf(`  The log, recomputed:
    %s log verify %s
`, program(), g.where())
	if g.flags.data == "" {
		text += "\nTokens and ids are removed at the end; --data DIR keeps a demo on embedded parts.\n"
	}
	return g.print("%s", strings.TrimRight(text, "\n"))
}

// where says to log verify where the log is.
func (g *stage) where() string {
	if g.shell.config != "" {
		return "--config " + g.shell.config
	}
	return "--data " + g.dir
}

// program is how this program was called.
func program() string {
	if len(os.Args) > 0 && filepath.Base(os.Args[0]) == "safeconduct" {
		return os.Args[0]
	}
	return "safeconduct"
}
