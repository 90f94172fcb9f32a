package service

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/web/front"
	"shouwang/web/health"
	"shouwang/web/look"
)

// healthRoom joins the room of the service's health to its parts.
func (s *Service) healthRoom() func(*front.Front, *look.Looks) {
	return health.Routes(health.Deps{Source: parts{s}})
}

// parts asks the parts of the service how they do.
type parts struct{ s *Service }

// askWithin bounds the wait for the catalog and the keys.
const askWithin = 3 * time.Second

// noticesLate is how long a notice waits before somebody should look why.
const noticesLate = time.Hour

// Facts gathers what is known now.
func (p parts) Facts(ctx context.Context) (health.SystemFacts, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	n := p.s.node
	f := health.SystemFacts{Began: p.s.began, Analysis: p.analysis(), Log: p.accessLog(ctx), Offline: len(p.away())}
	store, errStore := p.storage(ctx)
	f.Storage, f.Keys = store, health.KeyFacts{Kind: p.s.cfg.Storage.Keys.Kind}
	live, errKeys := n.archive.Keys.CountLive(ctx)
	f.Keys.Live = live
	if errKeys != nil {
		f.Keys.Away = errKeys.Error()
	}
	barred, errBarred := p.barred()
	f.Barred = barred
	f.Queues, f.History = p.queues()
	waiting, errNotices := p.notices(ctx)
	f.Notices = waiting
	return f, errors.Join(errStore, errKeys, errBarred, errNotices)
}

func (p parts) storage(ctx context.Context) (health.StorageFacts, error) {
	cfg, a := &p.s.cfg, p.s.node.archive
	out := health.StorageFacts{Kind: "folder", Disk: health.DiskFacts{Reserve: cfg.Storage.MinFree, Spool: cfg.Storage.SpoolBytes}}
	if cfg.Storage.S3.Endpoint != "" {
		out.Kind, out.Where = "s3", cfg.Storage.S3.Bucket
	}
	if away := a.Uploader.Away(); away != nil {
		out.Away = away.Error()
	}
	var st unix.Statfs_t
	errDisk := unix.Statfs(cfg.Data, &st)
	if errDisk == nil {
		out.Disk.Free, out.Disk.Total = int64(st.Bavail)*st.Bsize, int64(st.Blocks)*st.Bsize
	}
	total, spooled, err := a.Catalog.Usage(ctx)
	out.Bytes, out.Waiting = total, spooled
	return out, errors.Join(err, errDisk)
}

func (p parts) accessLog(ctx context.Context) health.LogFacts {
	st := publicLog{p.s.ledger, p.s.cosigner}.State(ctx)
	out := health.LogFacts{Size: st.Size, Cosigned: st.Cosigned, Quorum: st.Quorum, Failing: st.Failing, Witnesses: []health.WitnessFacts{}}
	for _, w := range st.Witnesses {
		out.Witnesses = append(out.Witnesses, health.WitnessFacts{Name: w.Name, At: w.At, Away: w.Away, Since: w.Since, Refuses: w.Refuses})
	}
	return out
}

func (p parts) analysis() health.AnalysisFacts {
	st := p.s.node.pool.Stats()
	out := health.AnalysisFacts{
		Streams: st.Sessions, Renderings: st.Renderers, Dropped: st.Dropped, Classifier: st.Classifier,
		Deaths: st.Deaths - min(st.Deaths, st.Signalled), Steps: []health.ShedStep{}, Workers: []health.WorkerFacts{},
	}
	for _, w := range st.Workers {
		out.Workers = append(out.Workers, health.WorkerFacts{
			Streams: w.Streams, Busy: w.Util, Late: w.Backlog.Seconds(), Resident: w.RSS, Restarts: w.Restarts,
		})
	}
	steps := &p.s.node.steps
	steps.mu.Lock()
	defer steps.mu.Unlock()
	for _, step := range cascade.Steps {
		out.Steps = append(out.Steps, health.ShedStep{Step: step.String(), Cameras: steps.cameras[step]})
	}
	return out
}

func (p parts) queues() ([]health.QueueFacts, int64) {
	n := p.s.node
	st, totals := n.pool.Stats(), n.manager.Totals()
	out := []health.QueueFacts{
		{Name: "events", Waiting: n.telling.waiting(), Lost: n.telling.lost.Load()},
		{Name: "analysis", Waiting: st.Waiting, Lost: st.Dropped + st.Lost},
	}
	for name, r := range totals.Readers {
		out = append(out, health.QueueFacts{Name: "to_" + name, Waiting: r.Queued, Lost: r.Skipped})
	}
	slices.SortStableFunc(out[2:], func(a, b health.QueueFacts) int { return cmp.Compare(a.Name, b.Name) })
	return out, totals.HistoryBytes
}

func (p parts) barred() ([]health.BarredCamera, error) {
	list, err := ListBarred(p.s.cfg.Data)
	out := make([]health.BarredCamera, len(list))
	for i, b := range list {
		out[i] = health.BarredCamera{Camera: b.Camera, Name: string(b.Camera), Since: b.Since, Until: b.Until, Reason: b.Reason}
	}
	return out, err
}

// away returns cameras with a stream that should be there and is not.
func (p parts) away() []shouwang.CameraID {
	away := map[shouwang.CameraID]bool{}
	for _, st := range p.s.node.manager.Status() {
		switch st.State {
		case shouwang.LinkStalled, shouwang.LinkBackoff, shouwang.LinkRefused:
			away[st.Camera] = true
		}
	}
	return slices.Sorted(maps.Keys(away))
}

func (p parts) notices(ctx context.Context) (health.NoticeFacts, error) {
	st, err := p.s.notices.State(ctx)
	out := health.NoticeFacts{
		Waiting: st.Waiting, Oldest: st.Oldest, Lost: st.Lost, Late: st.Waiting > 0 && p.s.clock().Sub(st.Oldest) > noticesLate,
		Ways: make([]health.NoticeWay, len(st.Ways)), GivenUp: make([]health.LostNotice, len(st.Given)),
	}
	for i, w := range st.Ways {
		out.Ways[i] = health.NoticeWay{Way: w.Name, Waiting: w.Waiting, Sent: w.Sent, Failing: w.Failing, Why: w.Why}
	}
	for i, g := range st.Given {
		out.GivenUp[i] = health.LostNotice(g)
	}
	return out, err
}

// SendNotices has what waits tried at once.
func (p parts) SendNotices(ctx context.Context) error { return p.s.notices.Hurry(ctx) }

// Release lets a barred camera in again.
func (p parts) Release(_ context.Context, camera shouwang.CameraID) error {
	return ReleaseBarred(p.s.cfg.Data, camera)
}
