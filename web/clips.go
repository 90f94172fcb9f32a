package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// ClipView is a clip as a page shows it.
type ClipView struct {
	shouwang.Clip
	CameraName string          `json:"camera_name"`
	DurationS  float64         `json:"duration_s"`
	Gaps       []shouwang.Gap  `json:"gaps"`
	Keys       policy.KeyState `json:"key_state"`
	// Playable says whether the caller may play it with what is known now; a
	// case or an incident may still open what is not.
	Playable bool            `json:"playable"`
	Reasons  []policy.Reason `json:"reasons,omitempty"`
	Reason   string          `json:"reason_text,omitempty"`
}

type clipsInput struct {
	Camera shouwang.CameraID `query:"camera" maxLength:"64"`
	Event  shouwang.EventID  `query:"event" maxLength:"128"`
	SpanInput
	front.Why
	Limit int `query:"limit" default:"100" minimum:"1" maximum:"500"`
}

// SpanInput is a stretch of time in a query.
type SpanInput struct {
	From time.Time `query:"from"`
	To   time.Time `query:"to"`
}

func (in SpanInput) span() shouwang.Span { return shouwang.Span{From: in.From, To: in.To} }

type clipInput struct {
	ID shouwang.ClipID `path:"id" maxLength:"128"`
	front.Why
}

type clipsOutput struct {
	Body struct {
		Clips []ClipView `json:"clips"`
	}
}

type playClipInput struct {
	ID shouwang.ClipID `path:"id" maxLength:"128"`
	front.Why
	// View tells one opening of a page from the next: the Ranges of one see one
	// file, and who opens a clip that has grown sees all of it.
	View string `query:"view" maxLength:"32" doc:"Any word; another for each opening of a player"`
}

type clipOutput struct{ Body ClipView }

func (s *Server) clipRoutes() {
	front.Route(s.Front, front.Op{ID: "listClips", Method: http.MethodGet, Path: "/api/clips", Tag: "clips", Summary: "Clips of the cameras one may search, newest first"}, front.SignedIn, s.listClips)
	front.Route(s.Front, front.Op{ID: "getClip", Method: http.MethodGet, Path: "/api/clips/{id}", Tag: "clips", Summary: "One clip, without its pictures"}, front.SignedIn, s.getClip)
	front.Route(s.Front, front.Op{
		ID: "playClip", Method: http.MethodGet, Path: "/api/clips/{id}/media.mp4", Tag: "clips",
		Summary: "A clip's pictures as MP4, with Range", Media: "video/mp4", Picture: true,
	}, front.SignedIn, s.playClip)
}

func (s *Server) listClips(ctx context.Context, c *front.Caller, in *clipsInput) (*clipsOutput, error) {
	clips, err := gather(s, c, in.Camera, in.Limit, func(camera shouwang.CameraID, limit int) ([]StoredClip, error) {
		return s.deps.Clips.Clips(ctx, ClipQuery{Camera: camera, Span: in.span(), Event: in.Event, Limit: limit})
	}, func(clip *StoredClip) (shouwang.CameraID, time.Time) { return clip.Camera, clip.From })
	if err != nil {
		return nil, fmt.Errorf("list clips: %w", err)
	}
	out := &clipsOutput{}
	out.Body.Clips = []ClipView{}
	for i := range clips {
		if view, ok := s.clipView(c, &clips[i], in.Why); ok {
			out.Body.Clips = append(out.Body.Clips, view)
		}
	}
	return out, nil
}

// clipView shows a clip to a caller who may know of its camera.
func (s *Server) clipView(c *front.Caller, clip *StoredClip, why front.Why) (ClipView, bool) {
	cam, err := c.Camera(clip.Camera)
	if err != nil {
		return ClipView{}, false
	}
	v := ClipView{
		Clip: clip.Clip, CameraName: cam.NameIn(c.Lang), DurationS: clip.Duration().Seconds(),
		Gaps: append([]shouwang.Gap{}, clip.Gaps...), Keys: clip.Keys,
	}
	decision := s.cams.Foresee(c, s.playRequest(c, cam, clip, why))
	v.Playable = decision.Allowed()
	if !v.Playable {
		v.Reasons, v.Reason = decision.Reasons, s.TextFor(c, &decision)
	}
	return v, true
}

// playRequest is the question whether the caller may play the clip.
func (s *Server) playRequest(c *front.Caller, cam *policy.Camera, clip *StoredClip, why front.Why) policy.Request {
	req := c.Request(policy.Playback, cam, why, s.Now())
	req.Resource = "footage:" + string(clip.ID)
	req.Footage = &policy.Footage{ID: req.Resource, Camera: cam.ID, From: clip.From, To: clip.To, KeyState: clip.Keys, Quarantined: cam.Quarantined}
	return req
}

