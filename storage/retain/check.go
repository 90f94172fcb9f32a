package retain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage"
	"shouwang/storage/catalog"
	"shouwang/storage/seal"
)

// Finding is one thing that is not as promised.
type Finding struct {
	// Invariant is the number in docs/design/house.md, 0 for what has none.
	Invariant int
	Camera    shouwang.CameraID
	What      string
}

func (f Finding) String() string {
	if f.Invariant > 0 {
		return fmt.Sprintf("invariant %d: camera %s: %s", f.Invariant, f.Camera, f.What)
	}
	return fmt.Sprintf("camera %s: %s", f.Camera, f.What)
}

const checkDecision = "system:check"

// checker gathers findings over one pass of the catalog.
type checker struct {
	*Keeper
	deep     bool
	found    []Finding
	now      time.Time
	lastRoll map[string]*storage.Segment // by camera and stream
	rows     map[storage.SegmentID]bool  // readable ones
}

// Check verifies what must hold in data: that all stored bytes are whole
// ciphertext of the row that names them (3, 4), that objects and rows match
// (4), that every break in a rolling recording is a gap with a cause (5), that
// nothing expired is readable, that holds and deletions add up. deep reads and
// authenticates every byte; otherwise beginnings and ends. It changes nothing.
func (k *Keeper) Check(ctx context.Context, deep bool) ([]Finding, error) {
	now, behind, err := k.tide(ctx)
	if err != nil {
		return nil, err
	}
	c := &checker{Keeper: k, deep: deep, now: now, lastRoll: map[string]*storage.Segment{}, rows: map[storage.SegmentID]bool{}}
	if behind > time.Minute {
		c.say(0, "", "the clock is %s behind the time already reached; set it right", behind.Round(time.Second))
	}
	deleted, err := k.deletedOnce(ctx, c)
	if err != nil {
		return nil, err
	}
	err = k.Catalog.Each(ctx, func(s *storage.Segment) error {
		if s.State == storage.SegmentErased {
			if !deleted[s.ID] {
				c.say(0, s.Camera, "segment %s is erased and no deletion says why", s.ID)
			}
			return nil
		}
		c.rows[s.ID] = true
		if err := c.bytes(ctx, s); err != nil {
			return err
		}
		if s.Mode == string(policy.RecordRolling) {
			return c.continuity(ctx, s)
		}
		return nil
	})
	if err != nil {
		return c.found, err
	}
	if err := c.deadlines(ctx); err != nil {
		return c.found, err
	}
	if err := c.holds(ctx); err != nil {
		return c.found, err
	}
	return c.found, c.strays(ctx)
}

func (c *checker) say(invariant int, camera shouwang.CameraID, format string, args ...any) {
	c.found = append(c.found, Finding{Invariant: invariant, Camera: camera, What: fmt.Sprintf(format, args...)})
}

func (k *Keeper) deletedOnce(ctx context.Context, c *checker) (map[storage.SegmentID]bool, error) {
	list, err := k.Catalog.Deletions(ctx, "", shouwang.Span{})
	if err != nil {
		return nil, err
	}
	seen := map[storage.SegmentID]bool{}
	for _, d := range list {
		if seen[d.Segment] {
			c.say(0, d.Camera, "segment %s was deleted twice", d.Segment)
		}
		seen[d.Segment] = true
	}
	return seen, nil
}

// bytes checks that a readable row's object is whole, sealed, and its own.
func (c *checker) bytes(ctx context.Context, s *storage.Segment) error {
	if _, err := os.Stat(c.Spool.Path(s.ID)); err != nil {
		object, err := c.Bucket.Stat(ctx, s.Name())
		if errors.Is(err, storage.ErrNotExist) {
			c.say(4, s.Camera, "segment %s has a row and no object", s.ID)
			return nil
		}
		if err != nil {
			return fmt.Errorf("check segment %s: %w", s.ID, err)
		}
		if object.Size != s.Size {
			c.say(4, s.Camera, "segment %s has %d bytes and the row says %d", s.ID, object.Size, s.Size)
			return nil
		}
	}
	r, err := c.Open(ctx, s, checkDecision)
	if err != nil {
		c.say(3, s.Camera, "segment %s: %v", s.ID, err)
		return nil
	}
	if r.Size() != s.Plain {
		c.say(4, s.Camera, "segment %s holds %d bytes and the row says %d", s.ID, r.Size(), s.Plain)
	}
	return c.content(s, r)
}

func (c *checker) content(s *storage.Segment, r *seal.Reader) error {
	if n := len(s.Samples); n == 0 || s.Samples[n-1].Offset+int64(s.Samples[n-1].Size) > r.Size() {
		c.say(4, s.Camera, "segment %s has an index that does not fit it", s.ID)
	}
	if !c.deep {
		return nil
	}
	if _, err := io.Copy(io.Discard, io.NewSectionReader(r, 0, r.Size())); err != nil {
		c.say(3, s.Camera, "segment %s: %v", s.ID, err)
	}
	return nil
}

