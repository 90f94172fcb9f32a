package service

import (
	"math"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/analyze/pool"
	"shouwang/cmd/internal/pipeline"
)

// lookTotals adds up what the pipelines that were closed did, so that a camera
// that comes again makes no counter go back.
type lookTotals struct {
	mu sync.Mutex
	sums
}

// sums is what all cameras together were looked at.
type sums struct {
	cascade cascade.Status
	spent   pipeline.Spent
}

func (s *sums) plus(c *cascade.Status, sp pipeline.Spent) {
	t := &s.cascade
	t.Units += c.Units
	t.Chained += c.Chained
	t.Keys += c.Keys
	t.Spared += c.Spared
	t.Refused += c.Refused
	t.Woken += c.Woken
	t.WokenBySize += c.WokenBySize
	t.Useless += c.Useless
	t.Audited += c.Audited
	t.AuditMissed += c.AuditMissed
	s.spent.Decode += sp.Decode
	s.spent.Pixels += sp.Pixels
	s.spent.Tracks += sp.Tracks
}

// add books a pipeline that is about to be closed.
func (l *lookTotals) add(p *pipeline.Pipeline) {
	c := p.Cascade().Status()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plus(&c, p.Spent())
}

// nodeMetrics reads what ingest, analysis and the governor count.
type nodeMetrics struct{ node *node }

// Describe implements prometheus.Collector; what is told depends on the load.
func (nodeMetrics) Describe(chan<- *prometheus.Desc) {}

// emit sends one value under a name, label pairs after it.
type emit func(kind prometheus.ValueType, name, help string, value float64, labels ...string)

// Collect implements prometheus.Collector.
func (m nodeMetrics) Collect(ch chan<- prometheus.Metric) {
	send := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		names, values := []string{}, []string{}
		for i := 0; i+1 < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("shouwang_"+name, help, names, nil), kind, value, values...)
	}
	n := m.node
	n.tellPool(send, n.pool.Stats())
	n.tellSteps(send)
	n.tellLooks(send)
	n.tellIngest(send)
	send(prometheus.GaugeValue, "events_queued", "Events that wait to be stored and told.", float64(n.telling.waiting()))
	send(prometheus.CounterValue, "events_lost_total", "Events that could not be stored.", float64(n.telling.lost.Load()))
}

func (n *node) tellPool(send emit, st pool.Stats) {
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	for outcome, v := range map[string]uint64{"answered": st.Answered, "dropped": st.Dropped, "lost": st.Lost, "superseded": st.Superseded} {
		send(counter, "analysis_units_total", "Access units given to the analyzers, by what became of them.", float64(v), "outcome", outcome)
	}
	other := st.Deaths - min(st.Deaths, st.Stuck+st.Overgrown+st.Greedy+st.Signalled)
	for cause, v := range map[string]uint64{"stuck": st.Stuck, "overgrown": st.Overgrown, "greedy": st.Greedy, "signal": st.Signalled, "crash": other} {
		send(counter, "analysis_deaths_total", "Analyzer processes that ended, by cause.", float64(v), "cause", cause)
	}
	send(counter, "analysis_moves_total", "Cameras moved from one analyzer to another.", float64(st.Moves))
	send(gauge, "analysis_waiting_units", "Access units that wait for an analyzer.", float64(st.Waiting))
	send(gauge, "analysis_sessions", "Streams under analysis.", float64(st.Sessions))
	send(gauge, "analysis_quarantined_cameras", "Cameras shut out because their stream kills analyzers.", float64(len(st.Quarantined)))
	for i, w := range st.Workers {
		worker := strconv.Itoa(i)
		send(gauge, "analysis_worker_streams", "Streams an analyzer has.", float64(w.Streams), "worker", worker)
		send(gauge, "analysis_worker_busy", "Share of a core an analyzer spent on access units.", w.Util, "worker", worker)
		send(gauge, "analysis_worker_backlog_seconds", "CPU time of what waits for an analyzer.", w.Backlog.Seconds(), "worker", worker)
		send(gauge, "analysis_worker_oldest_seconds", "How long the access unit that waits longest has waited.", w.Oldest.Seconds(), "worker", worker)
		send(gauge, "analysis_worker_resident_bytes", "Resident memory of an analyzer.", float64(w.RSS), "worker", worker)
		send(counter, "analysis_worker_cpu_seconds_total", "CPU time of an analyzer.", w.CPU.Seconds(), "worker", worker)
		send(counter, "analysis_worker_restarts_total", "Restarts of an analyzer.", float64(w.Restarts), "worker", worker)
	}
}

