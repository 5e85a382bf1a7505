package imports_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/imports"
)

// cells are those of a good row, by column.
func cells() map[string]string {
	return map[string]string{
		"partner": "p-1", "mission": "m-1", "type": "data_sharing", "title": "Shelter, old", "language": "fr", "purposes": "a; b", "subject_types": "beneficiary",
		"categories": "identity;contact", "fields": "given_name", "recipient_countries": "NE;CO", "storage_countries": "NE", "onward_recipients": "",
		"max_subjects_per_transfer": "10", "max_subjects_per_year": "100", "retention_days": "identity=90; contact=30", "effective_from": "2024-01-31",
		"valid_until": "2027-01-31T12:00:00+01:00", "clauses": "C01-C19;C20;C21-C25", "iom_signatory": "A", "iom_title": "Chief", "iom_signed_at": "2024-01-01",
		"partner_signatory": "B", "partner_title": "Director", "partner_signed_at": "2024-01-02", "scan": "one.pdf",
	}
}

func list(rows ...map[string]string) string {
	var b strings.Builder
	b.WriteString(strings.Join(imports.Columns(), ",") + "\n")
	for _, r := range rows {
		for i, c := range imports.Columns() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(r[c], `"`, `""`) + `"`)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func with(column, cell string) map[string]string {
	c := cells()
	c[column] = cell
	return c
}

func TestParse(t *testing.T) {
	rows, findings, err := imports.Parse(strings.NewReader("\ufeff" + list(cells(), with("scan", "two.pdf"))))
	if err != nil || len(findings) != 0 || len(rows) != 2 {
		t.Fatalf("%d rows, %v, %v", len(rows), findings, err)
	}
	r := rows[0]
	if r.Line != 2 || rows[1].Line != 3 || !slices.Equal(r.Purposes, []string{"a", "b"}) || len(r.Clauses) != 25 || r.Clauses[24] != "C25" ||
		r.RetentionDays["contact"] != 30 || r.ValidUntil.Format("15:04Z07:00") != "11:00Z" || r.OnwardRecipients != nil || r.Other.Title != "Director" || r.Scan != "one.pdf" {
		t.Errorf("%+v", r)
	}
}

func TestConsentColumn(t *testing.T) {
	t.Run("R10 it says to whom the paper gives the collection of consent", func(t *testing.T) {
		for cell, want := range map[string]string{"": "", " ": "", "organisation": "organisation", " partner ": "partner"} {
			rows, findings, err := imports.Parse(strings.NewReader(list(with("consent_collected_by", cell))))
			if err != nil || len(findings) != 0 || rows[0].ConsentCollectedBy != want {
				t.Errorf("%q: %+v, %v, %v", cell, rows, findings, err)
			}
		}
	})
}

// Lists that were written before there was a column are read as before.
func TestOptionalColumns(t *testing.T) {
	var names, row []string
	for _, c := range imports.Columns() {
		if !slices.Contains(imports.Optional(), c) {
			names, row = append(names, c), append(row, `"`+cells()[c]+`"`)
		}
	}
	rows, findings, err := imports.Parse(strings.NewReader(strings.Join(names, ",") + "\n" + strings.Join(row, ",") + "\n"))
	if err != nil || len(findings) != 0 || len(rows) != 1 || len(names) != len(imports.Columns())-8 {
		t.Fatalf("%+v, %v, %v", rows, findings, err)
	}
	if r := rows[0]; r.ConsentCollectedBy != "" || r.TransferMechanism != "" || len(r.Programmes) != 0 || len(r.FurtherMissions) != 0 || r.Partner != "p-1" {
		t.Errorf("%+v", r)
	}
	whole := with("transfer_mechanism", " Standard clauses ")
	whole["programmes"], whole["further_missions"] = "shelter; health", "m-2;m-3"
	whole["parent"], whole["safeguards_technical"] = "a-1", "disks are encrypted; two factors, for everybody"
	rows, findings, err = imports.Parse(strings.NewReader(list(whole)))
	if err != nil || len(findings) != 0 {
		t.Fatalf("%v, %v", findings, err)
	}
	if r := rows[0]; r.Parent != "a-1" || len(r.Safeguards.Institutional) != 0 || !slices.Equal(r.Safeguards.Technical, []string{"disks are encrypted", "two factors, for everybody"}) {
		t.Errorf("R54: %+v", r)
	}
	if r := rows[0]; r.TransferMechanism != "Standard clauses" || !slices.Equal(r.Programmes, []string{"shelter", "health"}) || !slices.Equal(r.FurtherMissions, []string{"m-2", "m-3"}) {
		t.Errorf("%+v", r)
	}
}

func TestFindings(t *testing.T) {
	for column, bad := range map[string][]string{
		"partner": {"", " ", strings.Repeat("x", 200)}, "title": {"", "two\nlines", strings.Repeat("x", 400)}, "type": {"treaty", ""}, "language": {"de"},
		"purposes": {"", ";", "a;a"}, "categories": {""}, "fields": {" ; "}, "recipient_countries": {"Niger", "ne", ""}, "storage_countries": {"NEX"}, "onward_recipients": {"a;a"},
		"max_subjects_per_transfer": {"0", "-1", "many", "1.5", ""}, "max_subjects_per_year": {"99999999999999999999"},
		"retention_days": {"", "religion", "identity=0", "identity=x", "=3", "identity=1;identity=2"},
		"effective_from": {"", "31/01/2024", "2024-13-01", "0001-01-01"}, "valid_until": {"soon"},
		"clauses": {"", "C26", "C00", "C1", "C05-C02", "C01-C03;C02", "x"}, "iom_signatory": {""}, "partner_title": {""}, "partner_signed_at": {"yesterday"}, "consent_collected_by": {"them", "Partner"},
		"transfer_mechanism": {strings.Repeat("x", 301), "two\nlines"}, "programmes": {"shelter;shelter"}, "further_missions": {"m-2;m-2", "m-2;m-1"},
		"parent": {strings.Repeat("x", 129), "two\nlines"}, "safeguards_institutional": {"a;a", "two\nlines"}, "safeguards_technical": {strings.Repeat("x", 501)}, "safeguards_physical": {strings.Join(strings.Split(strings.Repeat("x", 51), ""), "y;") + "z"},
		"scan": {"", "../x.pdf", "a/b.pdf", `a\b.pdf`, "..", "c:x.pdf"},
	} {
		for _, cell := range bad {
			t.Run(column+" "+cell[:min(len(cell), 20)], func(t *testing.T) {
				_, findings, err := imports.Parse(strings.NewReader(list(cells(), with(column, cell))))
				if err != nil {
					t.Fatal(err)
				}
				findings = slices.DeleteFunc(findings, func(f imports.Finding) bool { return f.Column == "scan" && column != "scan" }) // the same scan
				if len(findings) == 0 || findings[0].Column != column || findings[0].Line < 3 || findings[0].Mend == "" || len(cell) > 3 && strings.Contains(findings[0].String(), cell) {
					t.Errorf("%v", findings)
				}
			})
		}
	}
	_, findings, err := imports.Parse(strings.NewReader(list(cells(), cells())))
	if err != nil || len(findings) != 1 || findings[0].Line != 3 || findings[0].Column != "scan" {
		t.Errorf("one scan for two: %v, %v", findings, err)
	}
}

func TestForm(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a header alone": list(), "an unknown column": "partner,colour\nx,y\n", "a column twice": "partner,partner\n", "a column missing": "partner\nx\n",
		"not UTF-8": "\xff\xfe" + list(cells()), "too few cells": list(cells()) + "a,b\n", "a quote inside": list(cells()) + `a"b` + "\n",
		"too many rows": list(slices.Repeat([]map[string]string{cells()}, imports.Most+1)...), "too long": strings.Repeat("x", imports.MaxBytes+1),
	} {
		t.Run(name, func(t *testing.T) {
			if rows, _, err := imports.Parse(strings.NewReader(text)); !errors.Is(err, imports.ErrForm) || rows != nil {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		})
	}
}

func seeds() []string {
	return []string{
		"", list(), list(cells()), "\ufeff" + list(cells(), with("scan", "b.pdf")), strings.ReplaceAll(list(cells()), "\n", "\r\n"), list(with("clauses", "C01-C25;C01")),
		list(with("retention_days", "a=1;b=2;c")), list(with("valid_until", "9999-12-31T23:59:59Z")), list(with("scan", "../../etc/passwd")), list(with("title", "a \"b\", c\nd")),
		"partner,partner\n", strings.ToUpper(strings.Join(imports.Columns(), ",")) + "\n" + strings.Repeat(",", len(imports.Columns())-1) + "\n",
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, findings, err := imports.Parse(strings.NewReader(text))
		if err != nil {
			if rows != nil || findings != nil || !errors.Is(err, imports.ErrForm) {
				t.Fatalf("%d rows, %d findings with %v", len(rows), len(findings), err)
			}
			return
		}
		if len(rows) == 0 || len(rows) > imports.Most {
			t.Fatalf("%d rows", len(rows))
		}
		bad := map[int]bool{}
		for _, f := range findings {
			bad[f.Line] = true
			if f.Problem == "" || f.Mend == "" || !slices.Contains(imports.Columns(), f.Column) {
				t.Fatalf("%+v", f)
			}
		}
		for _, r := range rows {
			if r.Line < 2 {
				t.Fatalf("line %d", r.Line)
			}
			if bad[r.Line] {
				continue
			}
			// What is not found fault with is whole, and its file lies in the folder.
			if r.Partner == "" || len(r.Purposes) == 0 || len(r.Clauses) == 0 || len(r.RetentionDays) == 0 || r.MaxSubjectsPerYear < 1 || r.ValidUntil.IsZero() ||
				r.IOM.SignedAt.IsZero() || r.Scan == "" || strings.ContainsAny(r.Scan, "/\\:") || r.Scan == ".." {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func TestSeeds(t *testing.T) {
	if n := len(seeds()); n != 12 {
		t.Errorf("%d seeds", n)
	}
}
