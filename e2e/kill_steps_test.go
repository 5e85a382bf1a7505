package e2e

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"safeconduct/authz"
	"safeconduct/e2e/between"
)

func uploadKillings() []killing {
	requested := `"action":"transfer.request"`
	aborted := []string{`"kind":"abort"`, `"action":"transfer.upload"`}
	return []killing{
		{
			step: "before a request is recorded", act: asking,
			at: func() where { return entry(between.Before, requested) },
		},
		{
			step: "after a request was recorded, its answer lost", act: asking,
			at: func() where { return entry(between.After, requested) },
		},
		{
			step: "before a data key is made", from: "draft", act: uploading, state: "draft",
			at: func() where { return vault(between.Before, "datakey/plaintext/agr-") },
		},
		{
			step: "after a data key was made", from: "draft", act: uploading, state: "draft",
			at: func() where { return vault(between.After, "datakey/plaintext/agr-") },
		},
		{
			step: "before an upload is announced", from: "draft", act: uploading, state: "draft",
			at: func() where { return commit(between.Before, "INSERT INTO uploads") },
		},
		{
			step: "after an upload was announced", from: "draft", act: uploading, state: "uploading", announced: 1,
			at: func() where { return commit(between.After, "INSERT INTO uploads") },
		},
		{
			step: "before the first chunk lands", size: large, from: "draft", act: uploading, state: "uploading", announced: 1, objects: either, lacks: "/00000000",
			at: func() where { return object(between.Before, http.MethodPut, "/00000000") },
		},
		{
			step: "after the first chunk landed, its answer lost", size: large, from: "draft", act: uploading, state: "uploading", announced: 1, objects: either, has: "/00000000",
			at: func() where { return object(between.After, http.MethodPut, "/00000000") },
		},
		{
			step: "with half of a body read", size: large, from: "draft", act: halfAnUpload, state: "uploading", announced: 1, objects: either, has: "/00000000",
			at: func() where { return object(between.After, http.MethodPut, "/00000000") },
		},
		{
			step: "before a middle chunk lands", size: large, from: "draft", act: uploading, state: "uploading", announced: 1, objects: either, lacks: "/00000001",
			at: func() where { return object(between.Before, http.MethodPut, "/00000001") },
		},
		{
			step: "after a middle chunk landed", size: large, from: "draft", act: uploading, state: "uploading", announced: 1, objects: either, has: "/00000001",
			at: func() where { return object(between.After, http.MethodPut, "/00000001") },
		},
		{
			step: "before the last chunk lands", size: large, from: "draft", act: uploading, state: "uploading", announced: 1, objects: either, lacks: "/00000002",
			at: func() where { return object(between.Before, http.MethodPut, "/00000002") },
		},
		{
			step: "after the last chunk landed", size: large, from: "draft", act: uploading, state: "uploading", announced: 1, objects: either, has: "/00000002",
			at: func() where { return object(between.After, http.MethodPut, "/00000002") },
		},
		{
			step: "before what landed is recorded", from: "draft", act: uploading, state: "uploading", announced: 1, objects: 1,
			at: func() where { return commit(between.Before, "INSERT INTO sealed_files") },
		},
		{
			step: "after what landed was recorded, the answer lost", from: "draft", act: uploading, state: "awaiting_approval", objects: 1,
			at: func() where { return commit(between.After, "INSERT INTO sealed_files") },
		},
		{
			step: "before it is recorded that an upload broke off", size: large, from: "draft", act: brokenUpload, entry: aborted,
			state: "uploading", announced: 1, objects: either, log: none,
			at: func() where { return entry(between.Before, aborted...) },
		},
		{
			step: "after it was recorded that an upload broke off", size: large, from: "draft", act: brokenUpload, entry: aborted,
			state: "uploading", announced: 1, objects: either,
			at: func() where { return entry(between.After, aborted...) },
		},
		{
			step: "while a transfer awaits approval", from: "awaiting_approval", state: "awaiting_approval", objects: 1,
			at:  func() where { return func(h happening) bool { return h.server == "" } },
			act: func(_ *walk, s *snare) { s.happens(happening{}) },
		},
	}
}

// halfAnUpload sends half of the body, and no more until the connection breaks.
func halfAnUpload(w *walk, s *snare) {
	dead := s.springs()
	w.send(io.MultiReader(bytes.NewReader(w.content[:len(w.content)/2]), blocked(dead)))
}

