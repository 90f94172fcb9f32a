package transparency

import (
	"context"
	"net/http"

	"shouwang/web/front"
)

// Headers are the headers of what anybody may fetch from anywhere: a saved
// verifier page asks from no site at all. Nothing here depends on who asks.
type Headers struct {
	Origin   string `header:"Access-Control-Allow-Origin"`
	Resource string `header:"Cross-Origin-Resource-Policy"`
	Cache    string `header:"Cache-Control"`
}

func open() Headers { return Headers{Origin: "*", Resource: "cross-origin", Cache: "no-cache"} }

type stateOutput struct {
	Headers
	Body State
}

type textOutput struct {
	Headers
	ContentType string `header:"Content-Type"`
	Body        []byte
}

type inclusionInput struct {
	Index uint64 `query:"index" required:"true" doc:"Place of the entry in the log"`
	Size  uint64 `query:"size" doc:"Size of the log to prove it in; that of the present checkpoint when absent"`
}

type consistencyInput struct {
	From uint64 `query:"from" required:"true" doc:"Size of the older log, from 1"`
	To   uint64 `query:"to" doc:"Size of the newer log; that of the present checkpoint when absent"`
}

// Path is a proof of the log: hashes as RFC 6962 orders them.
type Path struct {
	From   uint64   `json:"from,omitempty"`
	Index  uint64   `json:"index"`
	Size   uint64   `json:"size"`
	Hashes [][]byte `json:"hashes" doc:"RFC 6962, 2.1.1 or 2.1.2; each in base64"`
}

type pathOutput struct {
	Headers
	Body Path
}

func (r *room) logRoutes() {
	get := func(id, path, summary string) front.Op {
		return front.Op{ID: id, Method: http.MethodGet, Path: "/api/log" + path, Tag: "log", Summary: summary}
	}
	text := func(o front.Op) front.Op { o.Media = "text/plain"; return o }
	front.Open(r.Front, get("logState", "", "How the access log and its witnesses stand"), r.state)
	front.Open(r.Front, text(get("logKey", "/key", "The log's public key")), r.key)
	front.Open(r.Front, text(get("logCheckpoint", "/checkpoint", "The newest checkpoint that enough witnesses have cosigned, as a signed note (C2SP tlog-checkpoint)")), r.checkpoint)
	front.Open(r.Front, text(get("logNewest", "/checkpoint.newest", "The newest checkpoint, cosigned or not yet")), r.newest)
	front.Open(r.Front, get("proveInclusion", "/proof/inclusion", "That an entry stands in the log"), r.inclusion)
	front.Open(r.Front, get("proveConsistency", "/proof/consistency", "That the log continues an older one"), r.consistency)
}

func (r *room) state(ctx context.Context, _ *struct{}) (*stateOutput, error) {
	s := r.Public.State(ctx)
	if s.Witnesses == nil {
		s.Witnesses = []WitnessState{}
	}
	return &stateOutput{open(), s}, nil
}

func plain(text string) *textOutput {
	return &textOutput{open(), "text/plain; charset=utf-8", []byte(text)}
}

func (r *room) key(context.Context, *struct{}) (*textOutput, error) {
	return plain(r.Public.Key() + "\n"), nil
}

func (r *room) checkpoint(ctx context.Context, _ *struct{}) (*textOutput, error) {
	text, _, err := r.Public.Checkpoint(ctx, false)
	if err != nil {
		return nil, err
	}
	return plain(text), nil
}

func (r *room) newest(ctx context.Context, _ *struct{}) (*textOutput, error) {
	text, _, err := r.Public.Checkpoint(ctx, true)
	if err != nil {
		return nil, err
	}
	return plain(text), nil
}

// size fills in the present checkpoint's where none is asked for.
func (r *room) size(ctx context.Context, asked uint64) (uint64, error) {
	if asked > 0 {
		return asked, nil
	}
	_, size, err := r.Public.Checkpoint(ctx, false)
	return size, err
}

func (r *room) inclusion(ctx context.Context, in *inclusionInput) (*pathOutput, error) {
	size, err := r.size(ctx, in.Size)
	if err != nil {
		return nil, err
	}
	hashes, err := r.Public.Inclusion(ctx, in.Index, size)
	if err != nil {
		return nil, err
	}
	return &pathOutput{open(), Path{Index: in.Index, Size: size, Hashes: some(hashes)}}, nil
}

func (r *room) consistency(ctx context.Context, in *consistencyInput) (*pathOutput, error) {
	to, err := r.size(ctx, in.To)
	if err != nil {
		return nil, err
	}
	hashes, err := r.Public.Consistency(ctx, in.From, to)
	if err != nil {
		return nil, err
	}
	return &pathOutput{open(), Path{From: in.From, Size: to, Hashes: some(hashes)}}, nil
}

// some is the list, never nil, so that JSON says [].
func some(hashes [][]byte) [][]byte {
	if hashes == nil {
		return [][]byte{}
	}
	return hashes
}
