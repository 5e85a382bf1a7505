package e2e

import (
	"io"
	"iter"
	"testing"

	"github.com/minio/minio-go/v7"
)

// names are those of the objects below prefix, of every version.
func (g *ground) names(t *testing.T, prefix string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for o := range g.listed(t, prefix) {
			if !yield(o.Key) {
				return
			}
		}
	}
}

func (g *ground) listed(t *testing.T, prefix string) iter.Seq[minio.ObjectInfo] {
	return func(yield func(minio.ObjectInfo) bool) {
		for o := range g.objects.ListObjects(t.Context(), g.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}) {
			g.must(o.Err)
			if !o.IsDeleteMarker && !yield(o) {
				return
			}
		}
	}
}

// searchObjects looks for the names in every object below prefix, and counts them.
func (g *ground) searchObjects(t *testing.T, prefix string) (n int) {
	t.Helper()
	for o := range g.listed(t, prefix) {
		r, err := g.objects.GetObject(t.Context(), g.bucket, o.Key, minio.GetObjectOptions{VersionID: o.VersionID})
		g.must(err)
		b, err := io.ReadAll(r)
		g.must(err)
		search(t, "object "+o.Key, append(b, o.Key...), planted())
		n++
	}
	return n
}
