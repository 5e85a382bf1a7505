package transfer

import (
	"context"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/rights"
)

func (o *Office) gatherSubjects(ctx context.Context, tx Tx, t Transfer, f *reading) (err error) {
	if f.Phase == gate.Request && f.Withheld() { // R23: nothing is asked of them, nor kept
		f.Subjects = make([]gate.Subject, t.Subjects)
		for i := range f.Subjects {
			f.Subjects[i].Row = i + 1
		}
		return nil
	}
	if f.Subjects, err = tx.SubjectsOf(ctx, t.ID); err != nil {
		return err
	}
	return t.namesThese(f.Subjects)
}

// namesThese compares the list of subjects, which no tag covers, with what the
// transfer says of it.
func (t Transfer) namesThese(subjects []gate.Subject) error {
	ids := make([]string, len(subjects))
	numbered := true
	for i, s := range subjects {
		ids[i] = s.ID
		numbered = numbered && s.Row == i+1
	}
	digest, err := digestOf(ids)
	if err != nil {
		return err
	}
	if digest != t.SubjectsDigest || !numbered || len(ids) != t.Subjects {
		return &evidence.TamperedError{Ref: t.ref(), What: "who is in it is not what was evidenced"}
	}
	return nil
}

// gatherHolds reads what stops people, or the transfer. Who places a hold waits
// for decisions on those whom it is about.
func (o *Office) gatherHolds(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	holds, err := tx.HoldsOf(ctx, t.ID)
	for _, h := range holds {
		held := gate.Hold{Subject: h.Subject, Code: gate.Code(h.Code()), Ref: h.Ref()}
		if h.Kind == rights.Review {
			held.Review = string(h.PlacedAs)
		}
		f.Holds = append(f.Holds, held)
	}
	return err
}

// gatherNotices reads the notices of the purpose. None is ever taken back, so
// that nothing need hold them still.
func (o *Office) gatherNotices(ctx context.Context, tx Tx, t Transfer, f *reading) (err error) {
	if t.Purpose != "" && len(f.Subjects) > 0 {
		f.Notices, err = tx.Notices(ctx, t.Purpose)
	}
	return err
}
