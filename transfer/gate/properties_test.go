package gate

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/transfer/consent"
)

func aPhase(t *rapid.T) Phase { return rapid.SampledFrom(everyPhase()).Draw(t, "phase") }

// Any breakages together give all their codes, in the table's order, but for
// the parts of records that are missing.
func TestDecideNamesAllThatIsBrokenInOrder(t *testing.T) {
	personal, nobody := kind{passing: passing}, kind{passing: passingOfNobody}
	for _, b := range breakages() {
		personal.add(b)
		if b.code != PayloadHash && !b.alone && breaksNobody(t, b) {
			nobody.add(b)
		}
	}
	for _, b := range nobodyBreakages() {
		nobody.add(b)
	}
	if len(nobody.free) < 40 {
		t.Errorf("only %d free breakages of data about nobody", len(nobody.free))
	}
	rapid.Check(t, func(t *rapid.T) {
		phase, of := aPhase(t), rapid.SampledFrom([]kind{personal, nobody}).Draw(t, "kind")
		broken := rapid.SliceOfN(rapid.SampledFrom(of.free), 1, 5).Draw(t, "breakages")
		broken = append(rapid.SliceOfN(rapid.SampledFrom(of.alone), 0, 1).Draw(t, "one more"), broken...)
		if phase == Pull && broken[0].code == NatureUndeclared {
			broken = broken[1:] // there it is no refusal of its own, but facts that cannot be read
		}
		f := of.passing(phase)
		for _, b := range broken {
			b.harm(&f)
		}
		var got []Code
		for _, r := range Decide(f).Refusals {
			got = append(got, r.Code)
		}
		if want := expected(t, phase, broken, f.Ambiguous); !slices.Equal(got, want) {
			t.Fatalf("%s: got %v, want %v", phase, got, want)
		}
	})
}

// kind is data of a kind, and what breaks it.
type kind struct {
	passing     func(Phase) Facts
	free, alone []breakage
}

func (k *kind) add(b breakage) {
	if b.alone {
		k.alone = append(k.alone, b)
	} else {
		k.free = append(k.free, b)
	}
}

// breaksNobody reports whether the breakage of personal data is one of data about
// nobody too, where there are no subjects, and other fields and categories.
func breaksNobody(t *testing.T, b breakage) (does bool) {
	t.Helper()
	defer func() {
		if recover() != nil { // it edits a subject
			does = false
		}
	}()
	_, c := judged(t, b.code)
	for _, phase := range everyPhase() {
		f := passingOfNobody(phase)
		if b.harm(&f); c.phases&in(phase) != 0 && !Decide(f).Same([]string{string(b.code)}) {
			return false
		}
	}
	return true
}

// expected is what the breakages must give together, in the table's order.
func expected(t *rapid.T, phase Phase, broken []breakage, ambiguous bool) []Code {
	codes, hidden := map[Code]bool{}, map[Code]bool{}
	for _, b := range broken {
		codes[b.code] = true
		for _, code := range b.hides {
			// What is missing hides its parts, not itself.
			if code != AgrMissing || ambiguous {
				hidden[code] = true
			}
		}
	}
	place := func(code Code) int {
		i, c := judged(t, code)
		return i*100 + slices.IndexFunc(c.codes, func(r rule) bool { return r.code == code.Base() })
	}
	var want []Code
	for _, b := range broken {
		_, c := judged(t, b.code)
		// Of a category that each transfer needs an approval for, as here, the officer's is not asked where people are withheld.
		withheld := b.tells(t) || b.code == DPORequired || b.code == DPOExpired
		told := phase == Pull || !withheld || !slices.ContainsFunc(broken, func(other breakage) bool { return refusesSender(other.code) })
		blind := slices.ContainsFunc(b.needs, func(code Code) bool { return codes[code] })
		if c.phases&in(phase) != 0 && (!b.waits || phase != Pull) && !hidden[b.code] && !blind && told { // R23
			want = append(want, b.code)
		}
	}
	slices.SortFunc(want, func(a, b Code) int { return place(a) - place(b) })
	return slices.Compact(want)
}

