package telemetry

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Config says what is told of the process, and how.
type Config struct {
	LogLevel  string `koanf:"log_level"  doc:"least level of the operations log: debug, info, warn or error"`
	LogFormat string `koanf:"log_format" doc:"form of the operations log: json or text"`
	Metrics   bool   `koanf:"metrics"    doc:"serve Prometheus metrics at /metrics of the admin listener"`
}

// The forms of the operations log.
const (
	FormatJSON = "json"
	FormatText = "text"
)

// Default is what holds where nothing is configured.
func Default() Config { return Config{LogLevel: "info", LogFormat: FormatJSON, Metrics: true} }

// Validate names each key that is wrong, and how to mend it.
func (c Config) Validate() error {
	_, levelErr := c.level()
	var formatErr error
	if c.LogFormat != FormatJSON && c.LogFormat != FormatText {
		formatErr = fmt.Errorf("log_format %q is no form: use json or text", c.LogFormat)
	}
	return errors.Join(levelErr, formatErr)
}

func (c Config) level() (slog.Level, error) {
	switch strings.ToLower(c.LogLevel) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	default:
		return 0, fmt.Errorf("log_level %q is no level: use debug, info, warn or error", c.LogLevel)
	}
}
