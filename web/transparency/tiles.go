package transparency

import (
	"context"
	"net/http"
	"regexp"

	"github.com/danielgtaylor/huma/v2"

	"shouwang"
	"shouwang/web/front"
)

// tilePath is what C2SP tlog-tiles calls <L>/<N>[.p/<W>] and entries/<N>[.p/<W>]:
// nothing else is ever looked for on disk.
var tilePath = regexp.MustCompile(`^(entries|[0-9]|[1-5][0-9]|6[0-3])(/x[0-9]{3}){0,5}/[0-9]{3}(\.p/([1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5]))?$`)

type tileInput struct {
	Path string `path:"path" maxLength:"64"`
}

// tileRoutes serves the log's files so that anybody can mirror the whole log.
// They are left out of the API's description, which has no word for a path of
// several parts; docs/security/transparency.md describes them.
func (r *room) tileRoutes() {
	huma.Register(r.API, huma.Operation{
		OperationID: "logTile", Method: http.MethodGet, Path: "/api/log/tile/{path...}", Hidden: true,
	}, func(_ context.Context, in *tileInput) (*textOutput, error) {
		out, err := r.tile(in.Path)
		if err != nil {
			return nil, front.ProblemOf(err)
		}
		return out, nil
	})
}

func (r *room) tile(path string) (*textOutput, error) {
	if !tilePath.MatchString(path) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no such file of the log: paths are those of C2SP tlog-tiles")
	}
	raw, err := r.Public.File(path)
	if err != nil {
		return nil, err
	}
	headers := open()
	headers.Cache = "public, max-age=31536000, immutable"
	return &textOutput{headers, "application/octet-stream", raw}, nil
}
