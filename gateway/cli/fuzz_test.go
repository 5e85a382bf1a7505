package cli

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"safeconduct/gateway/cli/client"
)

func orderSeeds() []string {
	return []string{
		`{"mission":"m","subjects":["CASE-1"],"files":[{"media_type":"text/csv","size":1}]}`, `{"mission":1}`, `{"patient":"Ana Maria Perez"}`,
		`{"subjects":["Ana Maria Perez"`, `{"files":[{"size":1e400}]}`, `{"subjects":"Ana Maria Perez"}`, `[]`, `null`, ``, "\xff",
	}
}

func TestOrderSeeds(t *testing.T) {
	if n := len(orderSeeds()); n != 10 {
		t.Fatalf("%d seeds", n)
	}
}

// FuzzOrder: an order that is read is written and reads back as the same, and no error repeats a value, which may be a
// case number.
func FuzzOrder(f *testing.F) {
	for _, s := range orderSeeds() {
		f.Add([]byte(s))
	}
	read := func(text []byte) (client.Order, error) {
		var o client.Order
		s := &shell{IO: IO{In: bytes.NewReader(text)}}
		return o, s.readOrder("-", &o)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := read(text)
		if err != nil {
			if strings.Contains(err.Error(), "Maria") && !strings.Contains(err.Error(), "unknown field") {
				t.Fatalf("R55 an error repeats a value: %v", err)
			}
			return
		}
		again, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		back, err := read(again)
		if err != nil {
			t.Fatal(err)
		}
		a, err := json.Marshal(back)
		if err != nil || !reflect.DeepEqual(a, again) {
			t.Fatalf("%s became %s, %v", again, a, err)
		}
	})
}
