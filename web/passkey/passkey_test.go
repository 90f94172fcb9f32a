package passkey_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/web/passkey"
)

const address = "https://watch.example"

func at(t *testing.T) *device { return newDevice(t, address, "watch.example") }

func TestAResidentSignsInByTouch(t *testing.T) {
	h := openHouse(t, address)
	li, phone := h.in("li"), at(t)
	li.adds(phone, "  我的手机 ")
	k := h.keys[phone.id]
	if k.Account != "li" || k.Name != "我的手机" || k.Site != "watch.example" || strings.Join(k.Transports, ",") != "internal,hybrid" || len(k.PublicKey) == 0 {
		t.Errorf("kept: %+v", k)
	}
	if s, err := li.session(); err != nil || s.SecondFactorAge(h.now()) != 0 || !s.HasSecondFactor {
		t.Errorf("the first factor set up shows it: %+v, %v", s, err)
	}
	again := h.browser()
	again.must(http.MethodPost, signIn, phone.showKey(again.asks(ask)), nil)
	s, err := again.session()
	if err != nil || s.Principal != "resident:li" || s.SecondFactorAge(h.now()) != 0 {
		t.Errorf("session: %+v, %v", s, err)
	}
	var list struct {
		Keys   []passkey.PasskeyView
		Origin string
	}
	again.must(http.MethodGet, keys, nil, &list)
	if len(list.Keys) != 1 || list.Origin != address || !list.Keys[0].Used.Equal(h.now()) {
		t.Errorf("list: %+v", list)
	}
	again.must(http.MethodPut, keys+"/"+phone.id, map[string]string{"name": "红色手机"}, nil)
	if h.keys[phone.id].Name != "红色手机" {
		t.Error("not renamed")
	}
	// Removed: at once, everywhere else signed out, and the key opens nothing.
	again.must(http.MethodDelete, keys+"/"+phone.id, nil, nil)
	if _, err := li.session(); shouwang.CodeOf(err) != shouwang.CodeUnauthenticated {
		t.Errorf("another session: %v", err)
	}
	if _, err := again.session(); err != nil {
		t.Errorf("the session that removed it: %v", err)
	}
	third := h.browser()
	third.refused(shouwang.CodeUnauthenticated, "unknown", http.MethodPost, signIn, phone.showKey(third.asks(ask)))
	if !strings.Contains(h.said(), "signed in by touch") || !strings.Contains(h.said(), "why=unknown") {
		t.Errorf("log: %s", h.said())
	}
}

func TestAChallengeIsForOneAnswerOfOneBrowser(t *testing.T) {
	h := openHouse(t, address)
	li, phone := h.in("li"), at(t)
	var wanted newKey
	li.must(http.MethodPost, keys+"/new", nil, &wanted)
	made := map[string]any{"name": "x", "key": phone.makeKey(wanted)}
	h.in("hu").refused(shouwang.CodeConflict, "again", http.MethodPost, keys, made) // another session's
	li.refused(shouwang.CodeConflict, "again", http.MethodPost, keys, made)         // used up by that
	li.adds(phone, "x")

	one, other := h.browser(), h.browser()
	shown := phone.showKey(one.asks(ask))
	other.asks(ask) // has a cookie of its own
	other.refused(shouwang.CodeConflict, "again", http.MethodPost, signIn, shown)
	h.browser().refused(shouwang.CodeConflict, "again", http.MethodPost, signIn, phone.showKey(one.asks(ask))) // has none
	shown = phone.showKey(one.asks(ask))
	one.must(http.MethodPost, signIn, shown, nil)
	one.refused(shouwang.CodeConflict, "again", http.MethodPost, signIn, shown)

	late := phone.showKey(one.asks(ask))
	h.pass(5 * time.Minute)
	one.refused(shouwang.CodeConflict, "again", http.MethodPost, signIn, late)
	// What was asked for showing the factor does not sign in, and the reverse.
	one.refused(shouwang.CodeConflict, "again", http.MethodPost, signIn, phone.showKey(one.asks(askShow)))
	one.refused(shouwang.CodeConflict, "again", http.MethodPost, showPath, phone.showKey(one.asks(ask)))
	one.must(http.MethodPost, keys+"/new", nil, &wanted)
	one.refused(shouwang.CodeConflict, "again", http.MethodPost, showPath, phone.showKey(askKey{Challenge: wanted.Challenge}))
	one.refused(shouwang.CodeConflict, "again", http.MethodPost, signIn, phone.showKey(askKey{Challenge: "AAAAAAAAAAAAAAAAAAAAAA"}))
}

