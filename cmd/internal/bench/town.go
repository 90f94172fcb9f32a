package bench

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"shouwang"
	"shouwang/cmd/internal/service"
)

// inProcess is the address of cameras that have no network: replay knows them
// by their id.
const inProcess = "rtsp://127.0.0.1:1/"

func cameraID(i int) shouwang.CameraID { return shouwang.CameraID(fmt.Sprintf("cam-%05d", i)) }

// town writes cameras from..to-1 into the register of a data folder, each with a
// consent that has events recorded. address is what comes before a camera's id.
// A running service takes them in as those that an operator adds.
func town(ctx context.Context, cfg service.Config, from, to int, address string, log *slog.Logger) (err error) {
	reg, err := service.OpenRegistry(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := reg.Close(); err == nil {
			err = cerr
		}
	}()
	var b strings.Builder
	begin, end := time.Now().AddDate(0, 0, -1).Format(time.RFC3339), time.Now().AddDate(0, 1, 0).Format(time.RFC3339)
	b.WriteString(`timezone: Asia/Shanghai
purposes: [public_safety]
audiences: [dispatch-centre]
places:
  - {id: town, kind: township, parent: "", name: 镇}
  - {id: house, kind: building, parent: town, name: 院}
units:
  - {id: township, name: 乡政府, kind: department}
people:
  - {id: "resident:li", type: resident, name: 李, home: house}
cameras:
`)
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `  - id: %[1]s
    name: %[1]s
    place: house
    position: [25.7, 103.8]
    legal_class: resident
    mount: own_premises
    owner: resident:li
    sign: true
    sources: [{kind: main, url: "%[2]s%[1]s"}]
    consents:
      - {purpose: public_safety, state: given, basis: consent, modes: [live, playback, incident], audiences: [dispatch-centre], area_scope: township, slots: daily 0-24, limits: {clip_min: 60, lookback_days: 3, looks_per_day: 20}, min_obligations: [watermark], recording: events, retention_days: 3, not_before: %[3]s, not_after: %[4]s}
`, cameraID(i), address, begin, end)
	}
	_, err = reg.Import(ctx, strings.NewReader(b.String()), service.HashPassword(ctx))
	return err
}
