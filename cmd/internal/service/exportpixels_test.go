package service

import (
	"archive/zip"
	"bytes"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/pool"
	"shouwang/policy"
	"shouwang/storage"
	"shouwang/storage/evidence"
	"shouwang/storage/mp4"
	"shouwang/web/export"
	"shouwang/web/watch"
)

// The film of the test: a chequered yard, five pictures a second, through which
// somebody in a finer check walks from second 12 to second 28.
const (
	yardWide, yardHigh = 640, 360
	yardFPS, yardLasts = 5, 30
	walkFrom, walkTo   = 12, 28
)

// walkerAt is the walker's upper left corner at a second of the film; they have
// 40x100 pixels.
func walkerAt(at float64) (x, y int) { return 20 + int((at-walkFrom)*33), 200 }

// yardMask covers 160x126 pixels at 448,36.
var yardMask = shouwang.Polygon{{.70, .10}, {.95, .10}, {.95, .45}, {.70, .45}}

// yard makes the film with a real encoder.
func yard(t *testing.T) []*shouwang.AccessUnit {
	t.Helper()
	still := func(size, luma string) string {
		return "nullsrc=s=" + size + ":r=5:d=0.2,format=yuv420p,geq=lum='" + luma + "':cb=118:cr=140,loop=-1:1,trim=duration=30,setpts=N/5/TB"
	}
	return cliptest.Make(t, cliptest.Spec{
		Codec: shouwang.CodecH264, FPS: yardFPS, Args: []string{"-r", "5", "-g", "5", "-crf", "18"},
		Source: still("640x360", `90+40*mod(floor(X/16)+floor(Y/16)\,2)`) + "[yard];" + still("40x100", `20+215*mod(floor(X/4)+floor(Y/4)\,2)`) + "[who];" +
			`[yard][who]overlay=x='if(between(t\,12\,28)\,20+floor((t-12)*33)\,-100)':y=200`,
	})
}

// keep records the film an hour ago.
func (e *estate) keep(camera shouwang.CameraID, units []*shouwang.AccessUnit) *storage.Segment {
	params := *units[0].Params
	params.Width, params.Height = yardWide, yardHigh
	var pieces []mp4.Piece
	for i, au := range units {
		at := shouwang.MediaTime(i) * shouwang.MediaRate / yardFPS
		pieces = append(pieces, mp4.Piece{Data: au.Data, DTS: at, PTS: at, Duration: shouwang.MediaRate / yardFPS, Key: au.Key})
	}
	return e.recorded(camera, time.Now().Add(-time.Hour).Truncate(time.Second), &params, pieces)
}

// analyzers runs the real analyzer of bin/.
func analyzers(t *testing.T) *pool.Pool {
	t.Helper()
	dir := os.Getenv("SHOUWANG_BIN")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "bin")
	}
	path, err := filepath.Abs(filepath.Join(dir, "shouwang-analyzer"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil && os.Getenv("SHOUWANG_CI") == "1" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("skipped: no analyzer to render with; run make build:", err)
	}
	p, err := pool.New(t.Context(), pool.Config{Binary: path, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// packed has a stretch exported in a form that somebody approved, and returns the
// film out of the package, which must verify.
func (e *estate) packed(store exportStore, row *storage.Segment, form export.Form) []byte {
	e.t.Helper()
	ctx, id := e.t.Context(), "ap-"+string(form)
	_, err := e.approvals.Change(ctx, id, func(*policy.Approval) (*policy.Approval, error) {
		return &policy.Approval{
			ID: id, State: policy.ApprovalGiven, Requester: "officer:asks", Approver: "officer:boss", Action: policy.Export, Form: form, Camera: "camera:yard",
			From: row.From, To: row.To, Purpose: "public_safety", Case: "case-1", Asked: time.Now(), Answered: time.Now().Add(-time.Second), Expires: time.Now().Add(time.Hour), Uses: 1,
		}, nil
	})
	e.must(err)
	req := e.playback("yard", row.Span)
	req.Action, req.SecondFactorAge, req.Approval, req.Form = policy.Export, 10, id, form
	d, grant := e.node.gate.Look(req)
	if !d.Allowed() {
		e.t.Fatalf("%s: %v", form, d.Reasons)
	}
	cam, _ := e.node.gate.World().Camera("camera:yard")
	j := &export.Job{ID: "ex-" + string(form), Made: time.Now(), Camera: cam, Span: row.Span, Request: req, Decision: d, Grant: grant, Reason: "theft", Recipient: "court", Form: form}
	j.Veil = watch.Options{Camera: "yard", Masks: []shouwang.Polygon{yardMask}, BlurPeople: true, BlurPlates: true, Watermark: j.ID + " case-1"}
	j.LogEntry, err = e.ledger.Append(ctx, policy.NewEntry("export", time.Now(), e.node.gate.World(), req, d))
	e.must(err)
	var out bytes.Buffer
	e.must(store.Pack(ctx, &out, j))
	m, err := evidence.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), e.notary.Key())
	e.must(err)
	if m.Form != string(form) || m.Files[0].Name != evidence.Video {
		e.t.Errorf("the manifest says %+v", m)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	e.must(err)
	f, err := z.Open(evidence.Video)
	e.must(err)
	defer f.Close()
	film, err := io.ReadAll(f)
	e.must(err)
	return film
}

// lumas decodes a film; each picture is its luma, row by row.
func lumas(t *testing.T, film []byte) (out [][]byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, film, 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-v", "error", "-i", path, "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-").Output()
	if err != nil || len(raw) == 0 || len(raw)%(yardWide*yardHigh) != 0 {
		t.Fatalf("decode %d bytes: %d bytes of pictures, %v", len(film), len(raw), err)
	}
	for ; len(raw) > 0; raw = raw[yardWide*yardHigh:] {
		out = append(out, raw[:yardWide*yardHigh])
	}
	return out
}

// fine is the mean step between neighbours in a rectangle, spread the difference
// of the lightest and the darkest in it.
func fine(pic []byte, x0, y0, x1, y1 int) (fine float64, spread int) {
	sum, lo, hi := 0, 255, 0
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			a, b := int(pic[y*yardWide+x]), int(pic[y*yardWide+x+1])
			sum += max(a-b, b-a)
			lo, hi = min(lo, a), max(hi, a)
		}
	}
	return float64(sum) / float64((x1-x0)*(y1-y0)), hi - lo
}

