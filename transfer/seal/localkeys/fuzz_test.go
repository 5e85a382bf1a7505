package localkeys

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func ringSeeds() []string {
	secret := `"` + strings.Repeat("A", 43) + `="`
	return []string{
		`{"format":"safeconduct-keyring-v1","log":{"1":` + secret + `},"keys":{}}`,
		`{"format":"safeconduct-keyring-v1","log":{"1":` + secret + `},"keys":{"agr-1":{"min":2,"versions":{"2":` + secret + `}}}}`,
		`{"format":"safeconduct-keyring-v1","log":{"2":` + secret + `},"keys":{}}`,
		`{"format":"safeconduct-keyring-v1","log":{"1":` + secret + `},"keys":{"agr-1":null}}`,
		`{"format":"safeconduct-keyring-v1","log":{"1":` + secret + `},"keys":{"agr-1":{"min":1,"versions":{}}}}`,
		`{"format":"safeconduct-keyring-v1","log":{"1":` + secret + `},"keys":{"agr-1":{"min":9223372036854775807,"versions":{"1":` + secret + `}}}}`,
		`{"format":"safeconduct-keyring-v1"}`, `{}`, `null`, ``, `{`,
	}
}

func TestRingSeeds(t *testing.T) {
	good := 0
	for _, s := range ringSeeds() {
		if _, err := parse([]byte(s)); err == nil {
			good++
		}
	}
	if len(ringSeeds()) != 11 || good != 2 {
		t.Fatalf("%d seeds, %d good", len(ringSeeds()), good)
	}
}

// FuzzParse: a ring that is read can be used and reads back; errors quote none
// of it.
func FuzzParse(f *testing.F) {
	for _, s := range ringSeeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parse(b)
		if err != nil {
			if !errors.Is(err, errBroken) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if len(c.publicKeys()) != len(c.Log) || len(c.Log) == 0 {
			t.Fatal("no log key")
		}
		for name, k := range c.Keys {
			if _, err := k.wrap(name, []byte("b"), make([]byte, 32)); err != nil {
				t.Fatal(err)
			}
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parse(text); err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("does not read back: %v", err)
		}
	})
}
