package health

import "slices"

// lowDisk is how many times the reserve must be free for the disk not to be
// called low: at a few megabits a camera it leaves a day or so to act.
const lowDisk = 3

// Find says what is wrong in the facts, the most pressing first; unread is the
// error of whoever gathered them.
func Find(f SystemFacts, unread error) []Trouble {
	out := []Trouble{}
	add := func(wrong bool, code string, level Level, more ...func(*Trouble)) {
		if wrong {
			found := Trouble{Code: code, Level: level}
			for _, m := range more {
				m(&found)
			}
			out = append(out, found)
		}
	}
	count := func(n int) func(*Trouble) { return func(f *Trouble) { f.Count = n } }
	add(unread != nil, FactsUnreadable, Warn)
	d := f.Storage.Disk
	add(d.Total > 0 && d.Free < d.Reserve, DiskFull, Bad)
	add(d.Total > 0 && d.Free >= d.Reserve && d.Free < lowDisk*d.Reserve, DiskLow, Warn)
	add(f.Storage.Away != "", BucketAway, Bad)
	add(f.Keys.Away != "", KeysAway, Bad)
	add(f.Log.Failing != "", LogFailing, Bad)
	out = append(out, witnesses(f.Log)...)
	shed := 0
	for _, s := range f.Analysis.Steps {
		if s.Step != "none" {
			shed += s.Cameras
		}
	}
	add(shed > 0, Shedding, Warn, count(shed))
	for _, b := range f.Barred {
		add(true, CameraBarred, Warn, func(x *Trouble) { x.Subject, x.Since = b.Name, b.Since })
	}
	add(f.Offline > 0, CamerasOffline, Warn, count(f.Offline))
	add(f.Analysis.Deaths > 0, AnalyzersCrash, Warn, count(int(f.Analysis.Deaths)))
	for _, q := range f.Queues {
		add(q.Name == "events" && q.Lost > 0, EventsLost, Bad, count(int(q.Lost)))
	}
	add(f.Notices.Late, NoticesWaiting, Warn, count(f.Notices.Waiting))
	add(f.Notices.Lost > 0, NoticesLost, Warn, count(f.Notices.Lost))
	slices.SortStableFunc(out, func(a, b Trouble) int { return rank(a.Level) - rank(b.Level) })
	return out
}

func rank(l Level) int {
	if l == Bad {
		return 0
	}
	return 1
}

// witnesses says which of them are missing, and whether too few are left.
func witnesses(l LogFacts) (out []Trouble) {
	there := 0
	for _, w := range l.Witnesses {
		switch {
		case w.Refuses:
			out = append(out, Trouble{Code: WitnessRefuses, Level: Bad, Subject: w.Name, Since: w.Since})
		case w.Away:
			out = append(out, Trouble{Code: WitnessAway, Level: Warn, Subject: w.Name, Since: w.Since})
		default:
			there++
		}
	}
	if there < l.Quorum {
		out = append(out, Trouble{Code: NoQuorum, Level: Bad, Count: l.Quorum - there})
	}
	return out
}