// masked is which part of a rectangle has one and the same luma (the letters of
// the mark lie over the rest), and by how much what was light there is lighter than
// what was dark: nothing, if nothing shines through.
func masked(was, is []byte, x0, y0, x1, y1 int) (flat, trace float64) {
	var before, after []byte
	for y := y0; y < y1; y++ {
		before, after = append(before, was[y*yardWide+x0:y*yardWide+x1]...), append(after, is[y*yardWide+x0:y*yardWide+x1]...)
	}
	usual, middle := median(after), median(before)
	var sum, n [2]float64
	for i, v := range after {
		light := 0
		if int(before[i]) > middle {
			light = 1
		}
		sum[light], n[light] = sum[light]+float64(v), n[light]+1
		if d := int(v) - usual; max(d, -d) <= 6 {
			flat++
		}
	}
	return flat / float64(len(after)), math.Abs(sum[1]/n[1] - sum[0]/n[0])
}

func median(list []byte) int {
	sorted := slices.Sorted(slices.Values(list))
	return int(sorted[len(sorted)/2])
}

// TestWhatLeavesInAPackage exports one recording in both forms, each as it was
// approved, through the real gate, keys, bucket and analyzer, and looks at the
// pictures of the films in the packages.
func TestWhatLeavesInAPackage(t *testing.T) {
	units := yard(t)
	e := newEstate(t)
	e.camera("yard")
	row := e.keep("yard", units)
	stored := e.object(row)
	store := exportStore{holdStore{e.node, e.eraser}, footage{archive: e.node.archive, recorder: e.node.recorder}, e.ledger, e.notary, renderer{analyzers(t)}}

	original := e.packed(store, row, export.Original)
	var sent []byte
	for _, au := range units {
		sent = append(sent, au.Data...)
	}
	if !bytes.Contains(original, sent) {
		t.Error("the original is not bit for bit what was recorded")
	}
	veiled := e.packed(store, row, export.Veiled)
	if !bytes.Equal(e.object(row), stored) {
		t.Error("what is stored was touched")
	}
	judgeVeiled(t, lumas(t, original), lumas(t, veiled))
}

func judgeVeiled(t *testing.T, was, is [][]byte) {
	t.Helper()
	if len(was) != yardFPS*yardLasts || len(is) != len(was) {
		t.Fatalf("%d pictures of %d", len(is), len(was))
	}
	walks, seen, most := 0, 0, 0.
	for i, pic := range is {
		if flat, trace := masked(was[i], pic, 452, 40, 602, 158); flat < .75 || trace > 2 {
			t.Fatalf("picture %d: under the mask %.0f %% are flat, and the yard's light and dark differ by %.1f", i, 100*flat, trace)
		}
		// A scene that is known is shown, from the first picture on.
		open, _ := fine(pic, 20, 90, 420, 150)
		if whole, _ := fine(was[i], 20, 90, 420, 150); open < whole/2 {
			t.Fatalf("picture %d: the yard is hidden as well: detail %.2f of %.2f", i, open, whole)
		}
		if _, spread := fine(pic, 4, yardHigh-15, 200, yardHigh-2); spread < 120 {
			t.Fatalf("picture %d: the mark at the bottom has a contrast of %d", i, spread)
		}
		if at := float64(i) / yardFPS; at > walkFrom+2 && at < walkTo-2 { // whole in the picture
			x, y := walkerAt(at)
			there, _ := fine(was[i], x, y, x+39, y+99)
			left, _ := fine(pic, x, y, x+39, y+99)
			if there < 30 {
				t.Fatalf("picture %d: nobody walks at %d: detail %.1f", i, x, there)
			}
			most = max(most, left/there)
			if walks++; left > there*.25 {
				seen++
			}
		}
	}
	t.Logf("the walker can be made out in %d of %d pictures; the most of their detail that is left is %.2f", seen, walks, most)
	if seen > 0 || walks < 55 {
		t.Errorf("the walker can be made out in %d of %d pictures", seen, walks)
	}
}
