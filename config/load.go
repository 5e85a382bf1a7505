package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// maxFile bounds the YAML file, in bytes.
const maxFile = 1 << 20

// Load merges, strongest first: flags that were given, the environment (as os.Environ), the YAML file at path (none if
// empty), the defaults. flags may be nil. The result is validated. Every error that can be told at once is in the
// answer; each names its key and the mend, and an unknown key the nearest one that exists.
func Load(flags *pflag.FlagSet, environ []string, path string) (Config, error) {
	c := Default(environ)
	merged := koanf.New(".")
	all := keys()
	origins := map[string]string{}
	add := func(origin func(key) string, values map[string]any) error {
		for _, k := range all {
			if _, ok := values[k.path]; ok {
				origins[k.path] = origin(k)
			}
		}
		return merged.Load(confmap.Provider(values, "."), nil)
	}
	var errs []error
	if path != "" {
		values, err := fromFile(path, all)
		errs = append(errs, err, add(func(key) string { return "file " + path }, values))
	}
	values, err := fromEnviron(environ, all)
	errs = append(errs, err, add(func(k key) string { return "environment " + k.env() }, values))
	values, err = fromFlags(flags, all)
	errs = append(errs, err, add(func(k key) string { return "flag --" + k.flag() }, values))
	if err := errors.Join(errs...); err != nil {
		return Config{}, err
	}
	if err := merged.UnmarshalWithConf("", &c, koanf.UnmarshalConf{
		Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{Result: &c, ErrorUnused: true, TagName: "koanf"},
	}); err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	c.origins = origins
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// AddFlags declares a flag for every key that is not a secret.
func AddFlags(flags *pflag.FlagSet) {
	for _, k := range keys() {
		name := k.flag()
		switch {
		case name == "" || flags.Lookup(name) != nil:
		case k.kind.Kind() == reflect.Bool:
			flags.Bool(name, false, k.doc)
		default:
			flags.String(name, "", k.doc)
		}
	}
}

// fromFlags reads the flags that were given; flags of other meaning are not looked at.
func fromFlags(flags *pflag.FlagSet, all []key) (map[string]any, error) {
	values := map[string]any{}
	if flags == nil {
		return values, nil
	}
	var errs []error
	for _, k := range all {
		f := flags.Lookup(k.flag())
		if f == nil || !f.Changed {
			continue
		}
		v, err := k.parse(f.Value.String())
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s (%s) %w", k.flag(), k.path, err))
			continue
		}
		values[k.path] = v
	}
	return values, errors.Join(errs...)
}

func fromEnviron(environ []string, all []key) (map[string]any, error) {
	byName, names := map[string]key{}, make([]string, 0, len(all))
	for _, k := range all {
		byName[k.env()] = k
		names = append(names, k.env())
	}
	client := clientVariables()
	values := map[string]any{}
	var errs []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if _, isClient := client[name]; isClient || !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) {
			continue
		}
		k, ok := byName[name]
		if !ok {
			errs = append(errs, fmt.Errorf("%.200s is no setting: did you mean %s?", name, nearest(short(name), names)))
			continue
		}
		v, err := k.parse(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s (%s) %w", name, k.path, err))
			continue
		}
		values[k.path] = v
	}
	sort.Slice(errs, func(i, j int) bool { return errs[i].Error() < errs[j].Error() })
	return values, errors.Join(errs...)
}

func short(name string) string { return name[:min(len(name), 200)] }

func fromFile(path string, all []key) (map[string]any, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration file: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("configuration file %s is larger than %s", path, formatBytes(maxFile))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration file: %w", err)
	}
	values, err := fromYAML(content, all)
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return values, nil
}
