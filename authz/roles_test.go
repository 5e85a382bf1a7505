package authz_test

import (
	"cmp"
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
)

// records are the lines of a CSV below its heading.
func records(t *testing.T, path string) (heading []string, rows [][]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	r := csv.NewReader(f)
	r.Comment = '#'
	all, err := r.ReadAll()
	if err != nil || len(all) < 2 {
		t.Fatalf("%s: %d lines, %v", path, len(all), err)
	}
	return all[0], all[1:]
}

// words is what a word of a row of domain.md's table means to a role: actions, with a scope or without.
type words map[[3]string][]string

func readWords(t *testing.T) words {
	t.Helper()
	w := words{}
	_, rows := records(t, "testdata/words.csv")
	for _, row := range rows {
		roles := strings.Fields(row[2])
		if len(roles) == 0 {
			roles = []string{""}
		}
		for _, role := range roles {
			key := [3]string{row[0], row[1], role}
			if w[key] != nil {
				t.Errorf("%v twice", key)
			}
			w[key] = append([]string{}, strings.Fields(row[3])...)
		}
	}
	return w
}

// of finds the word as it stands, for the role before all; ok is false where it is not known.
func (w words) of(row, word, role string) (actions []string, ok bool) {
	if actions, ok = w[[3]string{row, word, role}]; ok {
		return actions, true
	}
	actions, ok = w[[3]string{row, word, ""}]
	return actions, ok
}

// cell reads a cell of the table: the whole of it where it is a word, or else letters with m or o behind them.
func (w words) cell(t *testing.T, row, cell, role string) map[authz.Action]string {
	t.Helper()
	given := map[authz.Action]string{}
	take := func(actions []string, scope string) {
		for _, a := range actions {
			action, own, named := strings.Cut(a, ":")
			if named {
				given[authz.Action(action)] = wider(given[authz.Action(action)], own)
			} else {
				given[authz.Action(action)] = wider(given[authz.Action(action)], scope)
			}
		}
	}
	if actions, ok := w.of(row, cell, role); ok {
		take(actions, "any")
		return given
	}
	for part := range strings.SplitSeq(cell, ", ") {
		letter, scope := part, "any"
		if len(part) == 2 && (part[1] == 'm' || part[1] == 'o') {
			letter, scope = part[:1], part[1:]
		}
		actions, ok := w.of(row, letter, role)
		if !ok && part != "-" {
			t.Errorf("%s of %s: nobody has said what %q means there", role, row, part)
		}
		take(actions, scope)
	}
	return given
}

// wider is the wider of two scopes; none is narrower than any.
func wider(a, b string) string {
	order := []string{"", "-", "own", "m", "o", "any"}
	return slices.MaxFunc([]string{a, b}, func(a, b string) int { return cmp.Compare(slices.Index(order, a), slices.Index(order, b)) })
}

// TestMatrixIsTheTable compares matrix.csv with domain.md's own table. Where the policy is wider or stricter than the table, or
// has an action of which the table has no row, differences.csv says so with the reason; it says nothing else.
func TestMatrixIsTheTable(t *testing.T) {
	w, m := readWords(t), matrix(t)
	heading, rows := records(t, "testdata/roles.csv")
	if len(rows) != 18 || len(heading) != 10 {
		t.Fatalf("%d rows, domain.md has 18 for 9 roles", len(rows))
	}
	table := map[authz.Action]map[authz.Role]string{}
	for _, row := range rows {
		for i, role := range heading[1:] {
			for action, scope := range w.cell(t, row[0], row[i+1], role) {
				if m[action] == nil {
					t.Errorf("words.csv names %s, which is no action", action)
				}
				if table[action] == nil {
					table[action] = map[authz.Role]string{}
				}
				table[action][authz.Role(role)] = wider(table[action][authz.Role(role)], scope)
			}
		}
	}
	stated := differences(t)
	for action, cells := range m {
		t.Run("R53 "+string(action), func(t *testing.T) {
			beyond := [2]string{string(action), "no row"}
			if stated[beyond] != "" && table[action] != nil {
				t.Error("it has a row in the table")
			}
			if table[action] == nil {
				if stated[beyond] == "" {
					t.Errorf("the table has no row for it: differences.csv is to say why it is an action, as\n%s,no row,reason", action)
				}
				delete(stated, beyond)
				return
			}
			for _, role := range roles() {
				has, wants := cells[role], wider(table[action][role], "-")
				difference := [2]string{string(action), string(role) + " " + wants + " > " + has}
				if has != wants && stated[difference] == "" {
					t.Errorf("%s: the table has %q, the policy %q: mend it, or say why in differences.csv, as\n%s,%s,reason", role, wants, has, difference[0], difference[1])
				}
				if has != wants {
					delete(stated, difference)
				}
			}
		})
	}
	for difference := range stated {
		t.Errorf("differences.csv has what is none: %v", difference)
	}
}

// differences are by action and what differs: "ROLE table > policy" of a cell, or "no row".
func differences(t *testing.T) map[[2]string]string {
	t.Helper()
	stated := map[[2]string]string{}
	_, rows := records(t, "testdata/differences.csv")
	for _, row := range rows {
		for difference := range strings.SplitSeq(row[1], "; ") {
			key := [2]string{row[0], difference}
			if stated[key] != "" || strings.TrimSpace(row[2]) == "" {
				t.Errorf("%v twice, or without a reason", row)
			}
			stated[key] = row[2]
		}
	}
	return stated
}
