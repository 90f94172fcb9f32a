package catalog

import (
	"context"

	"shouwang"
)

// Readable returns how many bytes of a camera can still be read through its
// own keys: what is neither erased nor under a hold.
func (d *DB) Readable(ctx context.Context, camera shouwang.CameraID) (bytes int64, err error) {
	err = d.read.QueryRowContext(ctx, `SELECT coalesce(sum(size),0) FROM segments
		WHERE camera=? AND state<>'erased' AND id NOT IN (`+heldNow+`)`, camera).Scan(&bytes)
	return bytes, wrapErr(err, "sum readable segments")
}
