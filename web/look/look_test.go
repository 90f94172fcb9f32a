package look

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shouwang/policy"
	"shouwang/web/front"
)

func TestOwnReasonsHaveWords(t *testing.T) {
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("test", "1"))
	f, err := front.New(api, nil, nil, time.Now, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"zh-CN", "en"} {
		c := &front.Caller{Who: &policy.Principal{}, Lang: lang}
		unknown := f.TextFor(c, &policy.Decision{Reasons: []policy.Reason{"no_such_reason"}})
		for _, r := range []policy.Reason{ReasonObligation, ReasonNoRenderer, ReasonNoGrant} {
			if text := f.TextFor(c, &policy.Decision{Reasons: []policy.Reason{r}}); text == "" || text == unknown {
				t.Errorf("%s has no words in %s", r, lang)
			}
		}
	}
}
