package service

import (
	"errors"
	"fmt"
	"testing"

	"shouwang/analyze/pool"
)

// A renderer that is behind for a moment drops pictures; a view that ended for
// it would be asked for anew, by all tiles at once, of a machine that is behind.
func TestAViewOutlastsARendererThatIsBehind(t *testing.T) {
	if err := behind(fmt.Errorf("push: %w", pool.ErrDropped)); err != nil {
		t.Errorf("dropped: %v", err)
	}
	if err := behind(pool.ErrClosed); !errors.Is(err, pool.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
