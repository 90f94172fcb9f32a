package bench

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang/analyze/cascade"
)

// sample is what the service's own metrics say at a moment, and what the kernel
// says of its processes.
type sample struct {
	at       time.Time
	values   map[string]float64 // name{label values}
	service  time.Duration      // CPU time
	analyzer time.Duration
	cameras  time.Duration // of the process that plays them
	memory   int64         // resident bytes, all processes
	private  int64         // of them the service's
	busy     time.Duration // CPU time of all programs on the machine
	files    int
}

// take reads everything once; player is the process of the cameras, 0 for none.
func take(metrics *prometheus.Registry, player int) (*sample, error) {
	s := &sample{at: time.Now(), values: map[string]float64{}, service: self(), private: resident(), busy: machineTime()}
	if player > 0 {
		s.cameras = cpuOf(player)
	}
	families, err := metrics.Gather()
	if err != nil {
		return nil, fmt.Errorf("read the service's metrics: %w", err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "shouwang_")
			for _, l := range m.GetLabel() {
				name += "," + l.GetValue()
			}
			v := m.GetGauge().GetValue()
			if m.GetCounter() != nil {
				v = m.GetCounter().GetValue()
			}
			s.values[name] = v
		}
	}
	s.memory = s.private
	for name, v := range s.values {
		switch {
		case strings.HasPrefix(name, "analysis_worker_cpu_seconds_total,"):
			s.analyzer += time.Duration(v * float64(time.Second))
		case strings.HasPrefix(name, "analysis_worker_resident_bytes,"):
			s.memory += int64(v)
		}
	}
	if list, err := os.ReadDir("/proc/self/fd"); err == nil {
		s.files = len(list)
	}
	return s, nil
}

// machineTime is the CPU time that all programs of the machine have used, 0
// where the kernel does not say.
func machineTime() (d time.Duration) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i == 4 || i == 5 || i > 7 { // the name, idle, waiting for a disk, others' machines
			continue
		}
		n, _ := strconv.ParseInt(field, 10, 64)
		d += time.Duration(n) * (time.Second / 100)
	}
	return d
}

// others is how many cores programs other than the service, its analyzers and
// the cameras' took between two samples.
func (s *sample) others(before *sample) float64 {
	took := s.busy - before.busy - (s.service - before.service) - (s.analyzer - before.analyzer) - (s.cameras - before.cameras)
	return max(0, took.Seconds()/s.at.Sub(before.at).Seconds())
}

// worst is the highest value of a metric over its labels.
func (s *sample) worst(name string) (v float64) {
	for k, x := range s.values {
		if strings.HasPrefix(k, name+",") {
			v = max(v, x)
		}
	}
	return v
}

// steps lists the cameras at each step of the shedding order.
func (s *sample) steps() string {
	var out []string
	for _, step := range cascade.Steps {
		out = append(out, strconv.Itoa(int(s.values["shed_cameras,"+step.String()])))
	}
	return strings.Join(out, "/")
}

const sampleHead = "  time  live  pictures/s  decoded  awake  CPU service+analyzers  waiting  oldest  late  none/audit/presence/sparse/rare  skipped  memory  events  goroutines  files"

// line prints what happened between two samples.
func (s *sample) line(out io.Writer, before *sample, since time.Time, found uint64) {
	dt := s.at.Sub(before.at).Seconds()
	per := func(name string) float64 { return (s.values[name] - before.values[name]) / dt }
	seen := per("cascade_seen_total")
	decoded := per("cascade_units_total,chain") + per("cascade_units_total,key")
	if seen <= 0 {
		seen = 1
	}
	skipped := s.values["reader_skipped_total,recorder"] + s.values["reader_skipped_total,analysis"]
	fmt.Fprintf(out, "%5.0fs %5.0f %11.0f %7.1f%% %6.0f %12.2f + %.2f cores %8.0f %6.1fs %4.1fs  %-32s %8.0f %5.2f GB %7d %11d %6d\n",
		s.at.Sub(since).Seconds(), s.values["ingest_streams,live"], per("ingest_units_total"), 100*decoded/seen, s.values["analysis_awake_cameras"],
		(s.service-before.service).Seconds()/dt, (s.analyzer-before.analyzer).Seconds()/dt, s.values["analysis_waiting_units"],
		s.worst("analysis_worker_oldest_seconds"), s.worst("shed_late_seconds"), s.steps(), skipped, float64(s.memory)/1e9, found, runtime.NumGoroutine(), s.files)
}
