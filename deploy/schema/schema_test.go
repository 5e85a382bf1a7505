package schema

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFor(t *testing.T) {
	var names []string
	for _, engine := range []string{"sqlite", "postgres"} {
		flat, err := For(engine)
		if err != nil {
			t.Fatal(err)
		}
		list, err := fs.Glob(flat, "*.sql")
		if err != nil || len(list) < 3 || !slices.IsSorted(list) {
			t.Fatalf("%s: %v, %v", engine, list, err)
		}
		if names == nil {
			names = list
		}
		if !slices.Equal(list, names) {
			t.Errorf("the engines have not the same migrations: %v and %v", names, list)
		}
		for i, name := range list {
			if want := fmt.Sprintf("%05d_", i+1); !strings.HasPrefix(name, want) {
				t.Errorf("%s has %s where %s belongs: a number is missing, or there twice", engine, name, want)
			}
			b, err := fs.ReadFile(flat, name)
			if err != nil || !strings.HasPrefix(string(b), "-- +goose Up\n") {
				t.Errorf("%s of %s: %v", name, engine, err)
			}
			own, err := fs.Stat(files, engine+"/"+name)
			if (err == nil && own != nil) != regexp.MustCompile("TRIGGER|plpgsql|jsonb|json_extract|json_type|river_").Match(b) {
				t.Errorf("%s of %s is another's", name, engine)
			}
		}
		if _, err := flat.Open("postgres/00002_append_only.sql"); err == nil {
			t.Error("it is not flat")
		}
	}
	if _, err := For("mysql"); err == nil {
		t.Error("an engine that there is not")
	}
}

func TestFlattenRefusesTwoOfOneName(t *testing.T) {
	one := fstest.MapFS{"1.sql": {Data: []byte("a")}}
	if _, err := flatten(one, fstest.MapFS{"2.sql": {}}); err != nil {
		t.Error(err)
	}
	if _, err := flatten(one, fstest.MapFS{"1.sql": {}}); err == nil {
		t.Error("taken")
	}
}
