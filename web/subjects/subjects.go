// Package subjects is where somebody who was filmed asks to see it. Anybody may
// file a request, without an account. The desk verifies who asks and finds the
// camera; the custodian of a department's camera agrees, under a second factor;
// then the person looks at it beside the custodian, on the custodian's screen:
// ten minutes at most, everybody else pixelated, nothing to take away. Where the
// person is the custodian marks by hand; no machine says who anybody is. Each step
// is an entry of the access log.
package subjects

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/auth"
	"shouwang/web/evidence"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Store keeps requests and the persons who made them, and puts both in force
// before it returns.
type Store interface {
	PutSubjectRequest(ctx context.Context, s policy.SubjectRequest) error
	PutPrincipal(ctx context.Context, p policy.Principal) error
}

// Player opens the supervised look.
type Player interface {
	OpenSupervised(ctx context.Context, c *front.Caller, request *policy.SubjectRequest, width int) (evidence.Play, error)
}

// Deps are what the room needs from its neighbours; all are needed.
type Deps struct {
	Store  Store
	Player Player
}

// Bounds of a request.
const (
	keptFor     = 30 * 24 * time.Hour // how far back, and how long a request stays open
	freshFactor = 5 * time.Minute     // as in the rules
	mostOpen    = 500                 // requests that wait, in all
	// An address files five requests and then one every half hour.
	addressBurst, addressRefill, throttleKeys = 5, 30 * time.Minute, 10_000
)

type room struct {
	*front.Front
	Deps
	looks     *look.Looks
	addresses *auth.Throttle
}

// Routes returns what registers the room's operations.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) {
		(&room{f, deps, l, auth.NewThrottle(addressBurst, addressRefill, throttleKeys, f.Now)}).routes()
	}
}

func (r *room) routes() {
	op := func(id, method, path, summary string) front.Op {
		return front.Op{ID: id, Method: method, Path: path, Tag: "subjects", Summary: summary}
	}
	file := op("fileSubjectRequest", http.MethodPost, "/api/footage-requests", "Ask to see what was filmed of oneself; for anybody, without an account")
	file.Status, file.Body = http.StatusCreated, 8<<10
	front.Open(r.Front, file, r.file)
	front.Route(r.Front, op("subjectRequests", http.MethodGet, "/api/footage-requests", "Requests of filmed persons, newest first, for the desk and for oversight"), front.Officers, r.list)
	front.Route(r.Front, op("verifySubject", http.MethodPost, "/api/footage-requests/{id}/verify", "Note that the person's identity was verified, and which camera and minutes they mean"), front.Officers, r.verify)
	front.Route(r.Front, op("answerSubject", http.MethodPost, "/api/footage-requests/{id}/answer", "The custodian agrees or refuses; agreeing takes a fresh second factor"), front.Officers, r.answer)
	mark := op("markSubject", http.MethodPut, "/api/footage-requests/{id}/marks", "The custodian marks by hand where the person is, so that there they are not pixelated; what stands replaces what stood")
	mark.Body = 256 << 10
	front.Route(r.Front, mark, front.Officers, r.mark)
	see := op("supervisedLook", http.MethodPost, "/api/footage-requests/{id}/look", "Begin the look beside the person who asked, on the custodian's own screen")
	see.Picture = true
	front.Route(r.Front, see, front.Officers, r.look)
}

type subjectFileInput struct {
	Body struct {
		Name    string    `json:"name" minLength:"2" maxLength:"60" doc:"Who asks"`
		Contact string    `json:"contact" minLength:"5" maxLength:"120" doc:"Where the answer goes"`
		Where   string    `json:"where" minLength:"2" maxLength:"200" doc:"Where it was, in the person's own words"`
		From    time.Time `json:"from"`
		To      time.Time `json:"to" doc:"Ten minutes after from at most"`
		Reason  string    `json:"reason" minLength:"4" maxLength:"1000"`
	}
}

type subjectFiledOutput struct {
	Body struct {
		Number string    `json:"number"`
		Filed  time.Time `json:"filed"`
		Until  time.Time `json:"until" doc:"By when it is answered or lapses"`
	}
}

// file takes a request from anybody. It is kept before it is logged: a log that
// is away is no reason to refuse one.
func (r *room) file(ctx context.Context, in *subjectFileInput) (*subjectFiledOutput, error) {
	if wait := r.addresses.Take(front.HostOf(front.TransportOf(ctx).Remote)); wait > 0 {
		return nil, auth.RateLimited(wait)
	}
	b, now := &in.Body, r.Now()
	for _, text := range []string{b.Name, b.Contact, b.Where, b.Reason} {
		if !plain(text) {
			return nil, shouwang.Errorf(shouwang.CodeBadUsage, "write plain text, without control characters")
		}
	}
	if err := checkSpan(shouwang.Span{From: b.From, To: b.To}, now); err != nil {
		return nil, err
	}
	if r.waiting() >= mostOpen {
		return nil, shouwang.Errorf(shouwang.CodeOverloaded, "too many requests wait for an answer; ask at the township office")
	}
	s := policy.SubjectRequest{
		ID: front.NewID("sr"), Name: b.Name, Contact: b.Contact, Where: b.Where, From: b.From, To: b.To, Reason: b.Reason,
		Filed: now, Until: now.Add(keptFor),
	}
	if err := r.Store.PutSubjectRequest(context.WithoutCancel(ctx), s); err != nil {
		return nil, err
	}
	e := policy.Entry{At: now, Kind: "subject_request", Principal: "public", Action: policy.Playback, From: s.From, To: s.To, Detail: "filed " + s.ID}
	if _, err := r.looks.Append(ctx, e); err != nil {
		r.Log.Error("log request of a filmed person", "request", s.ID, "error", err)
	}
	out := &subjectFiledOutput{}
	out.Body.Number, out.Body.Filed, out.Body.Until = s.ID, s.Filed, s.Until
	return out, nil
}

// waiting counts the requests that are neither answered nor lapsed.
func (r *room) waiting() (n int) {
	for _, s := range r.World().SubjectRequests() {
		if s.CustodianApprovedBy == "" && !s.Refused && r.Now().Before(s.Until) {
			n++
		}
	}
	return n
}

// checkSpan says what is wrong with the minutes asked for.
func checkSpan(span shouwang.Span, now time.Time) error {
	switch {
	case span.Empty():
		return shouwang.Errorf(shouwang.CodeBadUsage, "to: write a time after from").At("to", "before_from")
	case span.Duration() > policy.LongestSubjectLook:
		return shouwang.Errorf(shouwang.CodeBadUsage, "to: ask for %d minutes at most", int(policy.LongestSubjectLook.Minutes())).At("to", "too_much")
	case span.To.After(now):
		return shouwang.Errorf(shouwang.CodeBadUsage, "to: what is asked for lies in the future").At("to", "future")
	case now.Sub(span.From) > keptFor:
		return shouwang.Errorf(shouwang.CodeBadUsage, "from: recordings are kept for %d days; this is longer ago", int(keptFor.Hours()/24)).At("from", "gone")
	}
	return nil
}

func plain(text string) bool {
	for _, c := range text {
		if c < 0x20 && c != '\n' || c == 0x7f || c == 0xfffd || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return false
		}
	}
	return true
}
