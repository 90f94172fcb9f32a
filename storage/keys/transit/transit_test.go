package transit_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/keys"
	"shouwang/storage/keys/keystest"
	"shouwang/storage/keys/transit"
	"shouwang/storage/keys/transit/transittest"
)

var noon = time.Date(2026, 11, 20, 12, 10, 0, 0, time.UTC)

func ring(t *testing.T, dir string, v keys.Vault) *keys.Ring {
	t.Helper()
	r, err := keys.Open(dir, keys.Options{Vault: v})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestTransit runs the suite of every vault over the double, and over a real
// OpenBao or Vault where SHOUWANG_VAULT_ADDR and SHOUWANG_VAULT_TOKEN_FILE name
// one.
func TestTransit(t *testing.T) {
	t.Run("double", func(t *testing.T) {
		server := transittest.New(t)
		keystest.Suite{Open: func(t *testing.T, dir string) *keys.Ring { return ring(t, dir, server.Open()) }}.Run(t)
	})
	t.Run("real", func(t *testing.T) {
		address := os.Getenv("SHOUWANG_VAULT_ADDR")
		if address == "" {
			t.Skip("no OpenBao or Vault: SHOUWANG_VAULT_ADDR is not set; the double stood in")
		}
		keystest.Suite{Open: func(t *testing.T, dir string) *keys.Ring {
			v, err := transit.Open(t.Context(), transit.Config{
				Address: address, TokenFile: os.Getenv("SHOUWANG_VAULT_TOKEN_FILE"), Prefix: "test-" + time.Now().Format("150405.000000"),
			})
			if err != nil {
				t.Fatal(err)
			}
			return ring(t, dir, v)
		}}.Run(t)
	})
}

// TestKeysAreGoneFromTheServer: the index's tombstone is not all.
func TestKeysAreGoneFromTheServer(t *testing.T) {
	server := transittest.New(t)
	r := ring(t, t.TempDir(), server.Open())
	for i := range 20 {
		if _, err := r.NewDataKey(t.Context(), "cam-a", noon.Add(time.Duration(i)*keys.Slot), "g"); err != nil {
			t.Fatal(err)
		}
	}
	if got := server.Names(); len(got) != 20 || !strings.HasPrefix(got[0], "shouwang.cam-a__20261120__24__1") {
		t.Fatalf("keys: %v", got)
	}
	gone, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "withdrawal")
	if err != nil || len(gone.Keys) != 20 || len(server.Names()) != 0 {
		t.Fatalf("%d destroyed, %v left, %v", len(gone.Keys), server.Names(), err)
	}
}

// TestAServerThatIsAwayDestroysNothingByMistake: no key is called destroyed
// that may still be there, and what could not be destroyed is tried again.
func TestAServerThatIsAwayDestroysNothingByMistake(t *testing.T) {
	server := transittest.New(t)
	r := ring(t, t.TempDir(), server.Open())
	k, err := r.NewDataKey(t.Context(), "cam-a", noon, "g")
	if err != nil {
		t.Fatal(err)
	}
	server.Seal(true)
	if _, err := r.Unwrap(t.Context(), k.ID, k.Wrapped, "d"); shouwang.CodeOf(err) != shouwang.CodeStorageAway {
		t.Errorf("sealed: %v", err)
	}
	if _, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "w"); err == nil {
		t.Error("a sealed server destroyed a key")
	}
	server.Seal(false)
	if live, err := r.Live(t.Context(), k.ID); err != nil || !live {
		t.Errorf("it is not destroyed and the index says so: %v %v", live, err)
	}
	server.Forget(server.Names()[0])
	if _, err := r.Unwrap(t.Context(), k.ID, k.Wrapped, "d"); shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed {
		t.Errorf("gone from the server: %v", err)
	}
	if _, err := r.NewDataKey(t.Context(), "cam-a", noon, "g"); shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed || len(server.Names()) != 0 {
		t.Errorf("a key that is gone was made again by using it: %v %v", err, server.Names())
	}
	if gone, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "w"); err != nil || len(gone.Keys) != 1 {
		t.Errorf("destroying what is gone: %+v %v", gone, err)
	}
}

// TestAProxysPageIsNoWord: 404 from anybody but the server itself does not
// mean that a key is gone.
func TestAProxysPageIsNoWord(t *testing.T) {
	server := transittest.New(t)
	v := server.Open()
	handle, err := v.Make(t.Context(), "cam-a/20261120/24/1")
	if err != nil {
		t.Fatal(err)
	}
	proxy := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>not here</html>", http.StatusNotFound)
	})
	if _, err := v.Unwrap(t.Context(), "cam-a/20261120/24/1", handle, []byte("vault:v1:AAAA")); err == nil || shouwang.CodeOf(err) == shouwang.CodeKeyDestroyed {
		t.Errorf("unwrap: %v", err)
	}
	if err := v.Destroy(t.Context(), []string{"cam-a/20261120/24/1"}); err == nil {
		t.Error("destroyed by a proxy's page")
	}
	server.Config.Handler = proxy
}

func TestTokenIsReadAgainWhenRefused(t *testing.T) {
	server := transittest.New(t)
	cfg := server.Reach()
	v, err := transit.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	server.SetToken("s.next")
	if _, err := v.Make(t.Context(), "cam-a/20261120/24/1"); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
		t.Errorf("an old token: %v", err)
	}
	if err := os.WriteFile(cfg.TokenFile, []byte("s.next"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Make(t.Context(), "cam-a/20261120/24/1"); err != nil {
		t.Errorf("the agent's new token: %v", err)
	}
}

func TestWhatTheOperatorWroteWrong(t *testing.T) {
	server := transittest.New(t)
	good := server.Reach()
	open := func(change func(*transit.Config)) error {
		cfg := good
		change(&cfg)
		_, err := transit.Open(t.Context(), cfg)
		return err
	}
	loose := t.TempDir() + "/token"
	if err := os.WriteFile(loose, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*transit.Config){
		"no address":         func(c *transit.Config) { c.Address = "" },
		"plain over the net": func(c *transit.Config) { c.Address = "http://vault.example:8200" },
		"a password in it":   func(c *transit.Config) { c.Address = "https://a:b@vault.example" },
		"no token file":      func(c *transit.Config) { c.TokenFile = "/nonexistent" },
		"others may read it": func(c *transit.Config) { c.TokenFile = loose },
		"no authority":       func(c *transit.Config) { c.CAFile = "/nonexistent" },
	} {
		if err := open(change); shouwang.CodeOf(err) != shouwang.CodeBadConfig || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := open(func(c *transit.Config) { c.Mount = "elsewhere" }); err == nil {
		t.Error("a mount that is not there")
	}
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	if err := open(func(c *transit.Config) { c.Address = away.URL }); shouwang.CodeOf(err) != shouwang.CodeStorageAway {
		t.Errorf("nobody there: %v", err)
	}
}

// TestTheIndexKnowsItsVault: another vault than the keys were made in is a
// mistake to mend, not a thousand destroyed keys.
func TestTheIndexKnowsItsVault(t *testing.T) {
	dir := t.TempDir()
	server := transittest.New(t)
	r := ring(t, dir, server.Open())
	if _, err := r.NewDataKey(t.Context(), "cam-a", noon, "g"); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	if _, err := keys.Open(dir, keys.Options{}); err == nil {
		t.Fatal("opened over a key file")
	}
}