// brokenUpload sends half of the body and breaks the connection.
func brokenUpload(w *walk, _ *snare) {
	w.send(io.MultiReader(bytes.NewReader(w.content[:len(w.content)/2]), failing{}))
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the client broke off") }

type blocked <-chan struct{}

func (b blocked) Read([]byte) (int, error) {
	<-b
	return 0, io.ErrUnexpectedEOF
}

// send puts the body as it comes. The answer is of no interest.
func (w *walk) send(body io.Reader) {
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPut, w.file(), body)
	if err != nil {
		w.t.Fatal(err)
	}
	r.ContentLength = int64(len(w.content))
	w.allow(r, authz.RO)
	if resp, err := http.DefaultClient.Do(r); err == nil {
		_ = resp.Body.Close()
	}
}

func commitKillings() []killing {
	released := []string{`"action":"transfer.approve"`, `"phase":"COMMIT"`}
	step := func(name, state string, log last, at func() where) killing {
		return killing{step: name, from: "awaiting_approval", act: approving, entry: released, state: state, objects: 1, log: log, at: at}
	}
	return []killing{
		step("before a release is committed", "awaiting_approval", none, func() where { return entry(between.Before, released...) }),
		step("after a release was committed, the answer lost", "available", "", func() where { return entry(between.After, released...) }),
		step("before the entry of a release gets its place", "available", waiting, func() where { return placing(between.Before, released...) }),
		step("between place and signature", "available", placed, func() where { return placing(between.After, released...) }),
		step("before a checkpoint is signed", "available", placed, func() where {
			return then(placing(between.After, released...), vault(between.Before, "sign/"))
		}),
		step("after a checkpoint was signed, before it is stored", "available", placed, func() where {
			return then(placing(between.After, released...), vault(between.After, "sign/"))
		}),
		step("before a checkpoint is stored", "available", placed, func() where { return signed(between.Before, released...) }),
		step("after a checkpoint was stored, before the answer", "available", covered, func() where { return signed(between.After, released...) }),
	}
}

func pullKillings() []killing {
	release, delivery, receipt := `"kind":"release"`, `"kind":"delivery"`, `"kind":"receipt"`
	step := func(name string, log last, at func() where) killing {
		return killing{step: name, size: large, from: "available", act: pulling, entry: []string{release}, state: "available", objects: 3, deliveries: 1, log: log, at: at}
	}
	afterwards := func(w where) func() where {
		return func() where { return then(signed(between.After, release), w) }
	}
	held := func(statement string) func() where { return afterwards(holding(statement)) }
	asked := step("with all held still, before the gate has its last fact again", covered, held("FROM categories"))
	asked.first = (*walk).heldStill
	// What follows the first bytes in that transaction asks whether it still stands.
	handed := step("with all held still, the first bytes just taken", covered, held("FROM pull_sessions"))
	handed.first, handed.least, handed.most = func(w *walk) { w.awaitBytes(opening); w.heldStill() }, opening, opening
	flowing := step("in the middle of a stream, between chunks", covered, afterwards(object(between.After, http.MethodGet, "/00000002")))
	flowing.first, flowing.least, flowing.most = func(w *walk) { w.awaitBytes(chunk) }, chunk, 2*chunk
	written := step("after the last byte, before the delivery is recorded", none, func() where { return entry(between.Before, delivery) })
	written.entry, written.least, written.most = []string{delivery}, 2*chunk, large+small
	recorded := step("after a delivery was recorded", "", func() where { return entry(between.After, delivery) })
	recorded.entry, recorded.state, recorded.least, recorded.most = []string{delivery}, "pulled", 2*chunk, large+small
	recorded.deliveries = 0
	unrecorded := step("before the release of bytes is recorded", none, func() where { return entry(between.Before, release) })
	unrecorded.deliveries = 0
	return []killing{
		unrecorded,
		step("after the release of bytes was recorded", "", func() where { return entry(between.After, release) }),
		step("before the release of bytes is under a checkpoint", placed, func() where { return signed(between.Before, release) }),
		step("after the release of bytes came under a checkpoint", covered, func() where { return signed(between.After, release) }),
		step("before the data key is unwrapped", covered, afterwards(vault(between.Before, "decrypt/agr-"))),
		step("after the data key was unwrapped", covered, afterwards(vault(between.After, "decrypt/agr-"))),
		step("before the first byte", covered, afterwards(object(between.Before, http.MethodGet, "/00000000"))),
		asked, handed, flowing, written, recorded,
		{
			step: "before an acknowledgement is recorded", from: "pulled", act: acknowledging, state: "pulled", objects: 1, log: none, most: large,
			entry: []string{receipt}, at: func() where { return entry(between.Before, receipt) },
		},
		{
			step: "after an acknowledgement was recorded, its answer lost", from: "pulled", act: acknowledging, state: "acknowledged", objects: 1, most: large,
			entry: []string{receipt}, at: func() where { return entry(between.After, receipt) },
		},
	}
}
