package gate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// gateTable is the table of gate.md: number, codes, override column.
const gateTable = `
1 | AUTH_INVALID AUTH_ROLE_DENIED | N
2 | TRAINING_EXPIRED CONFIDENTIALITY_MISSING | N
3 | REQ_INCOMPLETE | N
4 | NATURE_UNDECLARED NATURE_MISMATCH | N
4a | ANON_NOT_DEMONSTRATED ANON_SMALL_CELLS ORIGINATOR_AUTH_MISSING | N
5 | PARTNER_UNKNOWN PARTNER_UNVETTED PARTNER_SUSPENDED PARTNER_BLOCKED | N
6 | RECIPIENT_CLASS_DENIED RECIPIENT_AUTHORITY | N
7 | RECIPIENT_NO_USER RECIPIENT_KEY_INVALID | N
8 | AGR_MISSING AGR_AMBIGUOUS | E/N
9 | AGR_UNSIGNED AGR_PART_SIGNED AGR_SIGNATORY_UNAUTHORISED AGR_HASH_MISMATCH | E/E/N/N
10 | AGR_NOT_ACTIVE AGR_NOT_YET AGR_EXPIRED | E
11 | AGR_SUSPENDED AGR_TERMINATED | N
12 | AGR_CLAUSE_MISSING | N
13 | AGR_MISSION AGR_PURPOSE AGR_SUBJECT_TYPE AGR_CATEGORY AGR_FIELD AGR_VOLUME | E
14 | JUR_NOT_COVERED JUR_MECHANISM_MISSING JUR_RESTRICTED | E/N/N
15 | ONWARD_ORIGINATOR ONWARD_NOT_PERMITTED ONWARD_UNLISTED | N
16 | RBA_MISSING RBA_SCOPE | E
17 | RBA_NOT_APPROVED RBA_EXPIRED RBA_STALE | E
18 | RBA_UNACCEPTABLE RBA_CONDITION_OPEN | N
19 | DPO_REQUIRED DPO_EXPIRED | E
20 | NOTICE_MISSING NOTICE_PURPOSE | E
21 | CONSENT_MISSING CONSENT_EXPIRED CONSENT_PURPOSE CONSENT_RECIPIENT CONSENT_CATEGORY CONSENT_INVALID | E
22 | CONSENT_EVIDENCE CONSENT_UNCERTIFIED | E
23 | CONSENT_REFUSED CONSENT_WITHDRAWN | N
24 | CAPACITY_UNASSESSED GUARDIAN_MISSING GUARDIAN_UNVERIFIED VIEWS_MISSING | E
25 | SUBJECT_OBJECTION SUBJECT_ERASURE SUBJECT_RECTIFICATION LEGAL_HOLD | N
26 | RET_RULE_MISSING RET_ELAPSED PARTNER_DESTRUCTION_OVERDUE | N
27 | PARTNER_INCIDENT | N
28 | APPROVAL_PENDING APPROVAL_SELF APPROVAL_DENIED | N
29 | PAYLOAD_TYPE PAYLOAD_MALWARE PAYLOAD_FIELD PAYLOAD_SUBJECTS PAYLOAD_HASH | N
30 | CRYPTO_FAILED LOG_UNAVAILABLE CHANGED_DURING_UPLOAD GATE_UNAVAILABLE | N
31 | PULL_DENIED PULL_WINDOW PULL_LIMIT PULL_RECALLED | N
`

// exceptionCodes are those that gate.md names below its table.
func exceptionCodes() []Code { return []Code{"EXC_REVIEW_OVERDUE", "EXC_STRUCTURAL"} }

type specRow struct {
	number    string
	codes     []Code
	overrides []Override // one for all, or one each
}

func specRows(t *testing.T) []specRow {
	t.Helper()
	var rows []specRow
	for line := range strings.Lines(strings.TrimSpace(gateTable)) {
		parts := strings.Split(strings.TrimSpace(line), " | ")
		if len(parts) != 3 {
			t.Fatalf("row %q", line)
		}
		row := specRow{number: parts[0]}
		for _, code := range strings.Fields(parts[1]) {
			row.codes = append(row.codes, Code(code))
		}
		for o := range strings.SplitSeq(parts[2], "/") {
			row.overrides = append(row.overrides, Override(o))
		}
		rows = append(rows, row)
	}
	if len(rows) != 32 {
		t.Fatalf("%d rows, gate.md has 31 and 4a", len(rows))
	}
	return rows
}

func specCodes(t *testing.T) []Code {
	t.Helper()
	var codes []Code
	for _, row := range specRows(t) {
		codes = append(codes, row.codes...)
	}
	return append(codes, exceptionCodes()...)
}

// specOverride is what gate.md's table says of the code.
func specOverride(t *testing.T, code Code) Override {
	t.Helper()
	for _, row := range specRows(t) {
		if i := slices.Index(row.codes, code.Base()); i >= 0 {
			return row.overrides[min(i, len(row.overrides)-1)]
		}
	}
	t.Fatalf("%s is not in gate.md's table", code)
	return ""
}

// specPhases is the phase table of gate.md.
func specPhases(number string) phases {
	n, _ := strconv.Atoi(strings.TrimSuffix(number, "a"))
	var set phases
	if n <= 27 {
		set |= atRequest
	}
	if n <= 30 {
		set |= atCommit
	}
	if n <= 2 || n >= 5 && n <= 28 || n == 31 {
		set |= atPull
	}
	return set
}

func TestConditionsAreGatesTable(t *testing.T) {
	rows, next := specRows(t), 0
	for _, c := range conditions() {
		i := slices.IndexFunc(rows, func(r specRow) bool { return r.number == c.number })
		if i < next {
			t.Fatalf("condition %s is unknown, twice, or out of the table's order", c.number)
		}
		next = i + 1
		if want := specPhases(c.number); c.phases != want {
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
	for _, row := range specRows(t) {
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
	for _, code := range codes {
		seen := map[string]bool{}
		for _, lang := range []string{"en", "fr", "es"} {
			mend, ask := mends.Text(code, lang)
			if !sentence.MatchString(mend) || !strings.HasSuffix(mend, ".") || len(mend) > 300 || seen[mend] {
				t.Errorf("%s %s: %q", code, lang, mend)
			}
			if seen[mend] = true; !slices.Contains(Asks(), ask) {
				t.Errorf("%s: ask %q (R56)", code, ask)
			}
		}
	}
	for code := range mends {
		if !slices.Contains(codes, code) {
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
