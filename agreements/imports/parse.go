package imports

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxBytes bounds a list.
const MaxBytes = 4 << 20

// Columns are those of a list, in any order, each once. Lists in a cell are separated by semicolons; retention_days is
// CATEGORY=DAYS, clauses are codes or ranges such as C01-C25, and days are UTC: a valid_until of 2027-01-31 ends when that
// day begins. The safeguards are those of the paper's Annex II, in their three kinds (R54). onward_recipients and the cells of the optional columns may be empty, and every other cell is filled.
func Columns() []string {
	return []string{
		"partner", "mission", "type", "title", "language", "purposes", "subject_types", "categories", "fields",
		"recipient_countries", "storage_countries", "onward_recipients", "max_subjects_per_transfer", "max_subjects_per_year",
		"retention_days", "effective_from", "valid_until", "clauses", consentColumn, mechanismColumn, programmesColumn, missionsColumn,
		parentColumn, institutionalColumn, technicalColumn, physicalColumn,
		"iom_signatory", "iom_title", "iom_signed_at", "partner_signatory", "partner_title", "partner_signed_at", "scan",
	}
}

// Optional are the columns that may be left out: lists were written before there were any.
func Optional() []string {
	return []string{
		consentColumn, mechanismColumn, programmesColumn, missionsColumn, parentColumn, institutionalColumn, technicalColumn, physicalColumn,
	}
}

const (
	// consentColumn is to whom the paper gives the collection of consent: organisation, partner, or empty for the
	// organisation (R10).
	consentColumn = "consent_collected_by"
	// mechanismColumn is by which data may leave the country that they come from (R39).
	mechanismColumn  = "transfer_mechanism"
	programmesColumn = "programmes"
	// missionsColumn is the missions that send under the paper beside the one that signed it.
	missionsColumn = "further_missions"
	// parentColumn is the id of the agreement that the paper hangs on.
	parentColumn        = "parent"
	institutionalColumn = "safeguards_institutional"
	technicalColumn     = "safeguards_technical"
	physicalColumn      = "safeguards_physical"
)

// Parse reads a list. The rows are whole where there is no finding, and must not be used otherwise. An error means that the
// list cannot be read at all: ErrForm, or that of r.
func Parse(r io.Reader) ([]Row, []Finding, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("reading the list: %w", err)
	case len(text) > MaxBytes:
		return nil, nil, fmt.Errorf("%w: it is longer than %d bytes; split it", ErrForm, MaxBytes)
	case !utf8.Valid(text):
		return nil, nil, fmt.Errorf("%w: it is not UTF-8; save it as CSV UTF-8", ErrForm)
	}
	lines := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	header, err := lines.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: the first line names the columns", ErrForm)
	}
	at, err := places(header)
	if err != nil {
		return nil, nil, err
	}
	var rows []Row
	p := parser{at: at}
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, nil, fmt.Errorf("%w: line %d is not CSV of as many cells as the header has", ErrForm, broken.StartLine)
		} else if err != nil {
			return nil, nil, fmt.Errorf("reading the list: %w", err)
		}
		if len(rows) == Most {
			return nil, nil, fmt.Errorf("%w: it has more than %d rows; split it", ErrForm, Most)
		}
		p.line, _ = lines.FieldPos(0)
		p.cells = cells
		rows = append(rows, p.row())
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("%w: it has no row", ErrForm)
	}
	p.twice(rows)
	return rows, p.findings, nil
}

// ErrForm says that the list is no CSV of the columns that are needed.
var ErrForm = errors.New("the list cannot be read")

func places(header []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := at[name]; twice || !slices.Contains(Columns(), name) {
			return nil, fmt.Errorf("%w: column %d is unknown or there twice; the columns are %s", ErrForm, i+1, strings.Join(Columns(), ", "))
		}
		at[name] = i
	}
	for _, name := range Columns() {
		if _, ok := at[name]; !ok && !slices.Contains(Optional(), name) {
			return nil, fmt.Errorf("%w: column %s is missing", ErrForm, name)
		}
	}
	return at, nil
}

