package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/minio/minio-go/v7"
)

const mib = 1 << 20

// Names of rows that others are compared with.
const (
	putDirect = "put, minio-go alone"
	getDirect = "get, minio-go alone"
)

// content is bytes that do not compress, the same in every run.
func content(n int64) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // never fails
	return b
}

// streams measures one large put and get at a time.
func (b *bench) streams(ctx context.Context) error {
	s3, err := b.all.MinIO.Client()
	if err != nil {
		return err
	}
	bucket, err := b.all.MinIO.NewBucket(ctx, false)
	if err != nil {
		return err
	}
	payload, w := content(b.sizes.Stream), b.world
	name := func(round int) string { return fmt.Sprintf("object-%d", round) }
	transfers := make([]string, b.sizes.Rounds+1)
	for i := range transfers {
		if transfers[i], err = w.request(ctx, 0); err != nil {
			return err
		}
	}
	put := &contender{name: putDirect, run: func(ctx context.Context, round int) error {
		_, err := s3.PutObject(ctx, bucket, name(round), bytes.NewReader(payload), int64(len(payload)), minio.PutObjectOptions{})
		return err
	}}
	upload := &contender{name: "upload through the gateway", run: func(ctx context.Context, round int) error {
		return w.upload(ctx, w.senders[0], transfers[round], bytes.NewReader(payload), int64(len(payload)))
	}}
	if err := inTurn(ctx, b.sizes.Rounds, put, upload); err != nil {
		return err
	}
	for _, t := range transfers {
		if err := w.commit(ctx, w.senders[0], t); err != nil {
			return err
		}
	}
	get := &contender{name: getDirect, run: func(ctx context.Context, round int) (err error) {
		r, err := s3.GetObject(ctx, bucket, name(round), minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, copySize))
		if err == nil && n != int64(len(payload)) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}}
	download := &contender{name: "download through the gateway", run: func(ctx context.Context, round int) error {
		return w.pull(ctx, w.receivers[0], transfers[round], io.Discard, int64(len(payload)))
	}}
	if err := inTurn(ctx, b.sizes.Rounds, get, download); err != nil {
		return err
	}
	size := float64(len(payload)) / mib
	rate := func(c *contender) Row { return Row{What: c.name, Unit: "MiB/s", Sample: rates(size, c.took)} }
	up, down := rate(upload), rate(download)
	up.Against, up.Target = putDirect, 0.9
	down.Against, down.Target = getDirect, 0.85
	b.report.add(rate(put), up, rate(get), down)
	return nil
}
