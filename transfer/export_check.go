package transfer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/ledger"
)

const (
	maxExportLine     = 64 << 20 // bytes
	maxExportFindings = 20
)

// ExportCheck is what an export shows to whoever holds the keys of the log, and
// nothing else (R52).
type ExportCheck struct {
	// OK says that nothing was found: every entry is as it was logged, and none was
	// taken out: of an export of everything, none of the first Foot.Size is missing;
	// one that is Narrowed is Whole.
	OK       bool        `json:"ok"`
	Head     ExportHead  `json:"head,omitzero"` // none unless it is Whole: nothing else proves the first line
	Foot     ExportFoot  `json:"foot"`
	End      ExportEnd   `json:"end,omitzero"` // none unless it is Whole
	Origin   string      `json:"origin"`
	Proved   int64       `json:"proved"` // entries that lie under the checkpoint as they are here
	Erased   int64       `json:"erased"` // of these, entries of which only the place is left
	Narrowed bool        `json:"narrowed"`
	Whole    bool        `json:"whole"`          // the entry in the last line proves that the lines before are those that were sent
	Kept     *ExportKept `json:"kept,omitempty"` // nil where no checkpoint kept elsewhere was given, or it is none
	Findings []string    `json:"findings"`
	More     int         `json:"more,omitempty"` // findings beyond those that are listed
}

func (x *ExportCheck) found(format string, args ...any) {
	if len(x.Findings) == maxExportFindings {
		x.More++
		return
	}
	x.Findings = append(x.Findings, fmt.Sprintf(format, args...))
}

// CheckExport proves an export without the system that made it: the checkpoint
// in its foot by the keys, every entry by its salt, commitment and proof, all lines
// by the entry that its last line carries, and, of an export of everything, that
// every place up to the checkpoint is there and every erasure named by an entry.
// With kept, a signed checkpoint that was kept elsewhere, the export must be no
// older and of the same log as far as it shows (ExportKept); empty, nothing says
// that the log ended there. What is wrong is a finding; an error is one of reading
// r, which is read twice.
func CheckExport(r io.ReadSeeker, keys *ledger.Verifier, kept []byte) (ExportCheck, error) {
	x := ExportCheck{Origin: keys.Origin(), Findings: []string{}}
	here := &sent{digest: sha256.New()}
	var foot []byte
	last, err := eachLine(r, func(_ int64, line []byte) {
		foot = line
		here.count(line)
		here.count([]byte("\n"))
	})
	if err != nil {
		return x, err
	}
	signed, ok := x.foot(foot, last, keys)
	if !ok {
		return x, nil
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return x, fmt.Errorf("reading an export again: %w", err)
	}
	c := checking{ExportCheck: &x, signed: signed, before: -1, gone: map[int64]*goneEntry{}}
	c.keep(kept, keys)
	if _, err := eachLine(r, func(n int64, line []byte) {
		if n < here.lines { // the last of them is the foot
			c.line(n, line)
		}
	}); err != nil {
		return x, err
	}
	c.ended()
	c.end(keys, here)
	if !x.Whole {
		x.Head, x.End = ExportHead{}, ExportEnd{}
	}
	x.OK = len(x.Findings) == 0
	return x, nil
}

// eachLine hands out every line but the last, without its end, and answers with
// that one; nil where the last has no end.
func eachLine(r io.Reader, do func(n int64, line []byte)) (last []byte, err error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for n := int64(0); ; {
		part, err := lines.ReadSlice('\n')
		if len(line)+len(part) > maxExportLine {
			return nil, nil // no line of an export
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, nil
		case errors.Is(err, io.EOF):
			return last, nil
		case err != nil:
			return nil, fmt.Errorf("reading an export: %w", err)
		}
		if last != nil {
			n++
			do(n, last)
		}
		last, line = bytes.TrimSuffix(line, []byte("\n")), nil
	}
}

// asWritten reads a line, which must be byte for byte what an export has: a
// member twice, or one more, would let two readers read two things.
func asWritten(line []byte, into any) bool {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil {
		return false
	}
	var again bytes.Buffer
	e := json.NewEncoder(&again)
	e.SetEscapeHTML(false)
	return e.Encode(into) == nil && bytes.Equal(bytes.TrimSuffix(again.Bytes(), []byte("\n")), line)
}

