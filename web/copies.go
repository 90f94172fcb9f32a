package web

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	"shouwang"
	"shouwang/policy/gate"
	"shouwang/web/viewcopy"
	"shouwang/web/watch"
)

// copies are viewing copies of clips that had to be masked or marked: rendered
// once into memory, served with Range, never written to a disk, and dropped
// when the consent changes. A copy belongs to one viewer's options, so that a
// watermark never names somebody else.
type copies struct {
	footage  Footage
	renderer watch.Renderer
	perCopy  int // bytes
	total    int // bytes

	mu    sync.Mutex
	byKey map[string]*list.Element // of *viewingCopy
	order *list.List               // most recently used first
	bytes int
	drops uint64        // how often drop was called
	turn  chan struct{} // one rendering for playback at a time: live goes first
}

type viewingCopy struct {
	key    string
	camera shouwang.CameraID
	data   []byte
}

func newCopies(footage Footage, renderer watch.Renderer, perCopy, total int) *copies {
	return &copies{
		footage: footage, renderer: renderer, perCopy: perCopy, total: total,
		byKey: map[string]*list.Element{}, order: list.New(), turn: make(chan struct{}, 1),
	}
}

// size returns the bytes held.
func (cs *copies) size() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.bytes
}

// get returns the copy for the key, or nil.
func (cs *copies) get(key string) []byte {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	el := cs.byKey[key]
	if el == nil {
		return nil
	}
	cs.order.MoveToFront(el)
	return el.Value.(*viewingCopy).data
}

// drop forgets every copy of the camera, of all cameras for "".
func (cs *copies) drop(camera shouwang.CameraID) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.drops++
	for el := cs.order.Front(); el != nil; {
		next := el.Next()
		if camera == "" || el.Value.(*viewingCopy).camera == camera {
			cs.remove(el)
		}
		el = next
	}
}

func (cs *copies) remove(el *list.Element) {
	c := cs.order.Remove(el).(*viewingCopy)
	delete(cs.byKey, c.key)
	cs.bytes -= len(c.data)
}

// put keeps a copy that was begun when drops stood at began: one that was made
// while rights changed is not kept.
func (cs *copies) put(c *viewingCopy, began uint64) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.drops != began {
		return
	}
	if old := cs.byKey[c.key]; old != nil {
		cs.remove(old)
	}
	cs.byKey[c.key] = cs.order.PushFront(c)
	cs.bytes += len(c.data)
	for cs.bytes > cs.total && cs.order.Len() > 1 {
		cs.remove(cs.order.Back())
	}
}

// make renders the span under the grant. One rendering runs at a time; who
// waits may find the copy made meanwhile.
func (cs *copies) make(ctx context.Context, key string, g gate.Grant, camera shouwang.CameraID, span shouwang.Span, o watch.Options) ([]byte, error) {
	select {
	case cs.turn <- struct{}{}:
		defer func() { <-cs.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if data := cs.get(key); data != nil {
		return data, nil
	}
	cs.mu.Lock()
	began := cs.drops
	cs.mu.Unlock()
	units, err := cs.footage.Units(ctx, g, camera, span)
	if err != nil {
		return nil, err
	}
	defer units.Close()
	o.Camera = camera
	data, err := viewcopy.Render(ctx, cs.renderer, units, o, cs.perCopy)
	if err != nil {
		return nil, fmt.Errorf("render viewing copy of %s: %w", camera, err)
	}
	cs.put(&viewingCopy{key: key, camera: camera, data: data}, began)
	return data, nil
}
