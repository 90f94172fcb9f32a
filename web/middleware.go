package web

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"shouwang/web/front"

	"shouwang"
)

// contentPolicy lets a page load and run what this service serves, and
// nothing else: no inline script, no inline style, no other host.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"media-src 'self' blob:; img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; worker-src 'self' blob:; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secured sets the headers that every answer carries.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(self)")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// answerWithin bounds the time to write an answer; streams extend it as they
// go on.
const answerWithin = 60 * time.Second

// watched gives each request an id, a deadline, a line in the log and a place
// in the metrics, and turns a panic into a problem.
func (s *Server) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := front.NewID("q")
		w.Header().Set("X-Request-Id", id)
		// One new request here and none below: the router notes its pattern on it.
		r = r.WithContext(front.WithRequestID(front.Noted(r), id))
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerWithin))
		began := s.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			s.recovered(rec, r, recover())
			s.note(rec, r, s.Now().Sub(began))
		}()
		next.ServeHTTP(rec, r)
	})
}

// recovered answers a request whose handler panicked.
func (s *Server) recovered(w *recorder, r *http.Request, value any) {
	if value == nil {
		return
	}
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(value) // net/http's own way to drop a connection
	}
	s.Log.Error("handler panicked", "request", front.RequestID(r.Context()), "operation", operationOf(r), "panic", value, "stack", string(debug.Stack()))
	if w.status == 0 {
		front.NewProblem(http.StatusInternalServerError, shouwang.CodeInternal, "something went wrong here; the log of the service says what").Write(w)
	}
}

// note logs and counts an answered request by its route: a path may hold an
// invitation's token, a query a case.
func (s *Server) note(w *recorder, r *http.Request, took time.Duration) {
	operation := operationOf(r)
	s.metrics.requests.WithLabelValues(operation, strconv.Itoa(w.status)).Inc()
	if !w.flushed {
		s.metrics.seconds.WithLabelValues(operation).Observe(took.Seconds())
	}
	s.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("id", front.RequestID(r.Context())),
		slog.String("operation", operation), slog.Int("status", w.status), slog.Duration("took", took))
}

// operationOf is the route's pattern, which has few values, never the path.
func operationOf(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// recorder remembers an answer's status.
type recorder struct {
	http.ResponseWriter
	status  int
	flushed bool
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// FlushError implements the flusher that http.ResponseController looks for.
func (w *recorder) FlushError() error {
	w.flushed = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
