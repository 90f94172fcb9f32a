package ingest

// Totals are the hubs' counters added up; those of readers by their name, over
// readers that are there now.
type Totals struct {
	HistoryUnits int
	HistoryBytes int64
	Readers      map[string]ReaderStats
}

// Totals adds up what all hubs hold and what their readers were given.
func (m *Manager) Totals() Totals {
	t := Totals{Readers: map[string]ReaderStats{}}
	for _, l := range m.links() {
		s := l.hub.Stats()
		t.HistoryUnits += s.HistoryUnits
		t.HistoryBytes += s.HistoryBytes
		for _, r := range s.Readers {
			sum := t.Readers[r.Name]
			sum.Name = r.Name
			sum.Delivered += r.Delivered
			sum.Skipped += r.Skipped
			sum.SkippedSize += r.SkippedSize
			sum.Overflows += r.Overflows
			sum.Queued += r.Queued
			sum.QueuedBytes += r.QueuedBytes
			t.Readers[r.Name] = sum
		}
	}
	return t
}
