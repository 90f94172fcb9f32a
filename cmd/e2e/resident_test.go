package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"text/template"
	"time"
)

// visitor is who looks at which pages in the tests of accessibility.
type visitor struct {
	Name     string   `json:"name"`
	Password string   `json:"password"`
	Home     string   `json:"home"`
	Pages    []string `json:"pages"`
	Small    bool     `json:"small,omitempty"` // on a phone
}

// owners builds a township of owners: doors that nobody has been asked about,
// and a shop with forty cameras.
func owners(t testing.TB, doors ...string) *house {
	t.Helper()
	h := build(t, nil, nil)
	tmpl, err := template.ParseFiles("testdata/residents.yaml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	shops := make([]string, 40)
	for i := range shops {
		shops[i] = fmt.Sprintf("shop-%d", i+1)
	}
	now := time.Now()
	at := func(days int) string { return now.AddDate(0, 0, days).Format(time.RFC3339) }
	var town bytes.Buffer
	err = tmpl.Execute(&town, map[string]any{"Doors": doors, "Shops": shops, "From": at(-30), "Soon": at(20), "To": at(300)})
	if err != nil {
		t.Fatal(err)
	}
	h.importTown(t, &town)
	return h
}

// invited asks the owner of a camera and returns the page that the code opens.
func (p *person) invited(t testing.TB, camera string) string {
	t.Helper()
	var made struct {
		Path string `json:"path"`
	}
	p.must(t, http.MethodPost, "/api/invitations", map[string]any{"camera": camera, "channel": "visit"}, &made)
	return made.Path
}

// asJSON is for what the browser's stories are told.
func asJSON(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestResidentsOnThePhone runs the stories of owners on the real service:
// joining, masks, hours, who looked, withdrawing, in both languages; an owner
// of forty cameras at a desk; every page under axe; the first page's weight.
func TestResidentsOnThePhone(t *testing.T) {
	h := owners(t, "door-zh", "door-en", "door-no", "door-open")
	s := h.start(t)
	for _, door := range []string{"door-zh", "door-en"} {
		publish(t, s, h, door, film(t, busy(15)))
	}
	hu := h.signIn(t, s, "hu")
	for _, name := range []string{"chen", "wang", "li", "shop", "ops", "audit"} {
		h.signIn(t, s, name) // everybody's first password is replaced by now
	}
	type invitation struct {
		Camera string `json:"camera"`
		Path   string `json:"path"`
	}
	asked := map[string]invitation{}
	for language, door := range map[string]string{"zh-CN": "door-zh", "en": "door-en", "no": "door-no"} {
		asked[language] = invitation{door, hu.invited(t, door)}
	}
	own := func(home string, name string, small bool, pages ...string) visitor {
		return visitor{Name: name, Password: ownPassword, Home: home, Small: small, Pages: pages}
	}
	people := []visitor{
		{Small: true, Pages: []string{hu.invited(t, "door-open"), "/sign-in", "/no-such-page"}},
		own("/my", "li", true, "/my", "/my/door-17/view", "/my/door-17/masks", "/my/door-17/hours", "/my/door-17/terms", "/my/door-17/looks", "/my/door-17/clips", "/my/door-17/papers", "/password"),
		own("/my", "shop", false, "/my/list"),
		own("/wall", "chen", false, "/wall", "/rules", "/rules/shop-1"),
		own("/evidence", "wang", false, "/evidence"),
		own("/system", "ops", false, "/system", "/system/people", "/system/places", "/not-yours?to=/wall"),
		own("/office/complaints", "audit", false, "/office/complaints", "/office/people", "/office/machine"),
	}
	playwright(t, s, h, "(resident|many|access|places|office|passkey)\\.spec\\.ts",
		"ADMINISTRATOR=ops:"+ownPassword, "OVERSIGHT=audit:"+ownPassword, "INVITATIONS="+asJSON(t, asked), "SHOP=shop:"+ownPassword, "PEOPLE="+asJSON(t, people))
	s.stop(t)
	h.check(t)
}
