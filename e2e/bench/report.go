package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Sample is one thing measured several times, in its unit.
type Sample []float64

// Median is the middle; of an even number, the lower of the two in the middle.
func (s Sample) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[(len(sorted)-1)/2]
}

// rates are work per second, of durations.
func rates(work float64, took []time.Duration) Sample {
	s := make(Sample, 0, len(took))
	for _, d := range took {
		s = append(s, work/d.Seconds())
	}
	return s
}

// Row is one line of the report.
type Row struct {
	What   string
	Unit   string
	Sample Sample
	// Against is the row that this one is compared with, empty for none; the
	// ratio is of medians. Target is the least that the ratio should be, and 0
	// where none was set; Most the most that the median may be.
	Against string
	Target  float64
	Most    float64
}

// Report is all that was measured.
type Report struct{ Rows []Row }

func (r *Report) add(rows ...Row) { r.Rows = append(r.Rows, rows...) }

func (r *Report) row(what string) (Row, bool) {
	i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.What == what })
	if i < 0 {
		return Row{}, false
	}
	return r.Rows[i], true
}

// Ratio of a row to the one that it is compared with; false for none.
func (r *Report) Ratio(row Row) (float64, bool) {
	other, ok := r.row(row.Against)
	if row.Against == "" || !ok || other.Sample.Median() == 0 {
		return 0, false
	}
	return row.Sample.Median() / other.Sample.Median(), true
}

// Write prints the table, as Markdown that is also aligned for a terminal.
func (r *Report) Write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	lines := []string{
		"| what\t| median\t| min\t| max\t| unit\t| ratio\t| to\t| target\t|\t",
		"|---\t|---:\t|---:\t|---:\t|---\t|---:\t|---\t|---\t|---|\t",
	}
	for _, row := range r.Rows {
		lines = append(lines, r.line(row))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (r *Report) line(row Row) string {
	ratio, against, target, verdict := "", row.Against, "", ""
	met := false // what was not measured is not met
	if value, ok := r.Ratio(row); ok {
		ratio, met = fmt.Sprintf("%.2f", value), value >= row.Target
	}
	if row.Target > 0 {
		target = fmt.Sprintf("≥ %.2f", row.Target)
	}
	if row.Most > 0 {
		target, met = fmt.Sprintf("< %s", number(row.Most)), row.Sample.Median() < row.Most
	}
	if target != "" {
		verdict = map[bool]string{true: "met", false: "MISSED"}[met]
	}
	return fmt.Sprintf("| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s |\t", row.What,
		number(row.Sample.Median()), number(minimum(row.Sample)), number(maximum(row.Sample)), row.Unit, ratio, against, target, verdict)
}

func minimum(s Sample) float64 {
	if len(s) == 0 {
		return 0
	}
	return slices.Min(s)
}

func maximum(s Sample) float64 {
	if len(s) == 0 {
		return 0
	}
	return slices.Max(s)
}

// number has three digits that count, and no more than that after the point.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// slowest is the name of the row with the least median.
func slowest(rows []Row) string {
	return slices.MinFunc(rows, func(a, b Row) int { return cmp.Compare(a.Sample.Median(), b.Sample.Median()) }).What
}