func (n *node) tellSteps(send emit) {
	n.steps.mu.Lock()
	defer n.steps.mu.Unlock()
	for _, s := range cascade.Steps {
		send(prometheus.GaugeValue, "shed_cameras", "Cameras at each step of the shedding order.", float64(n.steps.cameras[s]), "step", s.String())
		send(prometheus.CounterValue, "shed_changes_total", "Cameras brought to a step of the shedding order.", float64(n.steps.changes[s]), "step", s.String())
	}
	for i, w := range n.steps.workers {
		worker, budget := strconv.Itoa(i), w.Budget
		if math.IsInf(budget, 1) {
			budget = -1
		}
		send(prometheus.GaugeValue, "shed_budget_cores", "Cores that an analyzer's cameras may take; -1 while nothing is cut.", budget, "worker", worker)
		send(prometheus.GaugeValue, "shed_wanted_cores", "Cores that its cameras would take uncut, as measured.", w.Wanted, "worker", worker)
		send(prometheus.GaugeValue, "shed_late_seconds", "How late an analyzer is.", w.Late, "worker", worker)
	}
}

func (n *node) tellLooks(send emit) {
	const counter = prometheus.CounterValue
	n.looks.mu.Lock()
	all := n.looks.sums
	n.looks.mu.Unlock()
	policies := map[cascade.Policy]int{cascade.Full: 0, cascade.Track: 0, cascade.Presence: 0}
	awake := 0
	for _, p := range n.pipelines() {
		c := p.Cascade().Status()
		all.plus(&c, p.Spent())
		policies[c.Policy]++
		if c.Awake {
			awake++
		}
	}
	for p, v := range policies {
		if p != cascade.Auto {
			send(prometheus.GaugeValue, "analysis_cameras", "Cameras looked at, by policy in force.", float64(v), "policy", string(p))
		}
	}
	send(prometheus.GaugeValue, "analysis_awake_cameras", "Cameras of which every picture is decoded now.", float64(awake))
	c := &all.cascade
	for way, v := range map[string]uint64{"chain": c.Chained, "key": c.Keys, "spared": c.Spared, "refused": c.Refused} {
		send(counter, "cascade_units_total", "Access units by what the cascade did: decoded in a chain, as a key frame by itself, passed over under load, refused for want of room.", float64(v), "way", way)
	}
	send(counter, "cascade_seen_total", "Access units that the cascade saw.", float64(c.Units))
	for cause, v := range map[string]uint64{"key": c.Woken - min(c.Woken, c.WokenBySize), "size": c.WokenBySize} {
		send(counter, "cascade_wakes_total", "Wakes, by what caused them.", float64(v), "cause", cause)
	}
	send(counter, "cascade_useless_wakes_total", "Wakes that came to nothing.", float64(c.Useless))
	send(counter, "audit_events_total", "Events of cameras under audit.", float64(c.Audited))
	send(counter, "audit_missed_total", "Of those, events that key frames alone would not have shown.", float64(c.AuditMissed))
	for stage, v := range map[string]float64{"decode": all.spent.Decode.Seconds(), "pixels": all.spent.Pixels.Seconds(), "tracks": all.spent.Tracks.Seconds()} {
		send(counter, "analysis_stage_seconds_total", "Time that a stage of analysis took.", v, "stage", stage)
	}
}

// pipelines returns what looks at cameras now.
func (n *node) pipelines() []*pipeline.Pipeline {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]*pipeline.Pipeline, 0, len(n.works))
	for _, w := range n.works {
		if p := w.sight.pipeline(); p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (n *node) tellIngest(send emit) {
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	states := map[shouwang.LinkState]int{}
	var units, bytes, lost, reconnects uint64
	for _, s := range n.manager.Status() {
		states[s.State]++
		units += s.Units
		bytes += s.Bytes
		lost += s.Lost
		reconnects += s.Reconnects
	}
	for _, s := range []shouwang.LinkState{
		shouwang.LinkIdle, shouwang.LinkConnecting, shouwang.LinkLive, shouwang.LinkStalled, shouwang.LinkBackoff, shouwang.LinkRefused,
	} {
		send(gauge, "ingest_streams", "Streams by state of their connection.", float64(states[s]), "state", string(s))
	}
	send(counter, "ingest_units_total", "Access units received.", float64(units))
	send(counter, "ingest_bytes_total", "Bytes of access units received.", float64(bytes))
	send(counter, "ingest_lost_total", "Pictures known to be missing.", float64(lost))
	send(counter, "ingest_reconnects_total", "Sessions that ended and were tried again.", float64(reconnects))
	t := n.manager.Totals()
	send(gauge, "ingest_history_bytes", "Access units held in memory for pre-roll.", float64(t.HistoryBytes))
	for name, r := range t.Readers {
		send(gauge, "reader_queued_units", "Access units that wait for a reader.", float64(r.Queued), "reader", name)
		send(counter, "reader_skipped_total", "Access units that a reader had no room for.", float64(r.Skipped), "reader", name)
		send(counter, "reader_overflows_total", "How often that began.", float64(r.Overflows), "reader", name)
	}
}
