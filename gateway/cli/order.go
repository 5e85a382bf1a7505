package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"safeconduct/gateway/cli/client"
)

const maxOrder = 8 << 20 // bytes

// compose reads the order, and puts the flags over it.
func (f *sending) compose(s *shell) (client.Order, error) {
	var o client.Order
	if f.orderFile != "" {
		if err := s.readOrder(f.orderFile, &o); err != nil {
			return o, err
		}
	}
	for _, m := range []struct{ to, from *string }{
		{&o.Mission, &f.order.Mission},
		{&o.Partner, &f.order.Partner},
		{&o.Purpose, &f.order.Purpose},
		{&o.Nature, &f.order.Nature},
		{&o.RecipientClass, &f.order.RecipientClass},
		{&o.Agreement, &f.order.Agreement},
		{&o.Pathway, &f.order.Pathway},
		{&o.Origin.Source, &f.order.Origin.Source},
		{&o.Origin.Country, &f.order.Origin.Country},
		{&o.Origin.Clearance, &f.order.Origin.Clearance},
	} {
		if *m.from != "" {
			*m.to = *m.from
		}
	}
	if f.order.Categories != nil {
		o.Categories = f.order.Categories
	}
	if f.order.Onward != nil {
		o.Onward = f.order.Onward
	}
	if f.order.Fields != nil {
		o.Fields = f.order.Fields
	}
	if f.subjectsFile != "" {
		b, err := os.ReadFile(f.subjectsFile)
		if err != nil {
			return o, fmt.Errorf("reading the case numbers: %w", err)
		}
		o.Subjects = nil
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" {
				o.Subjects = append(o.Subjects, line)
			}
		}
	}
	if o.Mission == "" {
		return o, usagef("which mission sends? Give --mission ID, or the member mission of --order FILE")
	}
	return o, nil
}

func (s *shell) readOrder(path string, o *client.Order) error {
	r := s.In
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return usage(fmt.Errorf("reading the order: %w", err))
		}
		defer func() { _ = f.Close() }() // it was only read
		r = f
	}
	d := json.NewDecoder(io.LimitReader(r, maxOrder))
	d.DisallowUnknownFields()
	if err := d.Decode(o); err != nil {
		return usage(fmt.Errorf("reading the order: %w; it is one JSON object with the members of POST /api/v1/transfers", orderFault(err)))
	}
	return nil
}

// orderFault says what is wrong with the JSON without its values, which may be
// case numbers.
func orderFault(err error) error {
	var mistyped *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &mistyped):
		return fmt.Errorf("its member %s is no %s", mistyped.Field, mistyped.Type)
	case errors.As(err, &syntax):
		return fmt.Errorf("there is no JSON at byte %d", syntax.Offset)
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New(strings.TrimPrefix(err.Error(), "json: ")) // the name of a member
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early")
	}
	return errors.New("it cannot be read")
}

// describe opens the files, and writes size, hash and media type into the order.
func (f *sending) describe(o *client.Order) ([]*os.File, error) {
	if len(o.Files) > len(f.paths) {
		return nil, usagef(fmt.Sprintf("the order has %d files and --file names %d", len(o.Files), len(f.paths)))
	}
	var files []*os.File
	for i, path := range f.paths {
		file, err := os.Open(path)
		if err != nil {
			return files, fmt.Errorf("opening a file to send: %w", err)
		}
		files = append(files, file)
		if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
			return files, usagef(fmt.Sprintf("--file %d is no plain file", i+1))
		}
		size, sum, err := client.Describe(file)
		if err != nil {
			return files, err
		}
		if i == len(o.Files) {
			o.Files = append(o.Files, client.File{})
		}
		d := &o.Files[i]
		if d.SHA256 != "" && d.SHA256 != sum || d.Size != nil && *d.Size != size {
			return files, fmt.Errorf("file %d is not the one that the order declares: its size or SHA-256 differs", i+1)
		}
		d.N, d.State, d.Size, d.SHA256 = 0, "", &size, sum
		if d.MediaType == "" {
			d.MediaType = mediaType(path)
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // they were only read
	}
}

// mediaType is that of the usual extensions; the same on every machine.
func mediaType(path string) string {
	known := map[string]string{
		".csv": "text/csv", ".tsv": "text/tab-separated-values", ".txt": "text/plain", ".json": "application/json",
		".pdf": "application/pdf", ".zip": "application/zip", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		".ods":  "application/vnd.oasis.opendocument.spreadsheet",
	}
	if t, ok := known[strings.ToLower(filepath.Ext(path))]; ok {
		return t
	}
	return "application/octet-stream"
}
