package fronttest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Serve returns a server with the rooms on a kernel of its own, and without
// looks at pictures. It is closed when the test ends.
func Serve(t testing.TB, sessions front.Sessions, world func() *policy.World, now func() time.Time, log *slog.Logger, rooms ...func(*front.Front, *look.Looks)) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	f, err := front.New(humago.New(mux, huma.DefaultConfig("test", "1")), sessions, world, now, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range rooms {
		room(f, nil)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(front.Noted(r)))
	}))
	t.Cleanup(s.Close)
	return s
}
