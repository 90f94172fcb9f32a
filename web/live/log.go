package live

import (
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// quiet sends pion's log to ours: its warnings about a single viewer's network
// are our debug lines, its errors our warnings.
type quiet struct{ log *slog.Logger }

func (q quiet) NewLogger(scope string) logging.LeveledLogger {
	return scoped{q.log.With("scope", scope)}
}

type scoped struct{ log *slog.Logger }

func (s scoped) Trace(string)          {}
func (s scoped) Tracef(string, ...any) {}
func (s scoped) Debug(string)          {}
func (s scoped) Debugf(string, ...any) {}
func (s scoped) Info(string)           {}
func (s scoped) Infof(string, ...any)  {}
func (s scoped) Warn(msg string)       { s.log.Debug(msg) }
func (s scoped) Error(msg string)      { s.log.Debug(msg) }
func (s scoped) Warnf(format string, args ...any) {
	s.log.Debug(fmt.Sprintf(format, args...))
}

func (s scoped) Errorf(format string, args ...any) {
	s.log.Debug(fmt.Sprintf(format, args...))
}
