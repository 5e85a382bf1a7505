package config

import (
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxValue bounds a value's text, in bytes.
const maxValue = 4096

// parse reads a text as the key's type. Errors say what to write instead; they do not repeat a secret.
func (k key) parse(text string) (any, error) {
	if len(text) > maxValue || strings.ContainsAny(text, "\x00\r\n") || !utf8.ValidString(text) {
		return nil, fmt.Errorf("is no value: use one line of UTF-8, of at most %d bytes", maxValue)
	}
	switch {
	case k.kind == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no duration: use a number with its unit, such as 500ms, 30s or 2m", text)
		}
		return d, nil
	case k.bytes:
		return parseBytes(text)
	case k.kind.Kind() == reflect.String:
		return text, nil
	case k.kind.Kind() == reflect.Bool:
		switch text {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("%q is neither: use true or false", text)
	case k.kind.Kind() == reflect.Int || k.kind.Kind() == reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || (k.kind.Kind() == reflect.Int && int64(int(n)) != n) {
			return nil, fmt.Errorf("%q is no whole number: use digits only", text)
		}
		return n, nil
	case k.kind == reflect.TypeFor[[]string]():
		return splitList(text), nil
	default:
		return nil, fmt.Errorf("has a type that cannot be configured: %s", k.kind)
	}
}

func splitList(text string) []string {
	var list []string
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// units of amounts of bytes, largest first.
func units() []struct {
	name string
	size int64
} {
	return []struct {
		name string
		size int64
	}{
		{"TiB", 1 << 40},
		{"GiB", 1 << 30},
		{"MiB", 1 << 20},
		{"KiB", 1 << 10},
		{"TB", 1e12},
		{"GB", 1e9},
		{"MB", 1e6},
		{"kB", 1e3},
		{"B", 1},
	}
}

// parseBytes reads such as 5GiB, 64 KiB, 1.5MiB; the unit is needed and its case does not matter.
func parseBytes(text string) (any, error) {
	mend := fmt.Errorf("%q is no amount of bytes: use a number with its unit, such as 64KiB, 1.5MiB or 5GiB", text)
	for _, u := range units() {
		if len(text) <= len(u.name) || !strings.EqualFold(text[len(text)-len(u.name):], u.name) {
			continue
		}
		number := strings.TrimSpace(text[:len(text)-len(u.name)])
		if len(number) > 20 || strings.Trim(number, "0123456789.") != "" {
			return nil, mend
		}
		amount, ok := new(big.Rat).SetString(number)
		if !ok {
			return nil, mend
		}
		amount.Mul(amount, new(big.Rat).SetInt64(u.size))
		if !amount.IsInt() || !amount.Num().IsInt64() {
			return nil, mend
		}
		return amount.Num().Int64(), nil
	}
	return nil, mend
}

func formatBytes(n int64) string {
	for _, u := range units()[:4] { // the powers of two
		if n != 0 && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// text is a value of the key as it is written in a YAML file.
func (k key) text(v reflect.Value) string {
	switch {
	case k.secret:
		if v.IsZero() {
			return ""
		}
		return redacted
	case k.kind == reflect.TypeFor[time.Duration]():
		return formatDuration(time.Duration(v.Int()))
	case k.bytes:
		return formatBytes(v.Int())
	default:
		return fmt.Sprint(v.Interface())
	}
}

// formatDuration is 2m, where time.Duration says 2m0s.
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
