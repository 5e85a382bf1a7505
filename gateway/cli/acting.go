package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"safeconduct/gateway/cli/acts"
	"safeconduct/gateway/cli/client"
)

// acting is the flags of one act.
type acting struct {
	connection
	act     acts.Act
	from    string
	set     []string
	key     string
	out     string
	example bool
}

func (f *acting) run(ctx context.Context, s *shell, args []string) error {
	if f.example {
		return s.print("%s", f.act.Indented())
	}
	if command, ok := ofTheirOwn(f.act.ID); ok {
		return usagef("use " + command + ", which goes on after a cut, and compares what was sent with what came")
	}
	if f.act.Takes != "" && f.act.Takes != acts.JSON {
		return f.sendScan(ctx, s, args)
	}
	if f.out == "" && f.act.Exact && f.act.Answers == "application/octet-stream" {
		return usagef("where to? Give --out FILE")
	}
	body, query, err := f.body(s)
	if err != nil {
		return err
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	if f.act.Paged && !query.Has("after") && !query.Has("limit") {
		return f.pages(ctx, s, c, args, query)
	}
	answer, err := f.call(ctx, c, args, query, body)
	if err != nil {
		return err
	}
	return f.show(s, answer)
}

// call calls with the body, nil for none.
func (f *acting) call(ctx context.Context, c *client.Client, args []string, query url.Values, body json.RawMessage) (client.Raw, error) {
	var in any
	if body != nil {
		in = body
	}
	var answer client.Raw
	_, err := c.CallUnder(ctx, f.key, f.act.Method, f.act.At(args, query), in, &answer)
	return answer, err
}

// body is what is sent, nil where the act takes none, and the query.
func (f *acting) body(s *shell) (json.RawMessage, url.Values, error) {
	values, query, err := f.act.Put(f.set)
	if err != nil {
		return nil, nil, usage(fmt.Errorf("--set: %w; see safeconduct act %s --help", err, f.act.ID))
	}
	switch {
	case f.act.Takes == "":
		return nil, query, nil
	case f.from != "" && len(values) > 0:
		return nil, nil, usagef("the fields are given in --from FILE or with --set, not both")
	case f.from != "":
		text, err := s.readBody(f.from)
		return text, query, err
	}
	for _, field := range f.act.Fields() {
		if field.Required && len(values) == 0 {
			return nil, nil, usagef("what is it to be? Give --from FILE, or --set name=value; safeconduct act " + f.act.ID + " --example writes a file to begin with")
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil, nil, fmt.Errorf("writing the fields: %w", err)
	}
	return text, query, nil
}

// maxBody bounds the file with a body, in bytes, as the API does.
const maxBody = 4 << 20

func (s *shell) readBody(path string) (_ json.RawMessage, err error) {
	in := s.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, usage(fmt.Errorf("reading --from: %w", err))
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading --from: %w", err)
	case len(text) > maxBody:
		return nil, usagef(fmt.Sprintf("--from is larger than %d bytes", maxBody))
	}
	var fault *json.SyntaxError
	if err := json.Unmarshal(text, new(json.RawMessage)); errors.As(err, &fault) {
		line := 1 + bytes.Count(text[:min(int(fault.Offset), len(text))], []byte("\n"))
		return nil, usagef(fmt.Sprintf("--from is not one JSON value; look at line %d", line))
	}
	return text, nil
}

// sendScan sends a file of bytes: of the acts here, a scan alone is one.
func (f *acting) sendScan(ctx context.Context, s *shell, args []string) (err error) {
	if f.from == "" || f.from == "-" {
		return usagef("which file? Give --from FILE")
	}
	file, err := os.Open(f.from)
	if err != nil {
		return usage(fmt.Errorf("reading --from: %w", err))
	}
	defer func() { _ = file.Close() }() // it was only read
	size, sum, err := client.Describe(file)
	if err != nil {
		return err
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	kept, err := c.SendScan(ctx, args[0], size, sum, file)
	if err != nil {
		return err
	}
	return s.result(kept, func() error { return s.print("id: %s\nsha256: %s\nsize: %d", kept.ID, kept.SHA256, kept.Size) })
}

// show writes an answer: as people read it, as JSON, or, where it is no answer
// but a document, as it is.
func (f *acting) show(s *shell, answer []byte) error {
	switch {
	case f.out != "":
		return writeNew(f.out, answer)
	case f.act.Exact || !json.Valid(answer):
		if _, err := s.Out.Write(answer); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
		return nil
	}
	return s.result(json.RawMessage(answer), func() error {
		return s.print("%s", printable(strings.TrimRight(acts.Plain(answer), "\n")))
	})
}
