package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lines decodes JSON Lines.
func lines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q is no JSON: %v", line, err)
		}
		out = append(out, v)
	}
	return out
}

// ok runs a command that must succeed and returns what it prints.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	r := command(t, nil, args...)
	if r.code != 0 {
		t.Fatalf("shouwang %s: exit %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

// TestEveryCommandAnswers calls what the contract names.
func TestEveryCommandAnswers(t *testing.T) {
	if out := ok(t, "version"); !strings.HasPrefix(out, "shouwang ") {
		t.Errorf("version: %q", out)
	}
	help := ok(t, "--help")
	for _, name := range []string{"serve", "analyze", "decide", "check", "camera", "user", "place", "bench", "eval", "version", "healthcheck"} {
		if !strings.Contains(help, "\n  "+name) {
			t.Errorf("--help does not name %s", name)
		}
		ok(t, name, "--help")
	}
}

// TestRegisterFromTheCommandLine adds, lists and removes people and cameras,
// beside a running service that notices.
func TestRegisterFromTheCommandLine(t *testing.T) {
	t.Parallel()
	h := build(t, []cam{{ID: "cam-1", Name: "路口"}}, nil)
	s := h.start(t)
	flags := []string{"--config", h.config, "--data", h.dir}
	with := func(args ...string) []string { return append(args, flags...) }
	ok(t, "healthcheck", "--http", strings.TrimPrefix(s.http, "http://"))

	out := ok(t, with("camera", "add", "cam-2", "--name", "二号", "--main", "rtsp://u:sesame@127.0.0.1:9/x",
		"--place", "grid-9", "--legal-class", "public", "--mount", "public", "--owner", "unit:township", "--sign")...)
	if !strings.Contains(out, "cam-2") {
		t.Errorf("camera add: %q", out)
	}
	list := ok(t, with("camera", "list")...)
	if !strings.Contains(list, "cam-2") || !strings.Contains(list, "rtsp://127.0.0.1:9/x") || strings.Contains(list, "sesame") {
		t.Errorf("camera list: %s", list)
	}
	if n := len(lines(t, ok(t, with("camera", "list", "--json")...))); n != 2 {
		t.Errorf("camera list --json: %d cameras", n)
	}
	if out = ok(t, with("camera", "add", "cam-3", "--push", "--place", "grid-9", "--legal-class", "public", "--mount", "public", "--owner", "unit:township")...); !strings.Contains(out, "publish token of camera cam-3: ") {
		t.Errorf("camera add --push: %q", out)
	}
	refused(t, command(t, nil, with("camera", "add", "Cam 4", "--push", "--place", "grid-9", "--legal-class", "public", "--mount", "public", "--owner", "unit:township")...), 2, "Cam 4")
	refused(t, command(t, nil, with("camera", "add", "cam-4", "--push", "--place", "grid-9", "--legal-class", "resident", "--mount", "public", "--owner", "resident:li")...), 1, "cam-4")
	refused(t, command(t, nil, with("camera", "remove", "cam-9")...), 1, "cam-9")

	chen := h.signIn(t, s, "chen")
	await(t, waitShort, "the running service to know the new camera", func() bool {
		resp, _ := chen.ask(t, "GET", "/api/cameras/cam-2", nil)
		return resp.StatusCode == 200
	})
	ok(t, with("camera", "remove", "cam-2")...)
	await(t, waitShort, "the running service to forget the camera", func() bool {
		resp, _ := chen.ask(t, "GET", "/api/cameras/cam-2", nil)
		return resp.StatusCode == 404
	})

	out = ok(t, with("user", "add", "officer:new", "--name", "新人", "--role", "dispatcher", "--audience", "dispatch-centre", "--jurisdiction", "lingjiao", "--on-duty")...)
	_, first, found := strings.Cut(strings.TrimSpace(out), "first password of new (officer:new): ")
	if !found {
		t.Fatalf("user add: %q", out)
	}
	if got := ok(t, with("user", "list")...); !strings.Contains(got, "officer:new") || strings.Contains(got, "argon2") {
		t.Errorf("user list: %s", got)
	}
	h.passwords["new"] = first
	h.signIn(t, s, "new").must(t, "GET", "/api/cameras", nil, nil)
	s.stop(t)
	h.check(t)
	refused(t, command(t, nil, "healthcheck", "--http", strings.TrimPrefix(s.http, "http://")), 1, "shouwang serve")
}

// TestDecideScenarios asks the worked scenarios of the design, obligations
// included.
func TestDecideScenarios(t *testing.T) {
	dir := filepath.Join(root(t), "..", "shared", "policy")
	f, err := os.Open(filepath.Join(dir, "scenarios.jsonl"))
	if err != nil {
		t.Skip("the worked scenarios are not here: ../shared/policy/scenarios.jsonl")
	}
	defer f.Close()
	type row struct {
		Request json.RawMessage `json:"request"`
		Expect  struct {
			Decision    string   `json:"decision"`
			Obligations []string `json:"obligations"`
		} `json:"expect"`
		Why string `json:"why"`
	}
	var rows []row
	var in strings.Builder
	for scan := bufio.NewScanner(f); scan.Scan(); {
		var r row
		if err := json.Unmarshal(scan.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
		in.Write(r.Request)
		in.WriteByte('\n')
	}
	r := command(t, strings.NewReader(in.String()), "decide", "--world", filepath.Join(dir, "world.json"))
	if r.code != 0 {
		t.Fatalf("decide: exit %d: %s", r.code, r.err)
	}
	answers := lines(t, r.out)
	if len(answers) != len(rows) || len(rows) < 15 {
		t.Fatalf("%d requests, %d answers", len(rows), len(answers))
	}
	for i, want := range rows {
		got := []string{}
		list, _ := answers[i]["obligations"].([]any)
		for _, o := range list {
			got = append(got, o.(map[string]any)["id"].(string))
		}
		slices.Sort(got)
		slices.Sort(want.Expect.Obligations)
		if answers[i]["decision"] != want.Expect.Decision || !slices.Equal(got, want.Expect.Obligations) {
			t.Errorf("scenario %d (%s): %v with %v, want %s with %v", i+1, want.Why, answers[i]["decision"], got, want.Expect.Decision, want.Expect.Obligations)
		}
	}
}

// TestAnalyzeTheStreet runs the pipeline on a painted street, in which it is
// known what happens when.
func TestAnalyzeTheStreet(t *testing.T) {
	t.Parallel()
	s := busy(61)
	out := lines(t, ok(t, "analyze", film(t, s), "--json", "--binary", binary(t, "shouwang-analyzer")))
	last := out[len(out)-1]
	if last["type"] != "summary" {
		t.Fatalf("the last line is no summary: %v", last)
	}
	for _, key := range []string{"video_ms", "access_units", "decoded", "woken", "cpu_ms", "stages", "peak_rss_bytes"} {
		if _, there := last[key]; !there {
			t.Errorf("the summary lacks %s", key)
		}
	}
	if last["access_units"] != 240. || last["decoded"].(float64) < 24 {
		t.Errorf("summary: %v", last)
	}
	events := out[:len(out)-1]
	for _, v := range s.Visits {
		hit := false
		for _, e := range events {
			from, to := e["start_ms"].(float64), e["end_ms"].(float64)
			hit = hit || from < float64((v.Start+v.Lasts).Milliseconds()) && to > float64(v.Start.Milliseconds())
		}
		if !hit {
			t.Errorf("the %s at %s is not found among %d events", v.Kind, v.Start, len(events))
		}
	}
	for _, e := range events {
		for _, key := range []string{"id", "kind", "start_ms", "end_ms", "score", "peak_ms", "box", "track", "label", "label_score", "rule", "zone"} {
			if _, there := e[key]; !there {
				t.Errorf("an event lacks %s: %v", key, e)
			}
		}
		for _, v := range e["box"].([]any) {
			if v := v.(float64); v < 0 || v > 1 {
				t.Errorf("a box is outside of the picture: %v", e["box"])
			}
		}
	}
	every := lines(t, ok(t, "analyze", film(t, s), "--json", "--every-frame", "--policy", "full", "--binary", binary(t, "shouwang-analyzer")))
	seen, masked := 0, 0
	for _, l := range every {
		if l["type"] != "observation" {
			continue
		}
		seen++
		if mask, ok := l["mask_rle"].(string); ok {
			marked := checkMask(t, mask)
			if regions := len(l["regions"].([]any)); marked > 0 && regions == 0 || regions > 0 && marked == 0 {
				t.Errorf("%d regions and %d cells of them: %v", regions, marked, l)
			}
			masked += min(1, marked)
		}
	}
	if masked < 20 {
		t.Errorf("%d observations have a mask of something", masked)
	}
	if seen < 200 {
		t.Errorf("--every-frame printed %d observations of 240 pictures", seen)
	}
	refused(t, command(t, nil, "analyze", "/nowhere.mp4", "--binary", binary(t, "shouwang-analyzer")), 1, "/nowhere.mp4")
	refused(t, command(t, nil, "analyze", film(t, s), "--binary", "/nowhere/shouwang-analyzer"), 1, "/nowhere/shouwang-analyzer")
}

// checkMask reads run lengths ("160x90:5030 4 ...") and returns how many cells
// are marked.
func checkMask(t *testing.T, mask string) (marked int) {
	t.Helper()
	size, runs, _ := strings.Cut(mask, ":")
	var cols, rows, sum int
	if _, err := fmt.Sscanf(size, "%dx%d", &cols, &rows); err != nil {
		t.Fatalf("mask %q: %v", mask, err)
	}
	for i, field := range strings.Fields(runs) {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("mask %q: %v", mask, err)
		}
		if sum += n; i%2 == 1 {
			marked += n
		}
	}
	if sum != cols*rows || sum == 0 {
		t.Errorf("mask of %dx%d has %d cells", cols, rows, sum)
	}
	return marked
}
