package transparency

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/http"
	"sync"
	"time"

	"shouwang"
	"shouwang/web/front"
)

//go:embed report.html
var reportPage embed.FS

// MonthInput names a month.
type MonthInput struct {
	Month string `path:"month" pattern:"^[0-9]{4}-(0[1-9]|1[0-2])$"`
}

type pageInput struct {
	MonthInput
	Lang string `query:"lang" enum:"zh-CN,en" doc:"Language of the page; by the browser when absent"`
}

type reportOutput struct {
	Headers
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// reports keeps the months that were counted: a month that is over does not
// change, and reading it again and again would cost the one who serves it.
type reports struct {
	mu   sync.Mutex
	done map[string]*Report
}

func (r *room) reportRoutes() {
	months := &reports{done: map[string]*Report{}}
	front.Open(r.Front, front.Op{
		ID: "monthlyReport", Method: http.MethodGet, Path: "/api/reports/{month}", Tag: "log",
		Summary: "The public report of a month that is over",
	}, func(ctx context.Context, in *MonthInput) (*reportJSON, error) {
		report, err := r.month(ctx, months, in.Month)
		if err != nil {
			return nil, err
		}
		return &reportJSON{open(), *report}, nil
	})
	page := front.Op{ID: "monthlyReportPage", Method: http.MethodGet, Path: "/api/reports/{month}/page", Tag: "log", Summary: "The same as a page in Chinese or English", Media: "text/html"}
	front.Open(r.Front, page, func(ctx context.Context, in *pageInput) (*reportOutput, error) {
		report, err := r.month(ctx, months, in.Month)
		if err != nil {
			return nil, err
		}
		lang := in.Lang
		if lang == "" {
			lang = front.TransportOf(ctx).Lang
		}
		var out bytes.Buffer
		if err := WritePage(&out, report, lang); err != nil {
			return nil, err
		}
		return &reportOutput{open(), "text/html; charset=utf-8", out.Bytes()}, nil
	})
}

type reportJSON struct {
	Headers
	Body Report
}

// month counts a month that is over, once. A month under way is not told: two
// reports of it an hour apart would tell of single looks.
func (r *room) month(ctx context.Context, months *reports, month string) (*Report, error) {
	_, to, err := Month(month, r.World().Zone())
	if err != nil {
		return nil, err
	}
	if now := r.Now(); now.Before(to) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "%s is not over: its report is there from %s on", month, to.Format(time.DateOnly))
	}
	months.mu.Lock()
	defer months.mu.Unlock()
	if done := months.done[month]; done != nil {
		return done, nil
	}
	report, err := Count(ctx, r.Journal, r.World(), month, r.Area, r.Now())
	if err == nil {
		months.done[month] = report
	}
	return report, err
}

var pageTexts = map[string]map[string]string{
	"zh-CN": {
		"title": "共享摄像头使用情况月度报告", "unfinished": "本月尚未结束，以下为截至目前的数字。", "area": "区域", "looks": "查看", "exports": "导出", "denials": "拒绝", "overrides": "超出日常同意",
		"deferred": "推迟通知", "total": "合计", "hidden": "少于 5 次或可由此推算的数字不显示，以免识别出个别人。", "entries": "本月日志条目", "places": "条目编号", "kinds": "按种类（合计等于本月条目数）",
		"none": "本月没有任何区域有记录。", "check": "任何人都可以用公钥核对本报告所依据的日志：打开 /verify/ 页面，或运行 shouwang log verify。", "key": "公钥", "checkpoint": "签名检查点",
		"note": "“超出日常同意”指依法定令状、应被拍摄者请求或经批准去除遮挡的查看。",
	},
	"en": {
		"title": "Shared cameras: what was looked at this month", "unfinished": "The month is not over: these are the figures so far.", "area": "Area", "looks": "Looks", "exports": "Exports", "denials": "Refused", "overrides": "Beyond everyday consent",
		"deferred": "Notice put off", "total": "Total", "hidden": "Numbers below 5, and those they could be reckoned from, are not shown, so that nobody can be told from them.", "entries": "Entries of the log this month", "places": "Entries numbered", "kinds": "By kind (their sum is the month's entries)",
		"none": "No area has an entry this month.", "check": "Anybody can check the log that this rests on with its public key: open the page /verify/, or run shouwang log verify.", "key": "Public key", "checkpoint": "Signed checkpoint",
		"note": "Beyond everyday consent: under a statutory order, for a filmed person's request, or with the masking taken off.",
	},
}

var pageTemplate = template.Must(template.New("report.html").Funcs(template.FuncMap{
	"cell": func(c Cell) any {
		if c.N == nil {
			return "—"
		}
		return *c.N
	},
	"last": func(end uint64) uint64 { return max(end, 1) - 1 },
}).ParseFS(reportPage, "report.html"))

// WritePage writes the report as a page in the language, zh-CN or en.
func WritePage(out *bytes.Buffer, r *Report, lang string) error {
	texts, ok := pageTexts[lang]
	if !ok {
		lang, texts = "zh-CN", pageTexts["zh-CN"]
	}
	return pageTemplate.Execute(out, map[string]any{"R": r, "T": texts, "Lang": lang})
}