// parser reads the cells of one row after the other.
type parser struct {
	at       map[string]int
	line     int
	cells    []string
	findings []Finding
}

func (p *parser) found(column, problem, mend string) {
	p.findings = append(p.findings, Finding{p.line, column, problem, mend})
}

func (p *parser) row() Row {
	return Row{
		Line: p.line, Partner: p.text("partner", 128), Mission: p.text("mission", 128),
		Type:  p.one("type", "data_sharing", "controller_processor", "joint_controllers"),
		Title: p.text("title", 300), Language: p.one("language", "en", "fr", "es"),
		Purposes: p.list("purposes", nil), SubjectTypes: p.list("subject_types", nil), Categories: p.list("categories", nil), Fields: p.list("fields", nil),
		RecipientCountries: p.list("recipient_countries", country), StorageCountries: p.list("storage_countries", country),
		OnwardRecipients:       p.optional("onward_recipients"),
		MaxSubjectsPerTransfer: p.number("max_subjects_per_transfer"), MaxSubjectsPerYear: p.number("max_subjects_per_year"),
		RetentionDays: p.retention("retention_days"), EffectiveFrom: p.time("effective_from"), ValidUntil: p.time("valid_until"), Clauses: p.clauses("clauses"),
		ConsentCollectedBy: p.collector(), TransferMechanism: p.maybe(mechanismColumn, 300), Parent: p.maybe(parentColumn, 128),
		Safeguards: Safeguards{p.safeguards(institutionalColumn), p.safeguards(technicalColumn), p.safeguards(physicalColumn)},
		Programmes: p.optional(programmesColumn), FurtherMissions: p.further("mission"),
		IOM:   Signatory{p.text("iom_signatory", 200), p.text("iom_title", 200), p.time("iom_signed_at")},
		Other: Signatory{p.text("partner_signatory", 200), p.text("partner_title", 200), p.time("partner_signed_at")},
		Scan:  p.file("scan"),
	}
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

// cell is what stands in the column; empty where the list has no such column.
func (p *parser) cell(column string) string {
	at, ok := p.at[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(p.cells[at])
}

func (p *parser) text(column string, most int) string {
	v := p.cell(column)
	switch {
	case v == "":
		p.found(column, "it is empty", "fill it in")
	case len(v) > most:
		p.found(column, "it is too long", "shorten it to "+strconv.Itoa(most)+" bytes")
	case strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c == 0x7f }):
		p.found(column, "it holds a control character or a line break", "write it in one line")
	}
	return v
}

func (p *parser) one(column string, of ...string) string {
	v := p.cell(column)
	if !slices.Contains(of, v) {
		p.found(column, "it is none of the known words", "write "+strings.Join(of, ", or "))
	}
	return v
}

func (p *parser) collector() string {
	if p.cell(consentColumn) == "" {
		return ""
	}
	return p.one(consentColumn, "organisation", "partner")
}

// maybe is a text that may be left out.
func (p *parser) maybe(column string, most int) string {
	if p.cell(column) == "" {
		return ""
	}
	return p.text(column, most)
}

// safeguards are those of one kind: none where the paper lists none.
func (p *parser) safeguards(column string) []string {
	const each, most = 500, 50
	all := p.optional(column)
	if len(all) > most || slices.ContainsFunc(all, func(text string) bool { return len(text) > each || strings.ContainsAny(text, "\r\n") }) {
		p.found(column, "it has too many entries, or one is too long or of several lines", fmt.Sprintf("write up to %d, each in one line of up to %d bytes, separated by semicolons", most, each))
	}
	return all
}

// further is the missions beside the one that the column names.
func (p *parser) further(signing string) []string {
	all := p.optional(missionsColumn)
	if slices.Contains(all, p.cell(signing)) {
		p.found(missionsColumn, "the mission that signed it stands there", "name the others alone")
	}
	return all
}

