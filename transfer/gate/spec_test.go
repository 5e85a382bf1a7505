package gate

import (
	"encoding/csv"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// specRow is a line of the gate's table, testdata/conditions.csv.
type specRow struct {
	number    string
	codes     []Code
	overrides []Override // one for all, or one each
	phases    phases
}

// specRows are the conditions, and last the codes of the emergency path, which no condition has.
func specRows(t *testing.T) (conditions []specRow, emergency []Code) {
	t.Helper()
	f, err := os.Open("testdata/conditions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	r := csv.NewReader(f)
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		row := specRow{number: line[0]}
		for _, code := range strings.Fields(line[2]) {
			row.codes = append(row.codes, Code(code))
		}
		for o := range strings.SplitSeq(line[3], "/") {
			row.overrides = append(row.overrides, Override(o))
		}
		for _, phase := range strings.Fields(line[4]) {
			row.phases |= in(Phase(phase))
		}
		conditions = append(conditions, row)
	}
	last := len(conditions) - 1
	if last != 32 || conditions[last].number != "emergency" {
		t.Fatalf("%d rows, gate.md has 31, 4a and the emergency path", len(conditions))
	}
	return conditions[:last], conditions[last].codes
}

func specCodes(t *testing.T) []Code {
	t.Helper()
	rows, emergency := specRows(t)
	var codes []Code
	for _, row := range rows {
		codes = append(codes, row.codes...)
	}
	return append(codes, emergency...)
}

// specOverride is what gate.md's table says of the code.
func specOverride(t *testing.T, code Code) Override {
	t.Helper()
	rows, _ := specRows(t)
	for _, row := range rows {
		if i := slices.Index(row.codes, code.Base()); i >= 0 {
			return row.overrides[min(i, len(row.overrides)-1)]
		}
	}
	t.Fatalf("%s is not in gate.md's table", code)
	return ""
}

func TestConditionsAreGatesTable(t *testing.T) {
	rows, _ := specRows(t)
	next := 0
	for _, c := range conditions() {
		i := slices.IndexFunc(rows, func(r specRow) bool { return r.number == c.number })
		if i < next {
			t.Fatalf("condition %s is unknown, twice, or out of the table's order", c.number)
		}
		next = i + 1
		if want := rows[i].phases; c.phases != want || want == 0 {
			t.Errorf("condition %s: phases %03b, want %03b", c.number, c.phases, want)
		}
		place := -1
		for _, r := range c.codes {
			j := slices.Index(rows[i].codes, r.code)
			if j <= place {
				t.Errorf("condition %s: %s is foreign or out of order", c.number, r.code)
				continue
			}
			place = j
			if want := rows[i].overrides[min(j, len(rows[i].overrides)-1)]; r.override != want {
				t.Errorf("%s: override %s, want %s", r.code, r.override, want)
			}
		}
	}
}

func TestEveryConditionIsThere(t *testing.T) {
	var numbers, want []string
	for _, c := range conditions() {
		numbers = append(numbers, c.number)
	}
	rows, _ := specRows(t)
	for _, row := range rows {
		want = append(want, row.number)
	}
	if !slices.Equal(numbers, want) {
		t.Error(numbers)
	}
}

func TestMendsForEveryCodeInThreeLanguages(t *testing.T) {
	mends, err := Mends()
	if err != nil {
		t.Fatal(err)
	}
	codes := specCodes(t)
	sentence := regexp.MustCompile(`^\p{Lu}|^¿`)
	seen := map[Code][]string{}
	for _, lang := range []string{"en", "fr", "es"} {
		t.Run("R56 a mend and whom to ask, for every code, in "+lang, func(t *testing.T) {
			for _, code := range codes {
				mend, ask := mends.Text(code, lang)
				if !sentence.MatchString(mend) || !strings.HasSuffix(mend, ".") || len(mend) > 300 || slices.Contains(seen[code], mend) {
					t.Errorf("%s: %q", code, mend)
				}
				if seen[code] = append(seen[code], mend); !slices.Contains(Asks(), ask) {
					t.Errorf("%s: ask %q", code, ask)
				}
			}
		})
	}
	for code := range mends {
		code, _, _ := strings.Cut(string(code), "@")
		if code := Code(code); !slices.Contains(codes, code) {
			t.Errorf("%s is no code of gate.md", code)
		}
	}
}

func TestMendText(t *testing.T) {
	mends, err := Mends()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		code       Code
		lang, mend string
		ask        string
	}{
		{"PULL_DENIED", "en", "Not available, contact the mission.", "focal_point"},
		{"PULL_DENIED", "de", "Not available, contact the mission.", "focal_point"},
		{"PULL_DENIED", "", "Not available, contact the mission.", "focal_point"},
		{"PULL_DENIED", "FR-ch", "Non disponible, contactez la mission.", "focal_point"},
		{"PULL_DENIED", "es_419", "No disponible, contacte con la misión.", "focal_point"},
		{"AGR_CLAUSE_MISSING:C20", "en", "The agreement lacks a mandatory clause. Ask Legal to amend it.", "legal"},
		{"UNHEARD_OF", "en", "", "focal_point"},
	} {
		if mend, ask := mends.Text(row.code, row.lang); mend != row.mend || ask != row.ask {
			t.Errorf("%s %s: %q %q", row.code, row.lang, mend, ask)
		}
	}
}

func TestMendOf(t *testing.T) {
	mends, err := Mends()
	if err != nil {
		t.Fatal(err)
	}
	f := passing(Request)
	f.Stopped = evidence.Ref{Kind: people.KindMission, ID: "m1", Version: 2}
	r := Decide(f).Refusals[0]
	for lang, want := range map[string]string{
		"en": "The mission is suspended and sends nothing. Contact Legal.", "fr": "La mission est suspendue et n'envoie rien. Contactez le service juridique.",
		"es": "La misión está suspendida y no envía nada. Contacte al servicio jurídico.",
	} {
		t.Run("R42 R56 AUTH_ROLE_DENIED of a suspended mission, in "+lang, func(t *testing.T) {
			if mend, ask := mends.Of(r, lang); r.Code != AuthRoleDenied || r.Object != f.Stopped || mend != want || ask != "legal" {
				t.Errorf("%+v: %q, ask %q", r, mend, ask)
			}
		})
	}
	f.Stopped, f.Actor.Allowed = evidence.Ref{}, false
	if mend, ask := mends.Of(Decide(f).Refusals[0], "en"); mend != "Ask the focal point for the role in this mission." || ask != "focal_point" {
		t.Errorf("R56 without the role: %q, ask %q", mend, ask)
	}
}

func TestReadMendsRefusesWhatIsNotWhole(t *testing.T) {
	for name, data := range map[string]string{
		"empty":          "",
		"no language":    "AUTH_INVALID: {ask: sender, en: A., fr: B.}",
		"nobody to ask":  "AUTH_INVALID: {ask: anyone, en: A., fr: B., es: C.}",
		"unknown member": "AUTH_INVALID: {ask: sender, en: A., fr: B., es: C., de: D.}",
		"code missing":   "AUTH_INVALID: {ask: sender, en: A., fr: B., es: C.}",
		"code twice":     mendsYAML + "\nAUTH_INVALID: {ask: sender, en: A., fr: B., es: C.}\n",
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := readMends(data); err == nil || c != nil {
				t.Error("taken")
			}
		})
	}
}
