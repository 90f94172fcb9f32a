package post_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/post"
)

func TestAParcelIsSignedAndNotSentOn(t *testing.T) {
	at := time.Unix(1_795_000_000, 0)
	var elsewhere int
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte("s3cret"))
		mac.Write([]byte("1795000000." + string(body)))
		if want := "t=1795000000,v1=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("Shouwang-Signature") != want || r.Header.Get("Idempotency-Key") != "n1" {
			t.Errorf("headers %v, want signature %s", r.Header, want)
		}
	}))
	defer hook.Close()
	p := &post.Parcel{URL: hook.URL, ID: "n1", Body: []byte(`{"a":1}`), Secret: []byte("s3cret"), At: at}
	if err := post.Send(t.Context(), p); err != nil {
		t.Error(err)
	}
	p.URL += "/moved"
	if err := post.Send(t.Context(), p); shouwang.CodeOf(err) != shouwang.CodeUnreachable || elsewhere != 0 {
		t.Errorf("redirected: %v, %d arrived elsewhere", err, elsewhere)
	}
}

func TestNothingTravelsInClear(t *testing.T) {
	for address, good := range map[string]bool{"https://a.example/in": true, "http://127.0.0.1:9/in": true, "http://a.example/in": false, "a": false, "ftp://x/": false, "": false} {
		if err := post.CheckURL("x.webhook", address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
