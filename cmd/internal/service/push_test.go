package service

import (
	"log/slog"
	"testing"
	"time"

	"shouwang"
)

// A camera that was pushing when the service was killed tries again every
// moment: it is answered while the service is still opening its parts.
func TestACameraThatPushesBeforeTheStartIsAnswered(t *testing.T) {
	cfg := Defaults()
	cfg.Data = t.TempDir()
	s := &Service{cfg: cfg, log: slog.New(slog.DiscardHandler), clock: time.Now}
	defer s.close()
	if err := s.openData(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.node.pushAuth("door-17", "a token"); shouwang.CodeOf(err) != shouwang.CodeDenied {
		t.Errorf("a token that is nobody's: %v", err)
	}
}