// arbitrary is facts made of values that mean something often enough.
func arbitrary() *rapid.Generator[Facts] {
	type anyOf = *rapid.Generator[any]
	of := func(values ...any) anyOf { return rapid.SampledFrom(values) }
	return rapid.MakeCustom[Facts](rapid.MakeConfig{Types: map[reflect.Type]anyOf{
		reflect.TypeFor[time.Time](): of(time.Time{}, noon().AddDate(-1, 0, 0), noon(), noon().AddDate(1, 0, 0)),
		reflect.TypeFor[string]():    of("", "m1", "p1", "referral", "ro1", "hom1", "a1", "s1", "identity", "iom", "beneficiary", "KE", sha1st, "personal", "service_provider"),
		reflect.TypeFor[int]():       of(0, 1, 2, 3, 1000, -1, int(^uint(0)>>1), -int(^uint(0)>>1)-1),
		reflect.TypeFor[Phase]():     of(Request, Commit, Pull, Phase("")),

		reflect.TypeFor[agreements.State]():          of(agreements.Active, agreements.Suspended, agreements.Draft, agreements.State("?")),
		reflect.TypeFor[agreements.SignatureFault](): of(agreements.NoFault, agreements.HashMismatch, agreements.SignatureFault(-7)),
		reflect.TypeFor[assessment.State]():          of(assessment.Approved, assessment.Draft, assessment.State("")),
		reflect.TypeFor[assessment.Band]():           of(assessment.Low, assessment.Severe, assessment.Band("")),
		reflect.TypeFor[consent.State]():             of(consent.Given, consent.Renewed, consent.Withdrawn, consent.State("")),
	}})
}

// broken facts stay refused whatever else becomes of them: nothing but the fact
// at fault mends.
func TestDecideNothingElseMends(t *testing.T) {
	personal, nobody, stray := kind{passing, breakages(), nil}, kind{passingOfNobody, nobodyBreakages(), nil}, arbitrary()
	rapid.Check(t, func(t *rapid.T) {
		phase, of := aPhase(t), rapid.SampledFrom([]kind{personal, nobody}).Draw(t, "kind")
		b := rapid.SampledFrom(of.free).Draw(t, "breakage")
		if _, c := judged(t, b.code); c.phases&in(phase) == 0 || b.waits && phase == Pull {
			return
		}
		f := of.passing(phase)
		b.harm(&f)
		facts, other := reflect.ValueOf(&f).Elem(), reflect.ValueOf(stray.Draw(t, "other"))
		for range rapid.IntRange(0, 4).Draw(t, "how many") {
			name := facts.Type().Field(rapid.IntRange(0, facts.NumField()-1).Draw(t, "field")).Name
			if name != "Phase" && !slices.Contains(b.rests, name) {
				facts.FieldByName(name).Set(other.FieldByName(name))
			}
		}
		if d := Decide(f); d.Released() {
			t.Fatalf("%s at %s was released", b.code, phase)
		}
	})
}

// check holds of the answer to any facts at all.
func checkDecision(t interface{ Fatalf(string, ...any) }, f Facts) {
	before := snapshot(t, f)
	d := Decide(f)
	if again := Decide(f); !reflect.DeepEqual(d, again) {
		t.Fatalf("two answers to one question: %v, %v", d.Codes(), again.Codes())
	}
	if snapshot(t, f) != before {
		t.Fatalf("the facts were changed")
	}
	for _, r := range d.Refusals {
		judged(t, r.Code) // every refusal is of a condition
		if r.Phase != f.Phase || r.Policy != f.Policy || !slices.IsSorted(r.Rows) {
			t.Fatalf("refusal %+v", r)
		}
	}
	if d.Released() {
		checkRelease(t, f)
	}
}

func snapshot(t interface{ Fatalf(string, ...any) }, f Facts) string {
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatalf("marshalling facts: %v", err)
	}
	return string(b)
}

func TestDecideIsTotalAndPure(t *testing.T) {
	stray := arbitrary()
	rapid.Check(t, func(t *rapid.T) { checkDecision(t, stray.Draw(t, "facts")) })
	for _, phase := range everyPhase() {
		checkDecision(t, passing(phase))
		checkDecision(t, passingOfNobody(phase))
	}
}

// seeds are the passing facts of every phase, and each of them broken once.
func seeds(t interface{ Fatalf(string, ...any) }) []string {
	var out []string
	for _, phase := range everyPhase() {
		out = append(out, snapshot(t, passing(phase)), snapshot(t, passingOfNobody(phase)))
		for _, b := range breakages() {
			f := passing(phase)
			b.harm(&f)
			out = append(out, snapshot(t, f))
		}
		for _, b := range nobodyBreakages() {
			f := passingOfNobody(phase)
			b.harm(&f)
			out = append(out, snapshot(t, f))
		}
	}
	return out
}

func TestFuzzSeeds(t *testing.T) {
	all := seeds(t)
	if want := 3 * (len(breakages()) + len(nobodyBreakages()) + 2); len(all) != want || want < 300 {
		t.Errorf("%d seeds, want %d and at least 300", len(all), want)
	}
	var f Facts
	if err := json.Unmarshal([]byte(all[0]), &f); err != nil || !Decide(f).Released() {
		t.Errorf("the first seed does not come back as it went: %v", err)
	}
}

func FuzzDecide(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		var facts Facts
		if json.Unmarshal([]byte(data), &facts) != nil {
			return
		}
		if _, err := json.Marshal(facts); err != nil {
			return // such as a year that JSON cannot write
		}
		checkDecision(t, facts)
	})
}
