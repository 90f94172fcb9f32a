package gate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"shouwang"
	"shouwang/policy"
)

// maxRequestLine bounds one request of a stream, in bytes.
const maxRequestLine = 1 << 20

// DecideStream reads one request a line from in and writes one decision a
// line to out, in the same order. Empty lines are passed over. A line that
// cannot be read as a request is answered by a denial with reason bad_request
// and the rest goes on; the error returned at the end then says how many there
// were and what the first one lacked (code bad_usage). Each request is judged
// as of its own time.
func DecideStream(ctx context.Context, in io.Reader, out io.Writer, world *policy.World) error {
	gate, err := NewGate(world, time.Now, Options{})
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxRequestLine)
	w := bufio.NewWriter(out)
	bad, first := 0, error(nil)
	for n := 1; lines.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		d, err := gate.decideLine(line)
		if err != nil {
			if bad++; first == nil {
				first = fmt.Errorf("line %d: %w", n, err)
			}
		}
		if err := writeLine(w, &d); err != nil {
			return fmt.Errorf("write decision: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return shouwang.Errorf(shouwang.CodeBadUsage, "read requests: %w", err)
	}
	if bad > 0 {
		return shouwang.Errorf(shouwang.CodeBadUsage, "%d of the requests could not be read; first %w", bad, first)
	}
	return nil
}

func writeLine(w *bufio.Writer, d *policy.Decision) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return err
	}
	return w.Flush() // a program may wait for the answer before it asks on
}

func (g *Gate) decideLine(line []byte) (policy.Decision, error) {
	req, err := policy.ParseRequest(line)
	if err == nil {
		return g.Decide(req), nil
	}
	st := g.now.Load()
	s := &scene{world: st.world, req: &asked{Request: req}}
	d := g.envelope(st, s, &verdict{reasons: []policy.Reason{policy.ReasonBadRequest}})
	d.TextForOfficer += " (" + err.Error() + ")"
	return d, err
}
