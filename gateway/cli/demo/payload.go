package demo

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"safeconduct/gateway/cli/client"
)

//go:embed sample.csv
var sample []byte

// MaxSubjects is the volume of the demo's agreement: persons in one transfer.
const MaxSubjects = 25_000

// caseColumn names the persons of a CSV.
const caseColumn = "case_reference"

// Fields are those that the demo's agreement covers (Annex I).
func Fields() []string {
	return []string{
		caseColumn, "given_name", "family_name", "sex", "date_of_birth", "nationality", "phone", "location", "service_needed", "urgency", "notes",
	}
}

// ErrPayload says that a file cannot be played.
var ErrPayload = errors.New("the file cannot be played")

// Payload is what the story sends.
type Payload struct {
	client.Source
	MediaType string
	Cases     []string // case numbers of the persons in it, each once
	Fields    []string
	Note      string // how it was read
	close     func() error
}

// Close closes the file.
func (p Payload) Close() error { return p.close() }

// Sample is the payload that comes with the program: invented persons.
func Sample() (Payload, error) {
	return read(bytes.NewReader(sample), "text/csv", func() error { return nil })
}

// matched reports whether its content can be matched to the manifest: it is a table, of which the fields and persons were read.
func (p Payload) matched() bool { return p.MediaType == "text/csv" }

// Open reads a file of the user's own. Of a CSV with a column case_reference it
// takes the persons and the fields; anything else is sent as it is, about one
// invented case.
func Open(path, mediaType string) (Payload, error) {
	f, err := os.Open(path)
	if err != nil {
		return Payload{}, fmt.Errorf("opening the file: %w", err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Payload{}, errors.Join(fmt.Errorf("%w: it is no plain file", ErrPayload), f.Close())
	}
	p, err := read(f, mediaType, f.Close)
	if err != nil {
		return Payload{}, errors.Join(err, f.Close())
	}
	return p, nil
}

func read(src client.Source, mediaType string, closer func() error) (Payload, error) {
	p := Payload{Source: src, MediaType: mediaType, close: closer, Cases: []string{"DEMO-INVENTED-1"}, Fields: Fields()}
	p.Note = "it has no column " + caseColumn + " that this program can read: it is sent as it is, about one invented case"
	if mediaType == "text/csv" {
		r, columns, err := table(src)
		if err != nil {
			return Payload{}, err
		}
		if at := slices.Index(columns, caseColumn); at >= 0 {
			if p.Cases, err = casesOf(r, columns, at); err != nil {
				return Payload{}, err
			}
			p.Fields, p.Note = columns, fmt.Sprintf("it concerns %s, by its column %s", persons(len(p.Cases)), caseColumn)
		}
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return Payload{}, fmt.Errorf("reading the file again: %w", err)
	}
	return p, nil
}

// table reads the first line of a CSV: comma, semicolon or tab part its columns.
func table(src io.Reader) (*csv.Reader, []string, error) {
	b := bufio.NewReaderSize(src, 64<<10)
	head, err := b.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("reading the file: %w", err)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3) // peeked
		head = head[3:]
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	r := csv.NewReader(b)
	r.ReuseRecord = true
	for _, comma := range []rune{',', ';', '\t'} {
		if bytes.ContainsRune(line, comma) {
			r.Comma = comma
			break
		}
	}
	record, err := r.Read()
	if err != nil {
		return r, nil, nil //nolint:nilerr // what cannot be read as a table is sent as it is
	}
	columns := make([]string, len(record))
	for i, name := range record {
		columns[i] = strings.TrimSpace(name)
	}
	return r, columns, nil
}

// casesOf lists the case numbers of column at, each once.
func casesOf(r *csv.Reader, columns []string, at int) ([]string, error) {
	covered := Fields()
	for i, name := range columns {
		if !slices.Contains(covered, name) {
			return nil, fmt.Errorf("%w: its column %d is not among the fields of the demo's agreement: use only %s", ErrPayload, i+1, strings.Join(covered, ", "))
		}
		if slices.Contains(columns[:i], name) {
			return nil, fmt.Errorf("%w: its column %d has the name of an earlier one", ErrPayload, i+1)
		}
	}
	var cases []string
	seen := map[string]bool{}
	for row := 2; ; row++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: row %d is not of the form of the first", ErrPayload, row)
		}
		reference := strings.TrimSpace(record[at])
		if reference == "" {
			return nil, fmt.Errorf("%w: row %d has no %s", ErrPayload, row, caseColumn)
		}
		if !seen[reference] {
			seen[reference] = true
			cases = append(cases, strings.Clone(reference))
		}
		if len(cases) > MaxSubjects {
			return nil, fmt.Errorf("%w: it concerns more than %d persons, which is what the demo's agreement allows in one transfer", ErrPayload, MaxSubjects)
		}
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("%w: it has no row below its first", ErrPayload)
	}
	return cases, nil
}
