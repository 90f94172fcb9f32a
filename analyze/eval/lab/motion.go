package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"shouwang/analyze/eval"
	"shouwang/analyze/eval/composite"
)

// MotionScore is what Debian's motion found with its defaults.
type MotionScore struct {
	Encoding              string
	Events, Found         int
	Counted, CountedFound int
	False                 int
	Quiet                 time.Duration
}

const (
	// motionGap is after how long without motion it ends an event; its default
	// of a minute would make one event of a film.
	motionGap = 2 * time.Second
	// motionSlack is allowed for on both sides: it plays a film at about the
	// film's own pace and tells no time within it, and the end of the film, by
	// which its clock is set, to the second.
	motionSlack = 2 * time.Second
	// motionPatience is how many times the film's length it may take to play it.
	motionPatience = 2
)

// Motion lets Debian's motion look at every film in the first encoding, all at
// once, at the films' own pace: minutes. It tells no places, so that any event
// at the right time counts as found, which is in its favour. ok is false
// where it is not installed.
func Motion(ctx context.Context, o Options) (score MotionScore, ok bool, err error) {
	binary, err := exec.LookPath("motion")
	if err != nil {
		return score, false, nil
	}
	score.Encoding = o.Encodings[0].Name
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, f := range o.Films {
		paths, encodeErr := f.Encode(ctx, o.Cache, o.Encodings[:1])
		if encodeErr != nil {
			return score, true, encodeErr
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			found, filmErr := motionFilm(ctx, binary, paths[0], f.Truth(paths[0]))
			mu.Lock()
			defer mu.Unlock()
			if filmErr != nil {
				err = fmt.Errorf("let motion look at %s: %w", f.Title(), filmErr)
				return
			}
			score.add(f, o.Encodings[0], f.Truth(paths[0]), found)
		}()
	}
	wg.Wait()
	return score, true, err
}

func (s *MotionScore) add(f Source, e composite.Encoding, truth eval.Clip, found []eval.Found) {
	truth.Tolerance = motionSlack
	c := eval.Compare(truth, found)
	s.False, s.Quiet = s.False+len(c.False), s.Quiet+c.Quiet
	for _, l := range truth.Events {
		ev := Event{Film: f.Title(), GOP: e.GOP, Truth: l}
		hit := false
		for i := range found {
			hit = hit || l.Meets(&found[i], truth.Tolerance)
		}
		s.Events++
		if ev.Counted() {
			s.Counted++
		}
		if hit {
			s.Found++
			if ev.Counted() {
				s.CountedFound++
			}
		}
	}
}

// motionFilm lets one process of motion look at one film.
func motionFilm(ctx context.Context, binary, path string, truth eval.Clip) ([]eval.Found, error) {
	folder, err := os.MkdirTemp("", "eval-motion-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	film := filepath.Join(folder, "film.mp4")
	rate := strconv.Itoa(composite.FPS)
	if out, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-r", rate, "-f", "h264", "-i", path, "-c", "copy", film).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	config := filepath.Join(folder, "motion.conf")
	if err := os.WriteFile(config, []byte(motionConfig(folder, film)), 0o600); err != nil {
		return nil, err
	}
	lasts := time.Duration(truth.Frames) * time.Second / time.Duration(max(1, truth.FPS))
	ctx, cancel := context.WithTimeout(ctx, motionPatience*lasts)
	defer cancel()
	log := filepath.Join(folder, "log")
	cmd := exec.CommandContext(ctx, binary, "-n", "-c", config)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	took, err := motionPlayed(ctx, log, began)
	cancel()
	_ = cmd.Wait() // it was killed: it would play the film again
	if err != nil {
		return nil, err
	}
	events, err := os.Open(filepath.Join(folder, "events"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer events.Close()
	return motionEvents(events, began, took, lasts), nil
}

// motionPlayed waits until the log says that the film has ended and returns how
// long it took to play.
func motionPlayed(ctx context.Context, log string, began time.Time) (time.Duration, error) {
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			raw, _ := os.ReadFile(log)
			return 0, fmt.Errorf("motion has not played it to its end: %s", raw[max(0, len(raw)-300):])
		case <-again.C:
		}
		if raw, _ := os.ReadFile(log); strings.Contains(string(raw), "Reconnecting with camera") {
			return time.Since(began), nil
		}
	}
}

// motionConfig is motion's default but for what says where the film is and how
// events are told.
func motionConfig(folder, film string) string {
	tell := func(what string) string {
		return fmt.Sprintf(`sh -c "date +'%s %%%%s.%%%%N' >> %s/events"`, what, folder)
	}
	return strings.Join([]string{
		"daemon off", "setup_mode off", "log_level 6", "log_file " + folder + "/log", "target_dir " + folder,
		"netcam_url file://" + film, fmt.Sprintf("netcam_params capture_rate=%d", composite.FPS),
		fmt.Sprintf("width %d", composite.Width), fmt.Sprintf("height %d", composite.Height), fmt.Sprintf("framerate %d", composite.FPS),
		"picture_output off", "movie_output off", "webcontrol_port 0", "stream_port 0", fmt.Sprintf("event_gap %.0f", motionGap.Seconds()),
		"on_event_start " + tell("start"), "on_event_end " + tell("end"), "",
	}, "\n")
}

// motionEvents reads "start" and "end" with wall seconds; an end is told a gap
// after the last motion. The film took that long to play and lasts so long.
func motionEvents(r io.Reader, began time.Time, took, lasts time.Duration) []eval.Found {
	var out []eval.Found
	open := false
	for lines := bufio.NewScanner(r); lines.Scan(); {
		what, at, _ := strings.Cut(lines.Text(), " ")
		wall, err := strconv.ParseFloat(at, 64)
		if err != nil {
			continue
		}
		t := time.Duration(wall*1e9) - time.Duration(began.UnixNano())
		if what == "end" {
			t -= motionGap
		}
		t = time.Duration(float64(t) * float64(lasts) / float64(took))
		switch {
		case what == "start":
			out = append(out, eval.Found{From: t, To: lasts, Told: t, Score: 1, Kind: "motion"})
			open = true
		case open:
			out[len(out)-1].To = max(out[len(out)-1].From, t)
			open = false
		}
	}
	return out
}

// ReportMotion prints what Debian's motion found beside what ours did in the
// same encoding, or that it is not installed.
func ReportMotion(ctx context.Context, w io.Writer, o Options, runs []Run) error {
	o.Say("letting Debian's motion look at the films, at their own pace")
	m, ok, err := Motion(ctx, o)
	if err != nil {
		return err
	}
	if !ok {
		_, err := fmt.Fprintln(w, "\nDebian's motion is not installed (apt-get install motion): it is not compared.")
		return err
	}
	var all []Event
	for _, r := range runs {
		if r.Encoding == m.Encoding {
			all = append(all, r.Events...)
		}
	}
	ours := func(e *Event) bool { return e.Found[Auto] }
	_, err = fmt.Fprintf(w, "\nDebian's motion, its defaults, %s alone: counted %s, all %s, %d false events (%.1f an hour); ours, the cascade: counted %s, all %s\n",
		m.Encoding, share(m.CountedFound, m.Counted), share(m.Found, m.Events), m.False, float64(m.False)/m.Quiet.Hours(),
		share(count(all, func(e *Event) bool { return e.Counted() && ours(e) }), count(all, (*Event).Counted)), share(count(all, ours), len(all)))
	return err
}
