package config

import (
	"reflect"
	"strings"
)

const prefix = "SAFECONDUCT_"

// key is one leaf of Config.
type key struct {
	path   string // "server.listen"
	doc    string
	kind   reflect.Type
	bytes  bool // an amount of bytes
	secret bool // environment only, never printed
	index  []int
}

// keys lists the leaves in the order in which Config declares them.
func keys() []key { return leaves(reflect.TypeFor[Config](), "", nil) }

func leaves(t reflect.Type, section string, at []int) []key {
	var found []key
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("koanf")
		if !f.IsExported() || name == "" {
			continue
		}
		path, index := section+name, append(at[:len(at):len(at)], i)
		if f.Anonymous {
			found = append(found, leaves(f.Type, section, index)...)
			continue
		}
		if f.Type.Kind() == reflect.Struct {
			found = append(found, leaves(f.Type, path+".", index)...)
			continue
		}
		doc := f.Tag.Get("doc")
		if doc == "" {
			doc = borrowedDoc(path)
		}
		found = append(found, key{
			path: path, doc: doc, kind: f.Type, index: index,
			bytes: f.Type.Kind() == reflect.Int64 && strings.HasSuffix(name, "_bytes"), secret: f.Tag.Get("secret") == "true",
		})
	}
	return found
}

func (k key) of(c *Config) reflect.Value { return reflect.ValueOf(c).Elem().FieldByIndex(k.index) }

// section is the path of the section that the key stands in, empty for none, and its name there.
func (k key) section() (section, name string) { return split(k.path) }

// split parts the last word from the path before it.
func split(path string) (before, last string) {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// env is the variable that sets the key: SAFECONDUCT_SERVER__LISTEN. Sections are parted by two underscores.
func (k key) env() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "__"))
}

// flag is the command-line flag that sets the key; a secret has none, since other users of the machine can read flags.
func (k key) flag() string {
	if k.secret {
		return ""
	}
	return strings.NewReplacer(".", "-", "_", "-").Replace(k.path)
}

// clientVariables begin with the prefix too, but are read by the commands that call a server, not by this package.
func clientVariables() map[string]string {
	return map[string]string{
		prefix + "CONFIG":     "path of the YAML file",
		prefix + "URL":        "address of the server, for send, pull and agreement sign",
		prefix + "TOKEN":      "token, for send, pull and agreement sign",
		prefix + "TOKEN_FILE": "file that holds the token",
	}
}

// testPrefix begins the variables of the end-to-end tests.
const testPrefix = prefix + "E2E_"

// nearest is the candidate that takes the fewest edits to reach.
func nearest(name string, candidates []string) string {
	best, least := "", -1
	for _, c := range candidates {
		if d := distance(name, c); least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is Levenshtein's. Names are bounded by whoever reads them.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := before
			if a[i-1] != b[j-1] {
				cost++
			}
			before = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// borrowedDoc tells of the keys of packages that document them in comments only.
func borrowedDoc(path string) string {
	return map[string]string{
		"vault.address":       "URL of Vault: https, or http to this machine",
		"vault.mount":         "path of the transit engine; transit if empty",
		"vault.namespace":     "Vault Enterprise namespace; none if empty",
		"vault.approle_mount": "path of the AppRole method; approle if empty",
		"vault.ca_file":       "certificates (PEM) that Vault's must chain to; the system's if empty",
		"vault.timeout":       "longest time of one operation with its retries; 10s if zero",
		"s3.endpoint":         "host:port of the S3 server, without a scheme",
		"s3.bucket":           "name of the bucket",
		"s3.region":           "region to sign for; us-east-1 if empty",
		"s3.prefix":           "put before every object's name, to share a bucket",
		"s3.ca_file":          "certificates (PEM) to trust; the system's if empty",
		"s3.insecure":         "plain HTTP",
		"s3.create_bucket":    "make the bucket where it is missing",
		"s3.timeout":          "longest time that landing, opening, listing or deleting one object may keep us waiting, every attempt included; 30s if zero",
	}[path]
}