// foot opens the last two lines, without which nothing is proved.
func (x *ExportCheck) foot(foot, last []byte, keys *ledger.Verifier) (ledger.Checkpoint, bool) {
	var broken ExportBroken
	switch {
	case last != nil && asWritten(last, &broken):
		x.found("the export ended before its end: %s", broken.Error)
		return ledger.Checkpoint{}, false
	case last == nil || !asWritten(last, &x.End) || x.End.Ended == "" || !asWritten(foot, &x.Foot):
		x.found("the last line is missing: the file was cut, or is no export of this form")
		return ledger.Checkpoint{}, false
	}
	signed, _, err := keys.Open([]byte(x.Foot.Checkpoint))
	switch {
	case err != nil:
		x.found("the checkpoint in the last line but one: %v", err)
		return signed, false
	case signed.Size != x.Foot.Size:
		x.found("the checkpoint is of %d entries, and the last line but one says %d", signed.Size, x.Foot.Size)
		return signed, false
	}
	return signed, true
}

// checking is a check under way.
type checking struct {
	*ExportCheck
	signed ledger.Checkpoint
	before int64 // the place of the entry before
	lines  int64
	gone   map[int64]*goneEntry
	growth ledger.Growth
	kept   *keptElsewhere // nil without one
}

func (c *checking) line(n int64, line []byte) {
	if n == 1 {
		c.head(line)
		return
	}
	c.lines++
	var l ExportLine
	if !asWritten(line, &l) {
		c.found("line %d is not as an export is written", n)
		return
	}
	switch {
	case l.Seq <= c.before:
		c.found("line %d: entry %d stands behind entry %d", n, l.Seq, c.before)
	case !c.Narrowed && l.Seq > c.before+1:
		c.found("line %d: before entry %d, %d are missing", n, l.Seq, l.Seq-c.before-1)
	}
	c.before = max(c.before, l.Seq)
	if err := c.proved(l); err != nil {
		c.found("line %d: entry %d: %v", n, l.Seq, err)
		return
	}
	c.Proved++
}

func (c *checking) head(line []byte) {
	switch {
	case !asWritten(line, &c.Head) || c.Head.Export != ExportForm:
		c.found("the first line is not that of %q", ExportForm)
	case c.Head.Size != c.signed.Size:
		c.found("the first line says %d entries, the checkpoint %d", c.Head.Size, c.signed.Size)
	case c.Head.NonWaiver != nonWaiver:
		c.found("the first line says something else of privileges and immunities")
	}
	c.Narrowed = c.Head.narrowed()
}

var (
	errLeaf    = errors.New("its leaf hash is not that of its content")
	errOutside = errors.New("it is outside of what the first line says")
	errBody    = errors.New("its body is no entry")
	errHex     = errors.New("a hash is not one")
)

// proved proves with nothing but the line that the entry is in the signed tree.
func (c *checking) proved(l ExportLine) error {
	e, err := included(l, c.signed)
	if err != nil {
		return err
	}
	if err := c.asked(e); err != nil {
		return err
	}
	c.evidence(e)
	c.grow(e)
	return nil
}

// asked says whether the entry is of what the first line says.
func (c *checking) asked(e ledger.Entry) error {
	if e.Erased() {
		c.Erased++
		if c.Narrowed {
			return errOutside
		}
		return nil
	}
	var said evidence.Entry
	if err := json.Unmarshal(e.Body, &said); err != nil {
		return errBody
	}
	if !c.Head.filter().Wants(said) {
		return errOutside
	}
	return nil
}

// ended compares what there was with what the foot counts.
func (c *checking) ended() {
	f := c.Foot
	if f.Count != c.lines {
		c.found("%d entries are here, and the last line but one counts %d", c.lines, f.Count)
	}
	if min(f.Count, f.Outside, f.Erased) < 0 || f.Count+f.Outside+f.Erased != c.signed.Size {
		c.found("the last line but one accounts for %d entries, and the checkpoint is of %d", f.Count+f.Outside+f.Erased, c.signed.Size)
	}
	if !c.Narrowed && f.Count != c.signed.Size {
		c.found("%d entries are missing of an export of everything", c.signed.Size-f.Count)
	}
	c.erasures()
	c.compare()
}
