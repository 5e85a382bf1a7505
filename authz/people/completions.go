package people

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"safeconduct/authz/evidence"
)

// MaxCompletions bounds how many rows one import has, and MaxFaults how many
// faults of one are told.
const (
	MaxCompletions = 5000
	MaxFaults      = 100
	maxCode        = 64 // bytes of a course or of its version
)

// CompletionColumns are the columns of an import, by the names of its first row;
// expires may be left out.
func CompletionColumns() []string {
	return []string{"person", "course", "version", "language", "passed", "expires"}
}

// RowFault is what is wrong with one row of an import, and how to mend it. It
// holds nothing of the row.
type RowFault struct {
	Row    int    // from 1, the row of column names not counted; 0: the file as a whole
	Column string // empty: the row as a whole
	Mend   string
}

// ImportError is ErrInvalid with the faults of every row: nothing was imported.
type ImportError struct{ Faults []RowFault }

// Error tells how many rows are at fault, and the first.
func (e *ImportError) Error() string {
	return fmt.Sprintf("nothing was imported; %d faults, the first in row %d: %s", len(e.Faults), e.Faults[0].Row, e.Faults[0].Mend)
}

// Is makes every ImportError an ErrInvalid.
func (*ImportError) Is(target error) bool { return target == ErrInvalid }

// row is one row of an import.
type row struct {
	n      int
	person string
	Completion
	ends   *time.Time // as the course has it, exclusive; nil where it says nothing
	faults []RowFault
}

// completions reads an import row by row (RFC 4180, UTF-8, dates as
// YYYY-MM-DD). A row that cannot be meant is handed over with its faults; a file
// that cannot be read ends with a row 0.
func completions(r io.Reader) iter.Seq[row] {
	return func(yield func(row) bool) {
		in := csv.NewReader(r)
		in.FieldsPerRecord, in.ReuseRecord = -1, true
		head, err := in.Read()
		at, fault := columns(head, err)
		if fault != "" {
			yield(whole(fault))
			return
		}
		width := len(head)
		for n := 1; ; n++ {
			record, err := in.Read()
			switch {
			case errors.Is(err, io.EOF) && n == 1:
				yield(whole("the file has no row below the names of its columns; add one for each completion"))
				return
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(row{n: n, faults: []RowFault{{n, "", "the row is not CSV (RFC 4180): look for a quotation mark that is not closed, and save the file as CSV, UTF-8"}}})
				return // where it goes on nobody knows
			case n > MaxCompletions:
				yield(whole(fmt.Sprintf("the file has more than %d rows; import it in parts", MaxCompletions)))
				return
			}
			if !yield(readRow(n, record, width, at)) {
				return
			}
		}
	}
}

func whole(mend string) row { return row{faults: []RowFault{{Mend: mend}}} }

// columns tells where each column stands, or what is wrong with the first row.
func columns(head []string, err error) (at map[string]int, fault string) {
	const mend = "name the columns in the first row: person,course,version,language,passed and, where you have it, expires"
	if err != nil {
		return nil, mend
	}
	at = make(map[string]int, len(head))
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))) // as spreadsheets save UTF-8
		if _, twice := at[name]; twice || !slices.Contains(CompletionColumns(), name) {
			return nil, mend
		}
		at[name] = i
	}
	for _, name := range CompletionColumns()[:5] {
		if _, ok := at[name]; !ok {
			return nil, mend
		}
	}
	return at, ""
}

func readRow(n int, record []string, width int, at map[string]int) row {
	x := row{n: n}
	if len(record) != width {
		x.fault("", "give the row as many fields as the first row has")
		return x
	}
	field := func(name string) string {
		i, ok := at[name]
		if !ok {
			return ""
		}
		return strings.Clone(strings.TrimSpace(record[i]))
	}
	x.person = strings.ToLower(field("person"))
	if x.person == "" || evidence.Opaque(x.person) != x.person {
		x.fault("person", "give the person's id, as the register has it, and never a name")
	}
	x.Course, x.CourseVersion = field("course"), field("version")
	for name, code := range map[string]string{"course": x.Course, "version": x.CourseVersion} {
		if !isCode(code) {
			x.fault(name, fmt.Sprintf("give a code of 1 to %d characters", maxCode))
		}
	}
	x.Language = strings.ToLower(field("language"))
	if !slices.Contains(Languages(), x.Language) {
		x.fault("language", "give en, fr or es: the course counts in these languages")
	}
	var err error
	if x.Passed, err = time.Parse(time.DateOnly, field("passed")); err != nil {
		x.fault("passed", "give the day as YYYY-MM-DD, such as 2026-02-28")
	}
	if ends := field("expires"); ends != "" {
		t, err := time.Parse(time.DateOnly, ends)
		if err != nil || !t.After(x.Passed) {
			x.fault("expires", "give a day after the course was passed, as YYYY-MM-DD, or leave it empty")
		}
		x.ends = &t
	}
	slices.SortFunc(x.faults, func(a, b RowFault) int { return strings.Compare(a.Column, b.Column) })
	return x
}

func (x *row) fault(column, mend string) {
	x.faults = append(x.faults, RowFault{x.n, column, mend})
}

func isCode(s string) bool {
	return s != "" && len(s) <= maxCode && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