// clip finds a clip of a camera that the caller may search; any other is not
// found.
func (s *Server) clip(ctx context.Context, c *front.Caller, id shouwang.ClipID) (StoredClip, *policy.Camera, error) {
	missing := shouwang.Errorf(shouwang.CodeNotFound, "no clip %q that you may know of", id)
	clip, err := s.deps.Clips.Clip(ctx, id)
	if err != nil {
		if shouwang.CodeOf(err) == shouwang.CodeNotFound {
			err = missing
		}
		return StoredClip{}, nil, err
	}
	cam, err := c.Camera(clip.Camera)
	if err != nil {
		return StoredClip{}, nil, missing
	}
	return clip, cam, nil
}

func (s *Server) getClip(ctx context.Context, c *front.Caller, in *clipInput) (*clipOutput, error) {
	clip, cam, err := s.clip(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	if c.Who.Type == policy.TypeOfficer {
		// Who was sent here by an older list is told why it is closed now.
		if d := s.deps.Gate.Decide(c.Request(policy.Search, cam, front.Why{}, s.Now())); !d.Allowed() {
			return nil, front.Denial(&d, s.TextFor(c, &d))
		}
	} else if !s.maySearch(c, cam) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no clip %q that you may know of", in.ID)
	}
	view, _ := s.clipView(c, &clip, in.Why)
	return &clipOutput{Body: view}, nil
}

func (s *Server) playClip(ctx context.Context, c *front.Caller, in *playClipInput) (*huma.StreamResponse, error) {
	clip, cam, err := s.clip(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	p, again, err := s.playback(ctx, c, cam, &clip, in.Why, in.View)
	if err != nil {
		return nil, destroyed(&clip, err)
	}
	clip.Span = p.span
	file, err := s.pictures(ctx, p.look, &clip)
	if err != nil {
		return nil, err
	}
	if !again {
		// The look begins here: its entry is durable before a byte leaves.
		if err := p.look.Commit(ctx); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if !s.plays.keep(p) {
			return nil, errors.Join(shouwang.Errorf(shouwang.CodeConflict, "what may be shown changed just now; ask again"), file.Close())
		}
	}
	return p.serve(file), nil
}

// destroyed turns a denial into 410 when there is nothing left to be allowed.
func destroyed(clip *StoredClip, err error) error {
	if clip.Keys != policy.KeyShredded {
		return err
	}
	denied := front.ProblemOf(err)
	gone := front.ProblemOf(shouwang.Errorf(shouwang.CodeKeyDestroyed, "the keys of this clip are destroyed; nobody can play it any more"))
	gone.Reasons, gone.Text = denied.Reasons, denied.Text
	return gone
}

// pictures opens what the look may show: the bits as recorded, or a viewing
// copy.
func (s *Server) pictures(ctx context.Context, l *look.Look, clip *StoredClip) (File, error) {
	if l.Options.Plain() {
		return s.deps.Footage.File(ctx, l.Grant, clip.Camera, clip.Span)
	}
	if clip.Duration() > s.cfg.CopySpan {
		return nil, shouwang.Errorf(shouwang.CodeTooLarge, "a viewing copy is at most %s long; ask for a shorter clip", s.cfg.CopySpan)
	}
	key := fmt.Sprintf("%s|%s|%d|%d|%+v", l.Request.Principal, clip.Camera, clip.From.UnixMilli(), clip.To.UnixMilli(), l.Options)
	data := s.copies.get(key)
	if data == nil {
		var err error
		if data, err = s.copies.make(ctx, key, l.Grant, clip.Camera, clip.Span, l.Options); err != nil {
			return nil, err
		}
	}
	return memoryFile{bytes.NewReader(data)}, nil
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

// serve answers with the file, Range included (RFC 9110, section 14), for as
// long as the play lasts.
func (p *play) serve(file File) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer file.Close()
		p.active.Add(1)
		defer p.active.Add(-1)
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", "video/mp4")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Disposition", "inline")
		h.Set("X-Shouwang-Decision", p.look.Decision.DecisionID)
		counted := &countingWriter{ResponseWriter: w, control: http.NewResponseController(w), n: &p.bytes}
		http.ServeContent(counted, r, "", time.Time{}, content{file, p})
	}}
}

// countingWriter counts what leaves, and gives a slow but living reader time.
type countingWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	n       *atomic.Int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	_ = c.control.SetWriteDeadline(time.Now().Add(30 * time.Second))
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}
