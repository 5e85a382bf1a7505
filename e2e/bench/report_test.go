package bench

import (
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	var r Report
	r.add(
		Row{What: "direct", Unit: "MiB/s", Sample: Sample{90, 110, 100}},
		Row{What: "near", Unit: "MiB/s", Sample: Sample{95, 91, 80}, Against: "direct", Target: 0.9},
		Row{What: "far", Unit: "MiB/s", Sample: Sample{50}, Against: "direct", Target: 0.9},
		Row{What: "told", Unit: "MiB/s", Sample: Sample{50}, Against: "direct"},
		Row{What: "lean", Unit: "MiB", Sample: Sample{199}, Most: 200},
		Row{What: "fat", Unit: "MiB", Sample: Sample{200}, Most: 200},
		Row{What: "never run", Against: "nothing", Target: 0.5},
	)
	var out strings.Builder
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for what, want := range map[string][]string{
		"direct": {"100", "90.0", "110"},
		"near":   {"0.91", "≥ 0.90", "met"},
		"far":    {"0.50", "MISSED"},
		"told":   {"0.50"},
		"lean":   {"< 200", "met"},
		"fat":    {"MISSED"},
	} {
		for _, line := range lines {
			if !strings.HasPrefix(line, "| "+what+" ") {
				continue
			}
			for _, w := range want {
				if !strings.Contains(line, w) {
					t.Errorf("%s lacks %q", line, w)
				}
			}
			if what == "told" && (strings.Contains(line, "met") || strings.Contains(line, "MISSED")) {
				t.Errorf("%s has a verdict without a target", line)
			}
		}
	}
	if _, ok := r.Ratio(r.Rows[6]); ok {
		t.Error("a ratio to what was not measured")
	}
	if got := slowest(r.Rows[:3]); got != "far" {
		t.Errorf("slowest is %s", got)
	}
}

func TestWhatWasNotMeasuredIsNotMet(t *testing.T) {
	var r Report
	row := Row{What: "never run", Against: "nothing", Target: 0.5}
	r.add(row)
	if line := r.line(row); !strings.Contains(line, "MISSED") {
		t.Error(line)
	}
}

func TestSample(t *testing.T) {
	for _, c := range []struct {
		s    Sample
		want float64
	}{{nil, 0}, {Sample{3}, 3}, {Sample{4, 2}, 2}, {Sample{9, 1, 5}, 5}} {
		if got := c.s.Median(); got != c.want {
			t.Errorf("median of %v is %v", c.s, got)
		}
	}
	if got := rates(10, []time.Duration{2 * time.Second}); got[0] != 5 {
		t.Errorf("rates %v", got)
	}
}