func TestWhatABrowserElsewhereSignsIsRefused(t *testing.T) {
	h := openHouse(t, address)
	phone := at(t)
	h.in("li").adds(phone, "x")
	for name, spoil := range map[string]func(d *device){
		"another origin": func(d *device) { d.origin = "https://watch.example.evil.example" },
		"another port":   func(d *device) { d.origin = "https://watch.example:8443" },
		"no TLS":         func(d *device) { d.origin = "http://watch.example" },
		"another site":   func(d *device) { d.site = "evil.example" },
		"not verified":   func(d *device) { d.flags = present },
		"nobody there":   func(d *device) { d.flags = verified },
		"another's key":  func(d *device) { d.key = at(t).key },
		"another handle": func(d *device) { d.handle = b64([]byte("handle of pu")) },
		"no handle":      func(d *device) { d.handle = "" },
		"backup flags":   func(d *device) { d.flags |= 0x18 },
	} {
		t.Run(name, func(t *testing.T) {
			d, b := *phone, h.browser()
			d.count += 10
			spoil(&d)
			b.refused(shouwang.CodeUnauthenticated, "invalid", http.MethodPost, signIn, d.showKey(b.asks(ask)))
			if _, err := b.session(); err == nil {
				t.Error("a session was opened")
			}
			fresh := *at(t)
			if d.handle != phone.handle || d.key != phone.key || name == "backup flags" {
				return // says nothing of a new key
			}
			spoil(&fresh)
			fresh.t = t
			li := h.in("li")
			var wanted newKey
			li.must(http.MethodPost, keys+"/new", nil, &wanted)
			li.refused(shouwang.CodeUnauthenticated, "invalid", http.MethodPost, keys, map[string]any{"name": "x", "key": fresh.makeKey(wanted)})
		})
	}
	b := h.browser()
	b.must(http.MethodPost, signIn, phone.showKey(b.asks(ask)), nil) // all those were no harm to the owner
}

func TestACopiedKeyIsNoticed(t *testing.T) {
	h := openHouse(t, address)
	phone := at(t)
	h.in("li").adds(phone, "x")
	clone, b := *phone, h.browser()
	b.must(http.MethodPost, signIn, phone.showKey(b.asks(ask)), nil)
	b.refused(shouwang.CodeUnauthenticated, "copied", http.MethodPost, signIn, clone.showKey(b.asks(ask)))
	if !strings.Contains(h.said(), "why=copied") {
		t.Errorf("log: %s", h.said())
	}
	// Those of phones that keep a copy for their owner do not count at all.
	cloud := at(t)
	cloud.counting = false
	h.in("hu").adds(cloud, "x")
	for range 3 {
		b.must(http.MethodPost, signIn, cloud.showKey(b.asks(ask)), nil)
	}
}

func TestWhoHasARoleShowsTheFactorFirst(t *testing.T) {
	h := openHouse(t, address)
	pu, phone := h.in("pu"), at(t)
	pu.adds(phone, "first") // a first set-up, like an authenticator's
	// A password alone gives itself no second key, takes the last one not away,
	// and sets no authenticator up beside it.
	thief := h.in("pu")
	thief.refused(shouwang.CodeUnauthenticated, "", http.MethodPost, keys+"/new", nil)
	thief.refused(shouwang.CodeUnauthenticated, "", http.MethodDelete, keys+"/"+phone.id, nil)
	s, err := thief.session()
	if err != nil || s.SecondFactorAge(h.now()) < 1e6 {
		t.Errorf("thief's session: %+v, %v", s, err)
	}
	wanted := thief.asks(askShow)
	if len(wanted.Allowed) != 1 || wanted.Allowed[0].ID != phone.id {
		t.Errorf("asked for %+v", wanted)
	}
	other := at(t)
	h.in("li").adds(other, "x")
	thief.refused(shouwang.CodeUnauthenticated, "invalid", http.MethodPost, showPath, other.showKey(wanted)) // not whose session it is
	thief.must(http.MethodPost, showPath, phone.showKey(thief.asks(askShow)), nil)                           // it was the owner
	if s, err := thief.session(); err != nil || s.SecondFactorAge(h.now()) != 0 {
		t.Errorf("after showing: %+v, %v", s, err)
	}
	spare := at(t)
	thief.adds(spare, "spare")
	h.pass(6 * time.Minute)
	thief.refused(shouwang.CodeUnauthenticated, "", http.MethodPost, keys+"/new", nil)
	thief.must(http.MethodDelete, keys+"/"+spare.id, nil, nil) // not the last one
	thief.refused(shouwang.CodeUnauthenticated, "", http.MethodDelete, keys+"/"+phone.id, nil)
	if len(h.keys) != 2 {
		t.Errorf("%d keys", len(h.keys))
	}
}

func TestWhoMayNotHaveOne(t *testing.T) {
	h := openHouse(t, address)
	h.in("wall").refused(shouwang.CodeDenied, "", http.MethodPost, keys+"/new", nil)
	a := h.accounts["hu"]
	a.MustChange = true
	h.accounts["hu"] = a
	h.browser().refused(shouwang.CodeUnauthenticated, "", http.MethodGet, keys, nil)
	phone := at(t)
	li := h.in("li")
	li.adds(phone, "x")
	h.in("hu").refused(shouwang.CodeDenied, "", http.MethodPut, keys+"/"+phone.id, map[string]string{"name": "mine"})
	h.in("pu").refused(shouwang.CodeNotFound, "", http.MethodPut, keys+"/"+phone.id, map[string]string{"name": "mine"})
	h.in("pu").refused(shouwang.CodeNotFound, "", http.MethodDelete, keys+"/"+phone.id, nil)
	for _, name := range []string{" ", "a\nb"} {
		li.refused(shouwang.CodeBadUsage, "malformed", http.MethodPut, keys+"/"+phone.id, map[string]string{"name": name})
	}
	// A shut account stays shut.
	a = h.accounts["li"]
	a.Disabled = true
	h.accounts["li"] = a
	b := h.browser()
	b.refused(shouwang.CodeDenied, "", http.MethodPost, signIn, phone.showKey(b.asks(ask)))
}

