package recorder

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
)

// due is what the session owes: recording is wanted without a break from a
// moment on, and this is why a break, if there is one, came about.
type due struct {
	from   time.Time // up to here all is recorded or stated; zero: nothing is owed
	cause  shouwang.GapCause
	detail string
	stated bool // a row with this cause exists already
}

// blame notes a cause for the break that may follow; the first stands.
func (d *due) blame(cause shouwang.GapCause, detail string) {
	if d.cause == "" {
		d.cause, d.detail = cause, detail
	}
}

func (d *due) paid(to time.Time) { *d = due{from: to} }

// state writes the gap as it stands now, while it lasts.
func (d *due) state(ctx context.Context, s *Session, now time.Time, cause shouwang.GapCause) {
	if d.from.IsZero() || now.Sub(d.from) <= s.tolerance() {
		return
	}
	d.blame(cause, "")
	d.stated = true
	s.putGap(ctx, shouwang.Span{From: d.from, To: now}, d.cause, d.detail)
}

// settle writes the gap that ends now, if it is one.
func (d *due) settle(ctx context.Context, s *Session, to time.Time) {
	if d.from.IsZero() || !d.stated && to.Sub(d.from) <= s.tolerance() {
		return
	}
	d.blame(shouwang.GapStalled, "")
	s.putGap(ctx, shouwang.Span{From: d.from, To: to}, d.cause, d.detail)
}

// tolerance is how long a break must be to be one: two picture intervals, and
// a second at least.
func (s *Session) tolerance() time.Duration { return max(2*s.interval, time.Second) }

// putGap writes a gap. One that is long may cross hours that no consent
// covers: those are stated as such.
func (s *Session) putGap(ctx context.Context, span shouwang.Span, cause shouwang.GapCause, detail string) {
	if cause == shouwang.GapNoConsent || span.Duration() < time.Hour {
		s.putGapRow(ctx, span, cause, detail)
		return
	}
	run := shouwang.Span{From: span.From, To: span.From}
	covered := s.coveredAt(span.From)
	for run.To.Before(span.To) {
		next := run.To.Truncate(time.Hour).Add(time.Hour)
		if next.After(span.To) {
			next = span.To
		}
		if c := s.coveredAt(run.To); c != covered {
			s.putRun(ctx, run, covered, cause, detail)
			run.From, covered = run.To, c
		}
		run.To = next
	}
	s.putRun(ctx, run, covered, cause, detail)
}

func (s *Session) coveredAt(at time.Time) bool {
	return s.rec.deps.Permit(s.camera, at).Covers(policy.Record, s.camera, at)
}

func (s *Session) putRun(ctx context.Context, run shouwang.Span, covered bool, cause shouwang.GapCause, detail string) {
	if !covered {
		cause, detail = shouwang.GapNoConsent, ""
	}
	s.putGapRow(ctx, run, cause, detail)
}

func (s *Session) putGapRow(ctx context.Context, span shouwang.Span, cause shouwang.GapCause, detail string) {
	if span.Empty() {
		return
	}
	gap := shouwang.Gap{Camera: s.camera, Span: span, Cause: cause, Detail: detail, Noted: s.rec.deps.Clock()}
	if err := s.rec.deps.Index.PutGap(ctx, s.stream, gap); err != nil {
		s.rec.deps.Log.Error("gap could not be noted", "camera", s.camera, "cause", cause, "from", span.From, "to", span.To, "error", err)
	}
}

// deny ends recording because nothing permits it at the moment given.
func (s *Session) deny(ctx context.Context, at time.Time) {
	s.close(ctx)
	if s.denied.IsZero() {
		s.denyCause = s.whyDenied(at)
		s.due.settle(ctx, s, at)
		if s.denied = at; !s.due.from.IsZero() && at.Sub(s.due.from) <= s.tolerance() {
			s.denied = s.due.from
		}
	}
	s.due = due{}
	s.noteDenied(ctx, at, 30*time.Second)
}

// whyDenied tells a camera whose view is not the approved one, whose owner did
// agree, from one that nobody agreed to record.
func (s *Session) whyDenied(at time.Time) shouwang.GapCause {
	for _, r := range s.rec.deps.Permit(s.camera, at).Decision().Reasons {
		if r == policy.ReasonQuarantined || r == policy.ReasonViewNotApproved {
			return shouwang.GapView
		}
	}
	return shouwang.GapNoConsent
}

// noteDenied keeps the row that says so up to date, not more often than every.
func (s *Session) noteDenied(ctx context.Context, at time.Time, every time.Duration) {
	if at.After(s.denied) && (s.denyRow.IsZero() || at.Sub(s.denyRow) >= every) {
		s.putGapRow(ctx, shouwang.Span{From: s.denied, To: at}, s.denyCause, "")
		s.denyRow = at
	}
}

// settleDenied ends a stretch that nothing permitted to record.
func (s *Session) settleDenied(ctx context.Context, at time.Time) {
	if s.denied.IsZero() {
		return
	}
	s.putGapRow(ctx, shouwang.Span{From: s.denied, To: at}, s.denyCause, "")
	if s.rolling() {
		s.due = due{from: at}
	}
	s.denied, s.denyRow = time.Time{}, time.Time{}
}

func (s *Session) rolling() bool { return s.grant.Recording().Mode == policy.RecordRolling }

// resume finds out, at the start, since when a rolling recording has been
// missing because the service was not running.
func (s *Session) resume(ctx context.Context) {
	if s.rec.deps.Past == nil {
		return
	}
	last, err := s.rec.deps.Past.LastSegment(ctx, s.camera, s.stream)
	if err != nil || last == nil || last.Mode != string(policy.RecordRolling) {
		return
	}
	now := s.rec.deps.Clock()
	from := last.To
	gaps, err := s.rec.deps.Past.Gaps(ctx, s.camera, s.stream, shouwang.Span{From: last.To, To: now})
	if err != nil {
		return
	}
	for _, g := range gaps {
		if g.To.After(from) {
			from = g.To
		}
	}
	if from.Before(now) {
		s.due = due{from: from, cause: shouwang.GapRestart}
	}
}
