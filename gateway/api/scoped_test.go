package api_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"safeconduct/authz"
)

// A partner is of a mission, and of the head there.
func TestAPartnerOfAMission(t *testing.T) {
	b := newBench(t).enrol()
	other := b.make(authz.LEG, v1+"/missions", object{"name": "Other", "country": "NE", "contact": "focal point"})
	b.hire("other HOM", authz.HOM, other, "")
	ngo := object{"name": "New", "kind": "ngo", "country": "CO"}
	made := b.want(http.StatusCreated, authz.FP, http.MethodPost, v1+"/parties", ngo)
	if made["mission"] != b.mission {
		t.Errorf("without a mission it is of %v", made["mission"])
	}
	t.Run("PARTNER_BLOCKED another mission's head cannot block it", func(t *testing.T) {
		b.want(http.StatusForbidden, "other HOM", http.MethodPost, v1+"/parties/"+b.partner+"/vetting", object{"passed": false, "note": "x"})
		if p := b.want(http.StatusOK, authz.FP, http.MethodGet, v1+"/parties/"+b.partner, nil); p["state"] != "vetted" || p["mission"] != b.mission {
			t.Errorf("%v", p)
		}
	})
	t.Run("PARTNER_UNVETTED nor vet one", func(t *testing.T) {
		path := v1 + "/parties/" + str(made, "id")
		b.want(http.StatusForbidden, "other HOM", http.MethodPost, path+"/vetting", object{"passed": true, "note": "x"})
		if p := b.want(http.StatusOK, authz.FP, http.MethodGet, path, nil); p["state"] != "registered" {
			t.Errorf("%v", p)
		}
	})
	t.Run("another mission is as unknown as none", func(t *testing.T) {
		at := func(mission string) answer {
			return b.do(authz.FP, http.MethodPost, v1+"/parties", object{"name": "New", "kind": "ngo", "country": "CO", "mission": mission})
		}
		theirs, none := at(other), at("0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f")
		if theirs.StatusCode != http.StatusNotFound || none.StatusCode != http.StatusNotFound || plain(theirs) != plain(none) {
			t.Errorf("theirs: %d %s\nunknown: %d %s", theirs.StatusCode, theirs.body, none.StatusCode, none.body)
		}
	})
	t.Run("a focal point of two missions names one", func(t *testing.T) {
		b.make(authz.LEG, v1+"/people/"+b.people[authz.FP]+"/roles", object{"role": "FP", "mission": other, "purposes": []string{b.purpose}})
		b.tokens["both"] = str(b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", object{"person": b.people[authz.FP], "expires_in_days": 7}), "secret")
		b.want(http.StatusUnprocessableEntity, "both", http.MethodPost, v1+"/parties", ngo)
		ngo["mission"] = other
		if p := b.want(http.StatusCreated, "both", http.MethodPost, v1+"/parties", ngo); p["mission"] != other {
			t.Errorf("%v", p)
		}
	})
}

// What its holder makes with a token ends with it.
func TestATokenMadeWithAnother(t *testing.T) {
	b := newBench(t).enrol()
	me := b.people[authz.RO]
	root := b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", object{"person": me, "expires_in_days": 7})
	b.tokens["root"] = str(root, "secret")
	made := b.want(http.StatusCreated, "root", http.MethodPost, v1+"/tokens", object{"person": me, "expires_in_days": 90})
	b.tokens["made"] = str(made, "secret")
	ends, err := time.Parse(time.RFC3339, str(root, "expires"))
	must(t, err)
	if got, err := time.Parse(time.RFC3339, str(made, "expires")); err != nil || !got.Equal(ends) {
		t.Errorf("R50 it ends at %v, its root at %v, %v", got, ends, err)
	}
	b.want(http.StatusOK, "made", http.MethodGet, v1+"/tokens/current", nil)
	b.want(http.StatusOK, authz.LEG, http.MethodDelete, v1+"/tokens/"+str(root, "id"), nil)
	for _, as := range []authz.Role{"root", "made"} {
		b.want(http.StatusUnauthorized, as, http.MethodGet, v1+"/tokens/current", nil)
	}
}

// A path may hold a name, and the log is for ever.
func TestATypedNameNeverReachesTheLog(t *testing.T) {
	b := newBench(t).enrol()
	const name = "AnaGonzalez"
	keys := v1 + "/people/" + b.people[authz.HOM] + "/keys/"
	b.want(http.StatusNotFound, authz.RO, http.MethodPost, keys+name+"/confirmation", object{"authority": "letter"})
	b.do(authz.RO, http.MethodDelete, keys+name, nil)
	for _, path := range []string{"/parties/", "/missions/", "/people/", "/agreements/", "/assessments/", "/consents/", "/transfers/"} {
		b.do(authz.RO, http.MethodGet, v1+path+name, nil)
		b.do(authz.PDL, http.MethodGet, v1+path+name, nil)
	}
	b.do(authz.HOM, http.MethodPost, v1+"/parties/"+name+"/vetting", object{"passed": true, "note": "x"})
	b.do(authz.LEG, http.MethodPost, v1+"/tokens", object{"person": name, "expires_in_days": 1})
	b.do(authz.LEG, http.MethodPost, v1+"/people/"+b.people[authz.RO]+"/roles", object{"role": "RO", "mission": name, "purposes": []string{name}})
	b.do(authz.FP, http.MethodPost, v1+"/people/"+b.people[authz.RO]+"/roles", object{"role": "PDL", "partner": name})
	order := b.order()
	order["partner"] = name
	b.do(authz.RO, http.MethodPost, v1+"/transfers", order)
	b.want(http.StatusForbidden, authz.HOM, http.MethodPost, v1+"/people/"+b.people[authz.RO]+"/roles", object{"role": "PDL", "partner": name})
	b.placed()
	log := b.do(authz.OIG, http.MethodGet, v1+"/log/entries?kind=denial&actor="+b.people[authz.HOM], nil)
	if !bytes.Contains(log.body, []byte(`"not an id"`)) {
		t.Errorf("the denial is not in the log: %s", log.body)
	}
	all := b.do(authz.OIG, http.MethodGet, v1+"/log/entries?limit=500", nil)
	if all.StatusCode != http.StatusOK || bytes.Contains(all.body, []byte(name)) {
		t.Errorf("R55 %d %s", all.StatusCode, all.body)
	}
}
