package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
)

// explain tells an error to people, and with --json to programs.
func (s *shell) explain(err error) {
	var p *edge.Problem
	if !errors.As(err, &p) {
		s.say("safeconduct: %v%s", err, hint(err))
		if s.json && !s.lines && exitCode(err) != exitUsage {
			s.failed(map[string]any{"error": err.Error(), "exit": exitCode(err)})
		}
		return
	}
	if context, ok := strings.CutSuffix(err.Error(), p.Error()); ok && context != "" {
		s.say("safeconduct: %s", strings.TrimRight(context, ": "))
	}
	s.say("%s", strings.TrimRight(tell(p, nil), "\n"))
	if s.json && !s.lines {
		s.failed(map[string]any{"error": p.Title, "exit": exitCode(err), "problem": p})
	}
}

func (s *shell) failed(v any) {
	if err := json.NewEncoder(s.Out).Encode(v); err != nil {
		s.say("safeconduct: writing the result: %v", err)
	}
}

func hint(err error) string {
	if errors.Is(err, client.ErrUnreachable) {
		return "; check --url and the network, and try again"
	}
	if errors.Is(err, client.ErrUntrusted) {
		return "; check --url, and have this machine trust the gateway's certificate authority (or name its PEM file in SSL_CERT_FILE)"
	}
	return ""
}

// printable is a text that others wrote, without what could move the cursor,
// colour, or turn the direction of what stands beside it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// tell puts a problem in words. subjects are the sender's own case references:
// a refusal names persons by row only, and whoever wrote the order can tell.
func tell(p *edge.Problem, subjects []string) string {
	var b strings.Builder
	title := p.Title
	if title == "" {
		title = "The gateway answered"
	}
	fmt.Fprintf(&b, "%s (%d)", title, p.Status)
	if p.Detail != "" && len(p.Refusals) == 0 {
		fmt.Fprintf(&b, ": %s", p.Detail)
	}
	b.WriteString("\n")
	for _, r := range p.Refusals {
		refusal(&b, r, subjects)
	}
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "  %s: %s\n", e.Location, e.Message)
	}
	for _, line := range []struct{ name, value string }{{"Mend", p.Mend}, {"Transfer", p.Transfer}, {"Request", p.RequestID}} {
		if line.value != "" {
			fmt.Fprintf(&b, "  %s: %s\n", line.name, line.value)
		}
	}
	return printable(b.String())
}

const maxRows = 20

// asked names whom a refusal says to ask, with how to reach them (R56).
func asked(r edge.RefusalView) string {
	text := strings.ReplaceAll(r.Ask, "_", " ")
	for _, c := range r.Contacts {
		text += fmt.Sprintf("; %s: %s", strings.ReplaceAll(c.Who, "_", " "), c.Contact)
	}
	return strings.TrimPrefix(text, "; ")
}

func refusal(b *strings.Builder, r edge.RefusalView, subjects []string) {
	fmt.Fprintf(b, "  %s\n", r.Code)
	if r.Mend != "" {
		fmt.Fprintf(b, "    mend: %s\n", r.Mend)
	}
	if ask := asked(r); ask != "" {
		fmt.Fprintf(b, "    ask:  %s\n", ask)
	}
	if len(r.Detail) > 0 {
		fmt.Fprintf(b, "    at:   %s\n", strings.Join(r.Detail, ", "))
	}
	if len(r.Rows) == 0 {
		return
	}
	var rows []string
	for i, row := range r.Rows {
		if i == maxRows {
			rows = append(rows, fmt.Sprintf("and %d more", len(r.Rows)-i))
			break
		}
		text := fmt.Sprint(row)
		if row >= 1 && row <= len(subjects) {
			text += " (" + subjects[row-1] + ")"
		}
		rows = append(rows, text)
	}
	fmt.Fprintf(b, "    rows: %s\n", strings.Join(rows, ", "))
}
