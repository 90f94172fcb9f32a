package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
)

const maxRequest = 64 << 10

// ServeHTTP serves add-checkpoint (C2SP tlog-witness), the newest cosigned
// checkpoint of each log at /checkpoint/ID, where ID is the SHA-256 of the
// log's origin in hexadecimal, and at / who the witness is and what it watches.
func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.routes.ServeHTTP(rw, r) }

func (w *Witness) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	mux.HandleFunc("GET /checkpoint/{id}", w.newest)
	mux.HandleFunc("GET /{$}", w.about)
	return mux
}

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxRequest))
	if err != nil {
		http.Error(rw, "the request is too large or was cut off", http.StatusBadRequest)
		return
	}
	line, err := w.Add(body)
	if err == nil {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = rw.Write(line) // the log may be gone
		return
	}
	var c conflict
	if errors.As(err, &c) {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(rw, "%d\n", c.size)
		return
	}
	w.cfg.Log.Warn("a checkpoint was refused", "from", r.RemoteAddr, "reason", err)
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		err = errors.New("the witness cannot remember, so it does not sign: look at its disk")
	}
	http.Error(rw, err.Error(), status)
}

func statusOf(err error) int {
	for known, status := range map[error]int{
		errBadRequest: http.StatusBadRequest, errOldSize: http.StatusBadRequest, errUnknownLog: http.StatusNotFound,
		errSignature: http.StatusForbidden, errProof: http.StatusUnprocessableEntity, errSplit: http.StatusConflict,
	} {
		if errors.Is(err, known) {
			return status
		}
	}
	return http.StatusInternalServerError
}

// newest lets anybody compare what the log shows them with what it showed the
// witness.
func (w *Witness) newest(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Access-Control-Allow-Origin", "*")
	for origin := range w.logs {
		if LogID(origin) == r.PathValue("id") {
			if cp := w.Seen(origin); cp != "" {
				rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
				_, _ = io.WriteString(rw, cp)
				return
			}
		}
	}
	http.Error(rw, "this witness has cosigned nothing of that log", http.StatusNotFound)
}

// LogID is a log's name in the address of its checkpoint.
func LogID(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

func (w *Witness) about(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(rw, "witness %s\nkey %s\n", w.Name(), w.key)
	for _, origin := range slices.Sorted(maps.Keys(w.logs)) {
		_, _ = fmt.Fprintf(rw, "log %s at /checkpoint/%s\n", origin, LogID(origin))
	}
}
