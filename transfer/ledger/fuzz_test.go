package ledger_test

import (
	"bytes"
	"testing"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

// rowSeeds are edits of a log as FuzzVerify reads them: a table, a row, a column, and what is written there.
var rowSeeds = []struct { // read only
	table, row, column uint8
	value              string
}{
	{0, 0, 0, "another id"},
	{0, 1, 1, "other.kind"},
	{0, 2, 2, "short"},
	{0, 3, 3, ""},
	{0, 4, 4, `{"n":"other"}`},
	{0, 5, 5, "\x07"},
	{1, 0, 0, "no hash"},
	{1, 9, 0, string(make([]byte, 32))},
	{2, 0, 0, "no note\n"},
	{2, 1, 0, "safeconduct.test/log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 x y\n"},
}

func TestFuzzSeeds(t *testing.T) {
	if b := build(t, 1, 2); len(rowSeeds) != 10 || len(goodCheckpoints)+len(badCheckpoints) < 10 || len(b.Rows.Checkpoints) != 2 {
		t.Errorf("%d rows, %d and %d checkpoints, %d notes", len(rowSeeds), len(goodCheckpoints), len(badCheckpoints), len(b.Rows.Checkpoints))
	}
}

// FuzzVerify: whatever the database says in place of what was written, verification ends, and finds it.
func FuzzVerify(f *testing.F) {
	for _, s := range rowSeeds {
		f.Add(s.table, s.row, s.column, []byte(s.value))
	}
	b := build(f, 1, 7, 3)
	f.Fuzz(func(t *testing.T, table, row, column uint8, value []byte) {
		rows := b.Rows.Clone()
		if !write(rows, table, row, column, value) {
			return
		}
		if report := verify(t, b, rows, ledger.Options{}); report.OK() {
			t.Errorf("table %d, row %d, column %d became %q, and nothing is found", table%3, row, column%6, value)
		}
	})
}

// write changes one cell, and reports whether it is another now.
func write(rows *ledgertest.Rows, table, row, column uint8, value []byte) bool {
	bytesOf := func(cell *[]byte) bool {
		changed := !bytes.Equal(*cell, value)
		*cell = value
		return changed
	}
	textOf := func(cell *string) bool {
		changed := *cell != string(value)
		*cell = string(value)
		return changed
	}
	switch table % 3 {
	case 0:
		e := &rows.Entries[int(row)%len(rows.Entries)]
		switch column % 6 {
		case 0:
			return textOf(&e.ID)
		case 1:
			return textOf(&e.Kind)
		case 2:
			return bytesOf(&e.Commitment)
		case 3:
			return bytesOf(&e.Salt)
		case 4:
			return bytesOf(&e.Body)
		default:
			before := e.Version
			e.Version = len(value)
			return e.Version != before
		}
	case 1:
		return bytesOf(&rows.Hashes[int(row)%len(rows.Hashes)].Hash)
	default:
		return bytesOf(&rows.Checkpoints[int(row)%len(rows.Checkpoints)].Note)
	}
}
