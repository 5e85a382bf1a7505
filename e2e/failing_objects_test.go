package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/minio/minio-go/v7"

	"safeconduct/e2e/between"
)

// objectsFail: without the object store nothing is taken in or sent; what has landed can be
// released.
func (d *disturbed) objectsFail(t *testing.T) {
	answered := func(name string, act func(context.Context, between.Request) between.Act) fault {
		return fault{
			name: name, size: large,
			begin: func(*testing.T) { d.answer("s3", act) }, end: func(*testing.T) { d.answer("s3", nil) },
			upload: unavailable, approve: done, pull: unavailable,
		}
	}
	said := func(status int, code string) func(context.Context, between.Request) between.Act {
		return always(between.Before, between.Act{Status: status, Body: "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>-</Message></Error>"})
	}
	gone := answered("is gone", nil)
	gone.begin = func(*testing.T) { d.must(d.all.MinIO.Crash()) }
	gone.end = func(t *testing.T) { d.must(d.all.MinIO.Resume(t.Context())) }
	gone.unready = "objects"
	hangs := answered("says nothing", nil)
	hangs.begin = func(*testing.T) { d.proxy["s3"].Stall() }
	hangs.end = func(*testing.T) { d.proxy["s3"].Resume() }
	hangs.unready = "objects"
	full := answered("is full", func(_ context.Context, r between.Request) between.Act {
		if r.Moment == between.Before && r.Method == http.MethodPut {
			return between.Act{Status: http.StatusInsufficientStorage, Body: "<Error><Code>XMinioStorageFull</Code><Message>-</Message></Error>"}
		}
		return between.Act{}
	})
	full.pull = done
	short := answered("breaks off in the middle of an object", func(_ context.Context, r between.Request) between.Act {
		if r.Moment == between.After && r.Method == http.MethodGet {
			return between.Act{Short: 1 << 20}
		}
		return between.Act{}
	})
	short.upload, short.pull = done, cutOff
	second := answered("breaks off in the second object", func(_ context.Context, r between.Request) between.Act {
		if r.Method == http.MethodGet && bytes.HasSuffix([]byte(r.Path), []byte("/00000001")) {
			return between.Act{Break: true}
		}
		return between.Act{}
	})
	second.upload, second.pull = done, cutOff
	d.run(t, "MinIO", []fault{
		gone, hangs, full, short, second,
		d.altered("holds an object that was cut short", func(b []byte) []byte { return b[:len(b)-1] }),
		d.altered("holds other bytes", func(b []byte) []byte { b = bytes.Clone(b); b[100] ^= 1; return b }),
		answered("answers too late", late),
		answered("answers 500", said(500, "InternalError")),
		answered("asks to slow down", said(503, "SlowDown")),
		answered("refuses the keys", said(403, "AccessDenied")),
		answered("answers what is no XML", always(between.Before, between.Act{Status: 502, Body: "bad gateway"})),
	})
}

// altered is every first object of a payload altered in the store itself, and
// put back.
func (d *disturbed) altered(name string, alter func([]byte) []byte) fault {
	right := map[string][]byte{}
	put := func(t *testing.T, key string, b []byte) {
		t.Helper()
		_, err := d.objects.PutObject(t.Context(), d.bucket, key, bytes.NewReader(b), int64(len(b)), minio.PutObjectOptions{})
		d.must(err)
	}
	return fault{
		name: name, upload: done, approve: done, pull: internal,
		begin: func(t *testing.T) {
			for key := range d.names(t, "") {
				o, err := d.objects.GetObject(t.Context(), d.bucket, key, minio.GetObjectOptions{})
				d.must(err)
				right[key], err = io.ReadAll(o)
				d.must(err)
				put(t, key, alter(right[key]))
			}
		},
		end: func(t *testing.T) {
			for key, b := range right {
				put(t, key, b)
			}
		},
	}
}
