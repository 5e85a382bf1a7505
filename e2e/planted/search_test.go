// Package planted plants a name, a case number, a phone number and a file name wherever a client can put one, plays a
// referral and its failures on real servers, and looks for them in all that the system leaves (R55).
package planted

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// The planted values. None is a word of any language that the system speaks.
const (
	plantedName  = "Xochiquetzal"
	plantedWhole = "Xochiquetzal Ñandú Vélez"
	plantedCase  = "CASEMARK-7731"
	secondCase   = "CASEMARK-8842"
	plantedPhone = "+57 555 0199731"
	plantedFile  = "Lista Xiuhtecuhtli.csv"
	// plantedReason is free text that the law wants kept: it is in the database, and nowhere else.
	plantedReason = "Quetzalcoatlreason"
	// controlled is planted by the test itself where it looks, to be found.
	controlled = "CONTROLMARK-5519"
)

// persons are the values that may lie nowhere.
func persons() []string {
	return []string{plantedName, plantedWhole, plantedCase, secondCase, plantedPhone, "575550199731", "Xiuhtecuhtli", plantedFile}
}

// needle is one form of one value.
type needle struct {
	value, form string
	bytes       []byte
}

// needles are the values in every form in which programs write text.
func needles(values ...string) []needle {
	var all []needle
	for _, v := range values {
		quoted, _ := json.Marshal(v) // a string has its JSON
		forms := map[string][]string{
			"raw": {v}, "lower": {strings.ToLower(v)}, "upper": {strings.ToUpper(v)},
			"URL":  {url.QueryEscape(v), url.PathEscape(v), strings.ToLower(url.QueryEscape(v))},
			"JSON": {string(quoted[1 : len(quoted)-1]), escaped(v)}, "hex": {hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v)))},
			"UTF-16": {string(wide(v, false)), string(wide(v, true))}, "base64": base64s(v),
		}
		for form, texts := range forms {
			slices.Sort(texts)
			for _, text := range slices.Compact(texts) {
				all = append(all, needle{v, form, []byte(text)})
			}
		}
	}
	return all
}

// escaped is v with everything beyond ASCII as \u escapes.
func escaped(v string) string {
	var b strings.Builder
	for _, r := range v {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		b.WriteString(`\u00` + hex.EncodeToString([]byte{byte(r)})) // Latin-1 is all that is planted
	}
	return b.String()
}

func wide(v string, bigEndian bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(v)) {
		if bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

// base64s are what is sure to stand in the base64 of a text that holds v, wherever v begins in it.
func base64s(v string) []string {
	var all []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := encoding.EncodeToString(append(make([]byte, before), v...))
			end := len(text)
			if (before+len(v))%3 != 0 {
				end-- // it shares bits with what follows
			}
			all = append(all, text[(before*8+5)/6:end])
		}
	}
	return all
}

// hits names what is found in content, each value and form once.
func hits(content []byte, all []needle) []string {
	var found []string
	for _, n := range all {
		if bytes.Contains(content, n.bytes) {
			found = append(found, n.value+" as "+n.form)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// clean reports what is found where nothing may be.
func clean(t *testing.T, where string, content []byte, all []needle) {
	t.Helper()
	for _, found := range hits(content, all) {
		value, form, _ := strings.Cut(found, " as ")
		for _, n := range all {
			if i := bytes.Index(content, n.bytes); i >= 0 && n.value == value && n.form == form {
				t.Errorf("%s lies in %s: %q", found, where, content[max(0, i-200):min(len(content), i+80)])
				break
			}
		}
	}
}

// cleanTree searches every file below dir, and answers with how many bytes there were.
func cleanTree(t *testing.T, dir string, all []needle) int {
	t.Helper()
	total := 0
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil && os.IsNotExist(err) {
			return nil // servers come and go with their files
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		clean(t, "the name of a file", []byte(path), all)
		content, err := os.ReadFile(path)
		if err != nil && os.IsNotExist(err) {
			return nil
		}
		total += len(content)
		clean(t, "file "+strings.TrimPrefix(path, dir), content, all)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return total
}

// TestSearchFinds is the proof that what is not found is not there.
func TestSearchFinds(t *testing.T) {
	t.Parallel()
	around := func(b []byte) []byte { return append(append([]byte("\x00before"), b...), "after\n"...) }
	forms := map[string]func(string) []byte{
		"raw":    func(v string) []byte { return []byte(v) },
		"URL":    func(v string) []byte { return []byte(url.Values{"q": {v}}.Encode()) },
		"hex":    func(v string) []byte { return []byte(hex.EncodeToString([]byte("ab" + v + "cd"))) },
		"UTF-16": func(v string) []byte { return wide("é"+v+"z", false) },
		"JSON":   func(v string) []byte { b, _ := json.Marshal(map[string]string{"k": v}); return b },
		"base64": func(v string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("x" + v + "y"))) },
		"base64 later": func(v string) []byte {
			return []byte(base64.URLEncoding.EncodeToString([]byte("xy" + v + "yz1")))
		},
		"base64 at once": func(v string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(v))) },
	}
	for name, form := range forms {
		for _, v := range append(persons(), plantedReason) {
			if len(hits(around(form(v)), needles(v))) == 0 {
				t.Errorf("%s as %s is not found", v, name)
			}
		}
	}
	if found := hits([]byte("transfer-0198-1.csv case_reference given_name +57 CASEMARK"), needles(append(persons(), plantedReason)...)); len(found) > 0 {
		t.Errorf("found what is not there: %v", found)
	}
}
