package e2e

import (
	"net/http"

	"safeconduct/e2e/between"
)

func endKillings() []killing {
	end := []string{`"action":"transfer.recall"`}
	return []killing{
		{
			step: "before a recall is recorded", from: "available", act: recalling, ends: true, state: "available", objects: 1, entry: end, log: none,
			at: func() where { return entry(between.Before, end...) },
		},
		{
			step: "after a recall was recorded, its answer lost", from: "available", act: recalling, ends: true, state: recalled, announced: 1, objects: 1, entry: end,
			at: func() where { return entry(between.After, end...) },
		},
	}
}

// sweepKillings kill while the gateway removes the three objects of one upload:
// of a recalled transfer, or from "uploading" of one that a kill left open.
func sweepKillings() []killing {
	swept := `"action":"transfer.sweep"`
	return []killing{
		{
			step: "sweeping, before an open upload is doomed", from: "uploading", state: "uploading", announced: 1, objects: 3,
			at: func() where { return commit(between.Before, "UPDATE uploads SET state") },
		},
		{
			step: "sweeping, after an open upload was doomed", from: "uploading", state: "uploading", announced: 1, objects: 3,
			at: func() where { return commit(between.After, "UPDATE uploads SET state") },
		},
		{
			step: "sweeping, before the first object is removed", from: recalled, state: recalled, announced: 1, objects: 3,
			at: func() where { return object(between.Before, http.MethodDelete, "") },
		},
		{
			step: "sweeping, between objects", from: recalled, state: recalled, announced: 1, objects: 2,
			at: func() where { return object(between.After, http.MethodDelete, "") },
		},
		{
			step: "sweeping, between the last object and the key", from: recalled, state: recalled, announced: 1, objects: 0,
			at: func() where { return entry(between.Before, swept) },
		},
		{
			step: "sweeping, after the key was removed", from: recalled, state: recalled, announced: 0, objects: 0,
			at: func() where { return entry(between.After, swept) },
		},
	}
}

// doomed leaves three objects that nothing will refer to, and no gateway.
func (k killing) doomed(w *walk, s *snare, alive *gateway) {
	w.t.Helper()
	if k.from == recalled {
		w.ends = true
		w.to("available")
		if err := w.recall(); err != nil {
			w.t.Fatal(err)
		}
		w.g.settle(w.t)
		alive.kill()
		return
	}
	w.to("draft")
	s.arm(commit(between.Before, "INSERT INTO sealed_files"), nil) <- alive
	uploading(w, s)
	s.wait(w.t)
}
