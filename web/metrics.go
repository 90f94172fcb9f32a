package web

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are this room's counters. Their labels have few values, and none of
// them names a person or a camera.
type metrics struct {
	registry *prometheus.Registry
	looks    *prometheus.CounterVec
	denials  *prometheus.CounterVec
	ended    *prometheus.CounterVec
	bytesOut *prometheus.CounterVec
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(registry *prometheus.Registry, s *Server) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry: registry,
		looks:    counter("shouwang_web_looks_total", "Looks whose audit entry is durable.", "action"),
		denials:  counter("shouwang_web_denials_total", "Looks that were denied.", "action"),
		ended:    counter("shouwang_web_views_ended_total", "Live views ended by the service.", "reason"),
		bytesOut: counter("shouwang_web_picture_bytes_total", "Bytes of picture that left.", "action"),
		requests: counter("shouwang_web_requests_total", "HTTP requests.", "operation", "status"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shouwang_web_request_seconds", Help: "Time to answer, streams excluded.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
		}, []string{"operation"}),
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	registry.MustRegister(m.looks, m.denials, m.ended, m.bytesOut, m.requests, m.seconds,
		gauge("shouwang_web_views", "Live views open now.", func() float64 { return float64(len(s.tickets.list(""))) }),
		gauge("shouwang_web_renderings", "Cameras decoded and drawn over for viewers now.", func() float64 { n, _, _ := s.feeds.Renderings(); return float64(n) }),
		gauge("shouwang_web_encodings", "Marks under which those are encoded now.", func() float64 { _, n, _ := s.feeds.Renderings(); return float64(n) }),
		gauge("shouwang_web_copies_bytes", "Viewing copies held in memory.", func() float64 { return float64(s.copies.size()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "shouwang_web_view_skips_total", Help: "Pictures not sent to a viewer that was too slow.",
		}, func() float64 { return float64(s.feeds.Dropped()) }),
	)
	return m
}
