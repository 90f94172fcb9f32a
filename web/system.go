package web

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cameras"
	"shouwang/web/front"
)

// Health is one camera as the administrator's page shows it.
type Health struct {
	ID         shouwang.CameraID   `json:"id"`
	Name       string              `json:"name"`
	Class      shouwang.LegalClass `json:"legal_class"`
	Link       cameras.Link        `json:"link"`
	Analysis   cameras.Analysis    `json:"analysis"`
	Lost       uint64              `json:"lost"`
	Reconnects uint64              `json:"reconnects"`
	Units      uint64              `json:"units"`
}

type systemOutput struct {
	Body struct {
		Now        time.Time `json:"now"`
		PolicySet  string    `json:"policy_set,omitempty"`
		Views      int       `json:"views" doc:"Live views open now"`
		Renderings int       `json:"renderings"`
		CopyBytes  int       `json:"copy_bytes" doc:"Viewing copies held in memory"`
		Cameras    []Health  `json:"cameras"`
	}
}

func (s *Server) systemRoutes() {
	front.Route(s.Front, front.Op{ID: "system", Method: http.MethodGet, Path: "/api/system", Tag: "system", Summary: "How the service does; never a picture"}, front.Administrators, s.system)
}

func (s *Server) system(_ context.Context, c *front.Caller, _ *struct{}) (*systemOutput, error) {
	out := &systemOutput{}
	b := &out.Body
	b.Now, b.Views, b.CopyBytes = s.Now(), len(s.tickets.list("")), s.copies.size()
	b.Renderings, _, _ = s.feeds.Renderings()
	links := s.cams.Links()
	for _, cam := range c.World.Cameras() {
		b.Cameras = append(b.Cameras, s.health(c, cam, links[cam.CameraID()]))
	}
	return out, nil
}

func (s *Server) health(c *front.Caller, cam *policy.Camera, st shouwang.StreamStatus) Health {
	return Health{
		ID: cam.CameraID(), Name: cam.NameIn(c.Lang), Class: cam.LegalClass, Link: cameras.LinkOf(st),
		Analysis: s.deps.Cameras.Analysis(cam.CameraID()), Lost: st.Lost, Reconnects: st.Reconnects, Units: st.Units,
	}
}
