package gate

import (
	"slices"
	"testing"

	"safeconduct/authz/evidence"
)

// Who is asked to lift a hold is who placed its kind; a hold of which nothing more is kept is Legal's.
func TestMendOfAHold(t *testing.T) {
	mends, err := Mends()
	if err != nil {
		t.Fatal(err)
	}
	const legal = "The transfer, or the data of the rows named here, is on hold. Wait until the hold is lifted, or remove the rows."
	review := func(by string) Hold { return Hold{Code: LegalHold, Review: by} }
	on := Hold{Code: LegalHold, Subject: "s2"}
	for name, c := range map[string]struct {
		holds  []Hold
		detail []string
		begins string
		ask    string
	}{
		"a legal hold":                      {[]Hold{{Code: LegalHold}}, nil, legal, "legal"},
		"of a person":                       {[]Hold{on}, nil, legal, "legal"},
		"of a kind unheard of":              {[]Hold{{Code: "?"}}, nil, legal, "legal"},
		"for review by the focal point":     {[]Hold{review("FP")}, []string{"review_FP"}, "The focal point holds the transfer", "focal_point"},
		"for review by the DPO":             {[]Hold{review("DPO")}, []string{"review_DPO"}, "The DPO holds the transfer", "dpo"},
		"for review by Legal":               {[]Hold{review("LEG")}, []string{"review_LEG"}, "Legal holds the transfer", "legal"},
		"for review by two":                 {[]Hold{review("FP"), review("DPO")}, []string{"review_DPO"}, "The DPO holds the transfer", "dpo"},
		"for review, and by Legal":          {[]Hold{review("FP"), on}, nil, legal, "legal"},
		"for review by a role unheard of":   {[]Hold{review("?")}, nil, legal, "legal"},
		"for review by nobody that is kept": {[]Hold{review("")}, nil, legal, "legal"},
	} {
		t.Run("R56 LEGAL_HOLD "+name, func(t *testing.T) {
			f := passing(Pull)
			f.Holds = c.holds
			d := Decide(f)
			if !slices.Equal(d.Codes(), []string{"LEGAL_HOLD"}) || !slices.Equal(d.Refusals[0].Detail, c.detail) {
				t.Fatalf("%+v", d.Refusals)
			}
			said := map[string]bool{}
			for _, lang := range []string{"en", "fr", "es"} {
				mend, ask := mends.Of(d.Refusals[0], lang)
				if ask != c.ask || len(mend) > 300 || said[mend] || lang == "en" && mend[:len(c.begins)] != c.begins {
					t.Errorf("%s: %q, ask %q", lang, mend, ask)
				}
				said[mend] = true
			}
		})
	}
}

// A hold that is none for review is kept as it always was.
func TestHoldIsKeptAsItWas(t *testing.T) {
	b, err := evidence.Canonical(Hold{Subject: "s1", Code: LegalHold, Ref: evidence.Ref{Kind: "hold", ID: "h1", Version: 1}})
	if want := `{"code":"LEGAL_HOLD","ref":{"id":"h1","kind":"hold","version":1},"subject":"s1"}`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}
