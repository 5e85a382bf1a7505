package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"safeconduct/transfer/seal"
)

// extent says how much of a record is filled in.
type extent int

const (
	full   extent = iota // every field, pointer, list and map
	sparse               // the zero value: no list, no pointer, no instant
	hollow               // lists and maps that are there and empty, where JSON tells
)

// filled makes a record whose every text begins with seed, so that no two
// records share a natural key.
func filled[T any](seed string, x extent) T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), seed, "", x)
	return v
}

func fill(v reflect.Value, seed, tag string, x extent) {
	switch v.Interface().(type) {
	case time.Time:
		if x == full {
			v.Set(reflect.ValueOf(Epoch().Add(time.Duration(len(seed)) * time.Microsecond)))
		}
		return
	case json.RawMessage:
		if x == full {
			v.Set(reflect.ValueOf(json.RawMessage(`{"a":1}`)))
		}
		return
	case seal.Manifest:
		m := seal.Manifest{Size: 5, SHA256: [32]byte{1}, Chunks: []seal.Chunk{{Plain: 5, Sealed: 99, SHA256: [32]byte{2}}}}
		v.Set(reflect.ValueOf(m)) // its reading refuses impossible ones
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			fill(v.Field(i), seed+"/"+f.Name, f.Tag.Get("json"), x)
		}
	case reflect.Slice, reflect.Map:
		fillMany(v, seed, tag, x)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), seed, "", x)
		}
	default:
		if x == full || x == hollow && v.Kind() != reflect.Pointer {
			fillOne(v, seed)
		}
	}
}

func fillMany(v reflect.Value, seed, tag string, x extent) {
	if x == sparse || x == hollow && strings.Contains(tag, "omitempty") {
		return
	}
	n := 0
	if x == full {
		n = 2
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), fmt.Sprintf("%s/%d", seed, i), "", x)
		}
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := range n {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, fmt.Sprintf("%s/key/%d", seed, i), "", x)
		fill(value, fmt.Sprintf("%s/value/%d", seed, i), "", x)
		v.SetMapIndex(key, value)
	}
}

func fillOne(v reflect.Value, seed string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(seed + ` <é&"\` + "\u2028\U0001f600>") // what a JSON writer may get wrong
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(1<<40 + int64(len(seed)))
	case reflect.Uint8:
		v.SetUint(uint64(len(seed) % 256))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), seed, "", full)
	default:
		panic("a record has a " + v.Kind().String())
	}
}
