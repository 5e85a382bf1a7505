package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// marker is what a payload is made of, so that it is known wherever it lies.
const marker = "Xochiquetzal-Marker-of-the-benchmark,+57-555-0100,"

// repeated is a payload of markers.
type repeated struct{ left int64 }

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	// Whole markers, so that every read begins with one.
	n := int(min(int64(len(p)/len(marker)*len(marker)), r.left))
	if n == 0 {
		n = int(min(int64(len(p)), r.left))
	}
	for i := 0; i < n; {
		i += copy(p[i:n], marker)
	}
	r.left -= int64(n)
	return n, nil
}

// passage is what one large stream took.
type passage struct {
	took, cpu time.Duration
	peak      int64 // bytes resident
}

// large streams one large file up and down, and watches memory and disk.
func (b *bench) large(ctx context.Context) error {
	w, size := b.world, b.sizes.Large
	transfer, err := w.request(ctx, 0)
	if err != nil {
		return err
	}
	before, err := b.gateway.peak()
	if err != nil {
		return err
	}
	up, err := b.passage(ctx, func() error { return w.upload(ctx, w.senders[0], transfer, &repeated{size}, size) })
	if err != nil {
		return err
	}
	if err := w.commit(ctx, w.senders[0], transfer); err != nil {
		return err
	}
	down, err := b.passage(ctx, func() error { return w.pull(ctx, w.receivers[0], transfer, io.Discard, size) })
	if err != nil {
		return err
	}
	amount := float64(size) / mib
	for _, p := range []struct {
		way string
		passage
	}{{"up", up}, {"down", down}} {
		name := fmt.Sprintf("%d MiB stream %s", size/mib, p.way)
		b.report.add(
			Row{What: name, Unit: "MiB/s", Sample: rates(amount, []time.Duration{p.took})},
			Row{What: name + ", CPU time of the gateway", Unit: "s/GiB", Sample: Sample{p.cpu.Seconds() * 1024 / amount}},
			Row{What: name + ", resident memory", Unit: "MiB", Sample: Sample{float64(p.peak) / mib}, Most: MaxResident / mib},
		)
	}
	b.report.add(Row{What: "resident memory in all before", Unit: "MiB", Sample: Sample{float64(before) / mib}, Most: MaxResident / mib})
	if worst := max(before, up.peak, down.peak); worst >= MaxResident {
		return fmt.Errorf("%w: %d MiB", ErrMemory, worst/mib)
	}
	return nil
}

// passage measures do, which is one stream.
func (b *bench) passage(ctx context.Context, do func() error) (passage, error) {
	if err := b.gateway.resetPeak(); err != nil {
		return passage{}, err
	}
	used, err := b.gateway.cpu()
	if err != nil {
		return passage{}, err
	}
	began := time.Now()
	if err := b.watched(ctx, do); err != nil {
		return passage{}, err
	}
	p := passage{took: time.Since(began)}
	if p.cpu, err = b.gateway.cpu(); err != nil {
		return passage{}, err
	}
	p.cpu -= used
	p.peak, err = b.gateway.peak()
	return p, err
}

// watchEvery is how often the disk is looked at while a stream goes.
const watchEvery = 200 * time.Millisecond

// watched runs do, and looks meanwhile for files of the gateway that hold the
// marker: in its temporary folder, and among those that it has open.
func (b *bench) watched(ctx context.Context, do func() error) error {
	ctx, stop := context.WithCancel(ctx)
	found := make(chan error, 1)
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			if err := b.plaintext(); err != nil {
				found <- err
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	err := do()
	stop()
	watching.Wait()
	select {
	case seen := <-found:
		return errors.Join(err, seen)
	default:
		return errors.Join(err, b.plaintext())
	}
}

func (b *bench) plaintext() error {
	files, err := b.gateway.openFiles()
	if err != nil {
		return err
	}
	err = filepath.WalkDir(b.gateway.temp, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for temporary files: %w", err)
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			continue // gone meanwhile, or the name of what has none
		}
		head, err := io.ReadAll(io.LimitReader(f, mib))
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("reading a file of the gateway: %w", err)
		}
		if bytes.Contains(head, []byte(marker)) {
			return fmt.Errorf("%w: %s", ErrPlaintext, path)
		}
	}
	return nil
}
