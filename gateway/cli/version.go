package cli

import "runtime/debug"

// version is what the program was built from: the version of its module, or the
// revision of the sources.
func version(info *debug.BuildInfo, ok bool) string {
	if !ok {
		return "unknown"
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				modified = ", with changes"
			}
		}
	}
	name := info.Main.Version
	switch {
	case name == "" && revision == "":
		return "unknown, built with " + info.GoVersion
	case name == "", name == "(devel)" && revision != "":
		name = "revision"
	case revision == "":
		return name + ", built with " + info.GoVersion
	}
	return name + " " + revision + modified + ", built with " + info.GoVersion
}
