package evidence_test

import (
	"testing"
	"time"

	"safeconduct/authz/evidence"
)

func TestTallyCheck(t *testing.T) {
	now := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	const person, source = "01890a5d-ac96-774b-bcce-b302099a8057", "00112233445566778899aabbccddeeff"
	good := evidence.Tally{Actor: person, Code: evidence.TallyLimited, Minute: now.Truncate(time.Minute), Count: 1}
	for name, tc := range map[string]struct {
		change func(*evidence.Tally)
		fits   bool
	}{
		"of a person":                           {func(*evidence.Tally) {}, true},
		"of a network":                          {func(y *evidence.Tally) { y.Actor, y.Source, y.Code = "", source, evidence.TallyUnknown }, true},
		"of all others":                         {func(y *evidence.Tally) { y.Actor = "" }, true},
		"of another clock":                      {func(y *evidence.Tally) { y.Minute = y.Minute.Add(time.Minute) }, true},
		"R55 a name for a person":               {func(y *evidence.Tally) { y.Actor = "Amina Diallo" }, false},
		"R55 a name after the id":               {func(y *evidence.Tally) { y.Actor += "\nAmina Diallo" }, false},
		"R55 a name for a network":              {func(y *evidence.Tally) { y.Source = "Amina Diallo" }, false},
		"R55 an address for a network":          {func(y *evidence.Tally) { y.Source = "192.0.2.1" }, false},
		"R55 a name for a code":                 {func(y *evidence.Tally) { y.Code = "Amina Diallo" }, false},
		"R55 a code that the door does not use": {func(y *evidence.Tally) { y.Code = "PULL_DENIED" }, false},
		"no code":                               {func(y *evidence.Tally) { y.Code = "" }, false},
		"nothing":                               {func(y *evidence.Tally) { y.Count = 0 }, false},
		"less than nothing":                     {func(y *evidence.Tally) { y.Count = -1 }, false},
		"within a minute":                       {func(y *evidence.Tally) { y.Minute = now }, false},
		"of the future":                         {func(y *evidence.Tally) { y.Minute = y.Minute.Add(2 * time.Minute) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			one := good
			tc.change(&one)
			if one.Check(now) != tc.fits {
				t.Errorf("%+v", one)
			}
		})
	}
}