// continuity checks invariant 5 between two rolling segments of a stream.
func (c *checker) continuity(ctx context.Context, s *storage.Segment) error {
	key := string(s.Camera) + "/" + string(s.Stream)
	last := c.lastRoll[key]
	c.lastRoll[key] = s
	if last == nil || s.From.Sub(last.To) <= time.Second {
		return nil
	}
	gaps, err := c.Catalog.Gaps(ctx, s.Camera, s.Stream, shouwang.Span{From: last.To.Add(-time.Second), To: s.From.Add(time.Second)})
	if err != nil {
		return err
	}
	deletions, err := c.Catalog.Deletions(ctx, s.Camera, shouwang.Span{From: last.To, To: s.From})
	if err != nil {
		return err
	}
	stated := make([]shouwang.Span, 0, len(gaps)+len(deletions))
	for _, g := range gaps {
		stated = append(stated, g.Span)
	}
	for _, d := range deletions {
		stated = append(stated, d.Span)
	}
	if at := uncovered(shouwang.Span{From: last.To, To: s.From}, stated, 2*time.Second); !at.IsZero() {
		c.say(5, s.Camera, "nothing is recorded or stated at %s, between segments %s and %s", at.UTC().Format(time.RFC3339Nano), last.ID, s.ID)
	}
	return nil
}

// uncovered returns the first moment of span that no stated span covers, with
// slack at each seam; zero when there is none.
func uncovered(span shouwang.Span, stated []shouwang.Span, slack time.Duration) time.Time {
	at := span.From
	for moved := true; moved; {
		moved = false
		for _, g := range stated {
			if !g.From.After(at.Add(slack)) && g.To.After(at) {
				at, moved = g.To, true
			}
		}
	}
	if span.To.Sub(at) > slack {
		return at
	}
	return time.Time{}
}

// deadlines checks that nothing is readable an hour after it expired.
func (c *checker) deadlines(ctx context.Context) error {
	late, err := c.Catalog.Expired(ctx, c.now.Add(-time.Hour), 100)
	for _, s := range late {
		c.say(0, s.Camera, "segment %s expired at %s and can still be read", s.ID, s.Expires.Format(time.RFC3339))
	}
	return err
}

func (c *checker) holds(ctx context.Context) error {
	holds, err := c.Catalog.Holds(ctx, "")
	if err != nil {
		return err
	}
	for _, h := range holds {
		if c.now.Sub(h.Until) > time.Hour {
			c.say(7, h.Camera, "hold %s ended at %s and still holds", h.ID, h.Until.Format(time.RFC3339))
		}
		segments, err := c.Catalog.HeldSegments(ctx, h.ID)
		if err != nil {
			return err
		}
		for _, s := range segments {
			if s.State == storage.SegmentErased {
				c.say(7, h.Camera, "segment %s was erased under hold %s", s.ID, h.ID)
			}
		}
	}
	cameras, err := c.Catalog.Cameras(ctx)
	if err != nil {
		return err
	}
	for _, camera := range cameras {
		if err := c.clips(ctx, camera); err != nil {
			return err
		}
	}
	return nil
}

// clips checks that each clip's span holds a segment, erased or not.
func (c *checker) clips(ctx context.Context, camera shouwang.CameraID) error {
	clips, err := c.Catalog.Clips(ctx, catalog.ClipQuery{Camera: camera, Limit: 1000})
	if err != nil {
		return err
	}
	for _, clip := range clips {
		segments, err := c.Catalog.Segments(ctx, camera, "", clip.Span)
		if err != nil {
			return err
		}
		if len(segments) == 0 {
			c.say(4, camera, "clip %s covers no segment", clip.ID)
		}
	}
	return nil
}

// strays looks for bytes without a readable row, in the spool and the bucket.
func (c *checker) strays(ctx context.Context) error {
	whole, open, err := c.Spool.List()
	if err != nil {
		return err
	}
	for _, id := range whole {
		if !c.rows[id] {
			c.say(4, "", "segment %s is in the spool without a row", id)
		}
	}
	for _, id := range open {
		c.plain(c.Spool.PartPath(id))
	}
	return c.Bucket.List(ctx, "", func(o storage.Object) error {
		if !c.rows[idOf(o.Name)] {
			c.say(4, "", "object %s has no row", o.Name)
		}
		return nil
	})
}

// plain checks that a file being written begins like a sealed one.
func (c *checker) plain(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() == 0 {
		return
	}
	if _, _, err := seal.ReadHeader(f); err != nil {
		c.say(3, "", "%s is not sealed: %v", path, err)
	}
}
