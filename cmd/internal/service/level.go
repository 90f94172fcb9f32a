package service

import (
	"log/slog"
	"strings"
)

// Level turns the configuration's word into a log level; info for any other.
func Level(name string) slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(strings.ToUpper(name))) != nil {
		return slog.LevelInfo
	}
	return l
}
