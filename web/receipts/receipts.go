// Package receipts is where a resident takes a receipt home: on paper (PDF), as
// a QR code that holds the whole signed text, and as that text. Anybody checks
// it with the public key alone, without asking this service.
package receipts

import (
	"context"
	"net/http"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Paper is a receipt as it was signed, with what a person reads on it.
type Paper struct {
	ID       string
	At       time.Time
	Camera   string // "camera:door-17"
	Consent  string
	State    policy.ConsentState
	Keys     int // destroyed
	Segments int // recordings erased
	Bytes    int64
	Held     []Held
	Signed   string // the signed note
}

// Held is what a hold keeps, and until when.
type Held struct {
	Case  string
	Until time.Time
}

// Store finds a receipt that was given; CodeNotFound where there is none.
type Store interface {
	Paper(ctx context.Context, id string) (Paper, error)
	// PublicKey returns the key that papers are verified with.
	PublicKey() string
}

// Gate says who answers for a camera.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Deps are what the room needs from its neighbours; all are needed.
type Deps struct {
	Store Store
	Gate  Gate
}

type room struct {
	*front.Front
	Deps
}

// Routes returns what registers the room's operations.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, _ *look.Looks) { (&room{f, deps}).routes() }
}

func (r *room) routes() {
	op := func(id, path, summary, media string) front.Op {
		return front.Op{ID: id, Method: http.MethodGet, Path: path, Tag: "my", Summary: summary, Media: media}
	}
	front.Route(r.Front, op("receiptPDF", "/api/my/receipts/{id}/receipt.pdf", "A receipt on paper; /api/my/receipts/ID.pdf is the same", "application/pdf"), front.Residents, r.pdf)
	front.Route(r.Front, op("receiptQR", "/api/my/receipts/{id}/receipt.svg", "A receipt's QR code with the whole signed text; /api/my/receipts/ID.svg is the same", "image/svg+xml"), front.Residents, r.svg)
	front.Route(r.Front, op("receiptNote", "/api/my/receipts/{id}/receipt.txt", "A receipt as the signed text", "text/plain"), front.Residents, r.text)
	front.Open(r.Front, op("papersKey", "/api/papers/key", "The public key that receipts and evidence packages are verified with", "text/plain"), r.key)
}

// Short lets a receipt be asked for as /api/my/receipts/ID.pdf, .svg and .txt,
// which the router cannot express.
func Short(next http.Handler) http.Handler {
	const prefix = "/api/my/receipts/"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, prefix); ok && !strings.Contains(name, "/") {
			for _, kind := range []string{".pdf", ".svg", ".txt"} {
				if id, ok := strings.CutSuffix(name, kind); ok && id != "" {
					r.URL.Path, r.URL.RawPath = prefix+id+"/receipt"+kind, ""
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

type paperInput struct {
	ID   string `path:"id" maxLength:"96"`
	Lang string `query:"lang" enum:"zh-CN,en" doc:"Language of the paper; the browser's when absent"`
}

type fileOutput struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (r *room) key(context.Context, *struct{}) (*fileOutput, error) {
	return &fileOutput{ContentType: "text/plain; charset=utf-8", Body: []byte(r.Store.PublicKey() + "\n")}, nil
}

// paper finds a receipt of the caller's; any other is not found.
func (r *room) paper(ctx context.Context, c *front.Caller, id string) (Paper, *policy.Camera, error) {
	missing := shouwang.Errorf(shouwang.CodeNotFound, "no receipt %q of yours", id)
	p, err := r.Store.Paper(ctx, id)
	if err != nil {
		if shouwang.CodeOf(err) == shouwang.CodeNotFound {
			err = missing
		}
		return p, nil, err
	}
	cam, ok := c.World.Camera(p.Camera)
	if !ok || !c.Knows(cam) || p.Signed == "" {
		return p, nil, missing
	}
	if d := r.Gate.Decide(c.Request(policy.ManageConsent, cam, front.Why{}, r.Now())); !d.Allowed() {
		return p, nil, missing
	}
	return p, cam, nil
}

func (r *room) text(ctx context.Context, c *front.Caller, in *paperInput) (*fileOutput, error) {
	p, _, err := r.paper(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	return file("text/plain; charset=utf-8", p.ID+".txt", []byte(p.Signed)), nil
}

func (r *room) svg(ctx context.Context, c *front.Caller, in *paperInput) (*fileOutput, error) {
	p, _, err := r.paper(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	modules, err := qr(p.Signed)
	if err != nil {
		return nil, err
	}
	return file("image/svg+xml", p.ID+".svg", svgOf(modules)), nil
}

func (r *room) pdf(ctx context.Context, c *front.Caller, in *paperInput) (*fileOutput, error) {
	p, cam, err := r.paper(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	lang := c.Lang
	if in.Lang != "" {
		lang = in.Lang
	}
	page, err := sheet(&p, cam, lang, c.World.Zone(), r.Store.PublicKey())
	if err != nil {
		return nil, err
	}
	return file("application/pdf", p.ID+".pdf", page), nil
}

// file names what the browser saves; ids hold nothing but letters, digits,
// dots and hyphens where they come from this service.
func file(kind, name string, body []byte) *fileOutput {
	clean := strings.Map(func(c rune) rune {
		if c < 0x80 && (c == '.' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return c
		}
		return '_'
	}, name)
	return &fileOutput{ContentType: kind, ContentDisposition: `inline; filename="receipt-` + clean + `"`, Body: body}
}