func (p *parser) list(column string, form *regexp.Regexp) []string {
	all := p.optional(column)
	switch {
	case len(all) == 0:
		p.found(column, "it is empty", "name at least one, separated by semicolons")
	case form != nil && slices.ContainsFunc(all, func(v string) bool { return !form.MatchString(v) }):
		p.found(column, "an entry is not of the form", "write ISO 3166-1 alpha-2 codes in capitals, separated by semicolons")
	}
	return all
}

func (p *parser) optional(column string) []string {
	var all []string
	for v := range strings.SplitSeq(p.cell(column), ";") {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		if slices.Contains(all, v) {
			p.found(column, "an entry stands there twice", "name each once")
		}
		all = append(all, v)
	}
	return all
}

func (p *parser) number(column string) int {
	n, err := strconv.Atoi(p.cell(column))
	if err != nil || n < 1 || n > 1_000_000_000 {
		p.found(column, "it is not a whole number above 0", "write digits only")
	}
	return n
}

func (p *parser) time(column string) time.Time {
	v := p.cell(column)
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, v); err == nil && t.Year() >= 1951 { // IOM's founding
			return t.UTC()
		}
	}
	p.found(column, "it is not a date", "write such as 2026-01-31, or 2026-01-31T12:00:00Z")
	return time.Time{}
}

func (p *parser) retention(column string) map[string]int {
	all := map[string]int{}
	for _, v := range p.optional(column) {
		code, text, ok := strings.Cut(v, "=")
		days, err := strconv.Atoi(strings.TrimSpace(text))
		if code = strings.TrimSpace(code); !ok || err != nil || days < 1 || days > 100_000 || code == "" || all[code] != 0 {
			p.found(column, "it does not say how many days each category is kept", "write such as identity=90;contact=30")
			return all
		}
		all[code] = days
	}
	if len(all) == 0 {
		p.found(column, "it is empty", "write such as identity=90;contact=30")
	}
	return all
}

var clauseRange = regexp.MustCompile(`^C(\d\d)(?:-C(\d\d))?$`)

func (p *parser) clauses(column string) []string {
	var all []string
	for _, v := range p.optional(column) {
		m := clauseRange.FindStringSubmatch(v)
		if m == nil {
			p.found(column, "an entry is no clause", "write codes and ranges, such as C01-C19;C20")
			return nil
		}
		from, _ := strconv.Atoi(m[1]) // two digits
		to := from
		if m[2] != "" {
			to, _ = strconv.Atoi(m[2]) // two digits
		}
		if from < 1 || to > 25 || from > to {
			p.found(column, "an entry is no clause", "clauses are C01 to C25")
			return nil
		}
		for n := from; n <= to; n++ {
			code := fmt.Sprintf("C%02d", n)
			if slices.Contains(all, code) {
				p.found(column, "a clause stands there twice", "name each once")
				return nil
			}
			all = append(all, code)
		}
	}
	if len(all) == 0 {
		p.found(column, "it is empty", "name the clauses that the paper holds, such as C01-C25")
	}
	slices.Sort(all)
	return all
}

// file is a plain name: a path could lead out of the folder of the scans.
func (p *parser) file(column string) string {
	v := p.text(column, 255)
	if v != "" && (v != path.Base(v) || strings.ContainsAny(v, `/\:`) || v == "." || v == "..") {
		p.found(column, "it is not the name of a file", "write the name alone, without a folder")
	}
	return v
}

// twice finds scans that several rows name.
func (p *parser) twice(rows []Row) {
	seen := map[string]bool{}
	for _, r := range rows {
		if r.Scan != "" && seen[r.Scan] {
			p.line = r.Line
			p.found("scan", "another row names the same scan", "give each agreement its own scan")
		}
		seen[r.Scan] = true
	}
}
