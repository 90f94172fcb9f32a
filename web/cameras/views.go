package cameras

import (
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// Link is how a camera's main stream does; it holds no address.
type Link struct {
	State              shouwang.LinkState `json:"state"`
	Since              time.Time          `json:"since,omitzero"`
	Code               shouwang.Code      `json:"code,omitempty"`
	Detail             string             `json:"detail,omitempty"`
	Codec              string             `json:"codec,omitempty"`
	Width              int                `json:"width,omitempty"`
	Height             int                `json:"height,omitempty"`
	FPS                float64            `json:"fps,omitempty"`
	Bitrate            float64            `json:"bitrate,omitempty"`
	ClockOffsetMS      float64            `json:"clock_offset_ms"`
	ClockUncertaintyMS float64            `json:"clock_uncertainty_ms"`
	LastUnit           time.Time          `json:"last_unit,omitzero"`
}

// Sharing is what the owner's consent says now, in short.
type Sharing struct {
	State  policy.ConsentState `json:"state"`
	Until  *time.Time          `json:"until,omitempty"`
	Reason string              `json:"reason,omitempty"`
}

// Live is what the gate would say to a live view now; asking is not looking.
type Live struct {
	Decision string          `json:"decision" enum:"allow,deny"`
	Reasons  []policy.Reason `json:"reasons"`
	Text     string          `json:"text"`
	// Incident is the open incident under which the view is allowed, when it
	// is not without one.
	Incident    string                `json:"incident,omitempty"`
	Obligations []policy.ObligationID `json:"obligations"`
}

// CameraView is a camera as a page shows it.
type CameraView struct {
	ID       shouwang.CameraID `json:"id"`
	Name     string            `json:"name"`
	Place    shouwang.PlaceID  `json:"place"`
	Position shouwang.Position `json:"position"`
	Aim      *shouwang.Aim     `json:"aim,omitempty"`
	// Quarantined says that its view no longer is the approved one.
	Quarantined bool `json:"quarantined"`
	// ViewWaiting says that it waits for two people to approve what it sees.
	ViewWaiting bool                `json:"view_waiting" doc:"Nothing of it is used before two people have approved what it sees"`
	Class       shouwang.LegalClass `json:"legal_class"`
	OwnerName   string              `json:"owner_name,omitempty"`
	Link        Link                `json:"link"`
	Analysis    Analysis            `json:"analysis"`
	Sharing     Sharing             `json:"sharing"`
	Live        Live                `json:"live"`
}

type camerasOutput struct {
	Body struct {
		Cameras []CameraView `json:"cameras"`
	}
}

type cameraInput struct {
	ID shouwang.CameraID `path:"id" maxLength:"64"`
	front.Why
}

type camerasInput struct{ front.Why }

type cameraOutput struct{ Body CameraView }

type placesOutput struct {
	Body struct {
		Places []shouwang.Place `json:"places"`
	}
}

// LinkOf is what a page is told of a stream.
func LinkOf(st shouwang.StreamStatus) Link {
	if st.State == "" {
		st.State = shouwang.LinkIdle
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return Link{
		State: st.State, Since: st.Since, Code: st.Code, Detail: st.Detail, Codec: st.Codec, Width: st.Width, Height: st.Height,
		FPS: st.FPS, Bitrate: st.Bitrate, ClockOffsetMS: ms(st.Offset), ClockUncertaintyMS: ms(st.Uncertainty), LastUnit: st.LastUnit,
	}
}
