package gate

import (
	"fmt"
	"testing"
)

func BenchmarkDecide(b *testing.B) {
	for _, subjects := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("subjects=%d", subjects), func(b *testing.B) {
			f := passingWith(Commit, subjects)
			b.ReportAllocs()
			for b.Loop() {
				if d := Decide(f); !d.Released() {
					b.Fatal(d.Codes())
				}
			}
		})
	}
}

func BenchmarkDecideRefused(b *testing.B) {
	f := passingWith(Commit, 10_000)
	for i := range f.Subjects {
		f.Subjects[i].Consents = nil
	}
	b.ReportAllocs()
	for b.Loop() {
		if Decide(f).Released() {
			b.Fatal("released")
		}
	}
}
