package oidc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shouwang"
	"shouwang/web/oidc"
)

func TestEveryMistakeInTheConfigurationHasItsLine(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := oidc.Config{
		Issuer: "https://id.example.gov/realms/x", ClientID: "shouwang", Claim: "sub", Name: "县政府",
		Redirect: "https://shouwang.example" + oidc.CallbackPath,
	}
	off := oidc.Defaults()
	for _, c := range []*oidc.Config{&good, &off} {
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
	}
	for word, change := range map[string]func(*oidc.Config){
		"issuer is empty":                     func(c *oidc.Config) { c.Issuer = "" },
		`issuer "http://id`:                   func(c *oidc.Config) { c.Issuer = "http://id.example.gov" },
		`issuer "id.example`:                  func(c *oidc.Config) { c.Issuer = "id.example.gov" },
		`issuer "https://u:p@`:                func(c *oidc.Config) { c.Issuer = "https://u:p@id.example.gov" },
		"client_id is empty":                  func(c *oidc.Config) { c.ClientID = "" },
		`redirect "https://s`:                 func(c *oidc.Config) { c.Redirect = "https://shouwang.example/" },
		`redirect "http://s`:                  func(c *oidc.Config) { c.Redirect = "http://shouwang.example" + oidc.CallbackPath },
		"claim is empty":                      func(c *oidc.Config) { c.Claim = "" },
		"xx\": write what":                    func(c *oidc.Config) { c.NameEn = strings.Repeat("x", 41) },
		`name ""`:                             func(c *oidc.Config) { c.Name = "" },
		`name "xxx`:                           func(c *oidc.Config) { c.Name = strings.Repeat("x", 41) },
		"is empty: write the client's secret": func(c *oidc.Config) { c.ClientSecretFile = empty },
		"write the client's secret into":      func(c *oidc.Config) { c.ClientSecretFile = filepath.Join(dir, "none") },
		"ca_file: ":                           func(c *oidc.Config) { c.CAFile = filepath.Join(dir, "none") },
		"holds no PEM":                        func(c *oidc.Config) { c.CAFile = empty },
	} {
		c := good
		change(&c)
		err := c.Validate()
		if shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q, got %v", word, err)
		}
	}
}
