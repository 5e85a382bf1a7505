package edge_test

import (
	"reflect"
	"strings"
	"testing"

	"safeconduct/authz/rulebook"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

func TestAskedOf(t *testing.T) {
	told := transfer.Contacts{Mission: "dp@example.org", Contacts: rulebook.Contacts{Legal: "Legal", DPO: "Officer", Course: "Course"}}
	mission := edge.ContactView{Who: "focal_point", Contact: "dp@example.org"}
	mends, err := gate.Mends()
	if err != nil {
		t.Fatal(err)
	}
	for code := range mends {
		want := edge.ContactView{Who: "legal", Contact: "Legal"}
		switch code {
		case "TRAINING_EXPIRED":
			want = edge.ContactView{Who: "course", Contact: "Course"}
		default:
			if mends[code].Ask == "dpo" {
				want = edge.ContactView{Who: "dpo", Contact: "Officer"}
			}
		}
		t.Run("R56 of "+strings.ToLower(string(code)), func(t *testing.T) {
			if got := edge.AskedOf(told, code, mends[code].Ask); !reflect.DeepEqual(got, []edge.ContactView{mission, want}) {
				t.Errorf("%v", got)
			}
		})
	}
	if mends["DPO_REQUIRED"].Ask != "dpo" {
		t.Error("DPO_REQUIRED names another than the officer")
	}
	if got := edge.AskedOf(transfer.Contacts{}, "AGR_MISSING", "legal"); got != nil {
		t.Errorf("nobody is known, and it names %v", got)
	}
}
