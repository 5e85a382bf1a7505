package people

import (
	"errors"
	"strings"
	"testing"
)

// completionSeeds are imports as spreadsheets and people write them.
func completionSeeds() []string {
	const head = "person,course,version,language,passed\n"
	const row = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f,data_protection,1,en,2026-02-10\n"
	return []string{
		head + row, head, row, "", "\ufeff" + head + row, strings.ReplaceAll(head+row, "\n", "\r\n"), head + row + row,
		"passed,language,version,course,person,expires\n2026-02-10,fr,1,x,0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f,2027-01-01\n",
		head + "\"", head + "a\nb", head + ",,,,\n", "person,person\n", head + "\"0198\"\"\",x,1,en,2026-02-30\n", strings.ReplaceAll(head+row, ",", ";"),
	}
}

func TestCompletionSeeds(t *testing.T) {
	if n := len(completionSeeds()); n != 14 {
		t.Fatalf("%d seeds", n)
	}
}

// FuzzCompletions: whatever comes, each row is whole or named with its mend, and no mend repeats what was sent.
func FuzzCompletions(f *testing.F) {
	for _, s := range completionSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := read(strings.NewReader(text))
		var bad *ImportError
		if err != nil && (!errors.As(err, &bad) || len(bad.Faults) == 0 || len(bad.Faults) > MaxFaults) {
			t.Fatalf("%v", err)
		}
		if err == nil && (len(rows) == 0 || len(rows) > MaxCompletions) {
			t.Fatalf("%d rows", len(rows))
		}
		if bad != nil {
			for _, x := range bad.Faults {
				if x.Mend == "" || x.Row < 0 || x.Row > MaxCompletions {
					t.Fatalf("%+v", x)
				}
			}
			return
		}
		for i, x := range rows {
			if x.n != i+1 || x.person == "" || !isCode(x.Course) || !isCode(x.CourseVersion) || x.Passed.IsZero() && x.Passed.Year() != 1 {
				t.Fatalf("%+v", x)
			}
		}
	})
}