func TestKeysAreBounded(t *testing.T) {
	h := openHouse(t, address)
	li := h.in("li")
	for range 8 {
		li.adds(at(t), "x")
	}
	var wanted newKey
	li.must(http.MethodPost, keys+"/new", nil, &wanted)
	if len(wanted.Known) != 8 {
		t.Errorf("%d known", len(wanted.Known))
	}
	li.refused(shouwang.CodeConflict, "known", http.MethodPost, keys, map[string]any{"name": "x", "key": at(t).makeKey(wanted)})
}

func TestNonsenseIsRefusedInOneLine(t *testing.T) {
	h := openHouse(t, address)
	li, phone := h.in("li"), at(t)
	li.adds(phone, "x")
	good := func() map[string]any { return phone.showKey(li.asks(ask)) }
	for _, id := range []string{"%%%", "\n", strings.Repeat("A", 1400)} {
		k := good()
		k["id"] = id
		status, p := li.do(http.MethodPost, signIn, k, nil)
		if status != http.StatusUnauthorized || p.Detail == "" {
			t.Errorf("id %.9q: %d %+v", id, status, p)
		}
	}
	for _, field := range []string{"clientDataJSON", "authenticatorData", "signature"} {
		for _, junk := range []string{"!", b64([]byte("null")), b64([]byte("{")), b64(make([]byte, 4000))} {
			k := good()
			k["response"].(map[string]any)[field] = junk
			if status, p := li.do(http.MethodPost, signIn, k, nil); status != http.StatusUnauthorized && status != http.StatusUnprocessableEntity && status != http.StatusConflict || p.Detail == "" {
				t.Errorf("%s %.9q: %d %+v", field, junk, status, p)
			}
		}
	}
	if status, _ := li.do(http.MethodPost, signIn, map[string]string{"id": strings.Repeat("x", 64<<10)}, nil); status != http.StatusRequestEntityTooLarge {
		t.Errorf("64 kB: %d", status)
	}
}

func TestGuessingIsSlowed(t *testing.T) {
	h := openHouse(t, address)
	phone, b := at(t), h.browser()
	var status int
	var p problem
	for range 40 { // less than challenges are given out for
		if status, p = b.do(http.MethodPost, signIn, phone.showKey(b.asks(ask)), nil); status == http.StatusTooManyRequests {
			break
		}
	}
	if status != http.StatusTooManyRequests || p.Code != shouwang.CodeRateLimited {
		t.Errorf("after 40 tries: %d %+v", status, p)
	}
	for range 61 {
		status, _ = b.do(http.MethodPost, ask, nil, nil)
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("a hundred challenges: %d", status)
	}
}

func TestWithoutAnAddressItIsLocalhost(t *testing.T) {
	h := openHouse(t, "")
	origin := strings.Replace(h.server.URL, "127.0.0.1", "localhost", 1)
	phone := newDevice(t, origin, "localhost")
	h.in("li").adds(phone, "x")
	b := h.browser()
	b.must(http.MethodPost, signIn, phone.showKey(b.asks(ask)), nil)
	phone.origin = h.server.URL // as no browser does: a number is no site
	b.refused(shouwang.CodeUnauthenticated, "invalid", http.MethodPost, signIn, phone.showKey(b.asks(ask)))
}

func TestAddresses(t *testing.T) {
	for _, good := range []string{"", "https://watch.example", "https://Watch.example:8443/", "http://localhost:8080"} {
		if err := passkey.Usable(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"watch.example", "http://watch.example", "https://10.0.0.7:8443", "https://[::1]", "https://u:p@watch.example", "ftp://watch.example", "https://", "https://a b"} {
		if err := passkey.Usable(bad); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if got := passkey.Origin(t.Context(), "https://Watch.example:443/x"); got != address {
		t.Errorf("origin %q", got)
	}
	if got := passkey.Origin(t.Context(), ""); got != "" {
		t.Errorf("origin of nowhere %q", got)
	}
}

// TestKeysOfAnotherAddress: keys of an address that was given up
// are listed, to be removed, and are asked for nowhere.
func TestKeysOfAnotherAddress(t *testing.T) {
	h := openHouse(t, address)
	h.keys["old"] = shouwang.Passkey{ID: "old", Account: "li", Site: "old.example"}
	li := h.in("li")
	li.refused(shouwang.CodeNotFound, "", http.MethodPost, askShow, nil)
	var list struct{ Keys []passkey.PasskeyView }
	li.must(http.MethodGet, keys, nil, &list)
	if len(list.Keys) != 1 || list.Keys[0].Site != "old.example" {
		t.Errorf("list: %+v", list)
	}
}
