package approvals_test

import (
	"reflect"
	"slices"
	"testing"

	"safeconduct/transfer/approvals"
)

func asked() approvals.Asked {
	return approvals.Asked{
		Mission: "m", Partner: "x", Agreement: "a", Purpose: "p", Nature: "personal", RecipientClass: "c", Categories: []string{"health", "identity"},
		Fields: []string{"age", "name"}, People: 2, Files: 1, Origin: approvals.DataOrigin{Source: "own", Country: "CO", Clearance: "o"}, Onward: []string{"y", "z"},
		Contents: []string{"1a", "2b"}, Subjects: "s",
	}
}

// Nothing that is declared can be changed under an approval: whatever member is
// added to Asked later is bound as well.
func TestDigestBindsEveryMember(t *testing.T) {
	a := asked()
	members := append(reflect.VisibleFields(reflect.TypeFor[approvals.Asked]()), reflect.VisibleFields(reflect.TypeFor[approvals.DataOrigin]())...)
	for i, member := range members {
		changed := asked()
		of := reflect.ValueOf(&changed).Elem()
		if i >= of.NumField() {
			of = reflect.ValueOf(&changed.Origin).Elem()
		}
		switch v := of.FieldByIndex(member.Index); v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "1")
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Slice:
			v.Set(reflect.ValueOf(append(slices.Clone(v.Interface().([]string)), "more")))
		case reflect.Struct:
			continue // its members are in the list
		default:
			t.Fatalf("%s is of a kind that is not changed here", member.Name)
		}
		if changed.Digest() == a.Digest() {
			t.Errorf("%s is not bound", member.Name)
		}
	}
}

func TestDigestOfTheSameAgain(t *testing.T) {
	a, b := asked(), asked()
	for _, list := range [][]string{b.Categories, b.Fields, b.Onward, b.Contents} {
		slices.Reverse(list)
	}
	if a.Digest() != b.Digest() || a.Digest() == "" {
		t.Error("the order of a set matters")
	}
	a.Onward, b.Onward = nil, []string{}
	if a.Digest() != b.Digest() {
		t.Error("none and an empty list differ")
	}
	if !slices.Equal(b.Fields, []string{"name", "age"}) {
		t.Error("the order of what was declared was changed")
	}
}
