package s3_test

import (
	"context"
	"strings"
	"testing"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/buckettest"
	"shouwang/storage/s3"
)

func TestConformance(t *testing.T) {
	cfg := config(t, buckettest.Server(t))
	buckettest.Run(t, func(t *testing.T) storage.Bucket {
		cfg.Prefix = strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())) + "/"
		b, err := s3.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func config(t *testing.T, address string) s3.Config {
	t.Helper()
	cfg, err := s3.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestErrorsHoldNoSecret(t *testing.T) {
	cfg := config(t, "s3://AKIA:verysecret@127.0.0.1:1/clips?tls=false")
	b, err := s3.Open(t.Context(), cfg)
	if shouwang.CodeOf(err) != shouwang.CodeStorageAway {
		t.Fatalf("no server: %v", err)
	}
	if _, getErr := b.Stat(context.Background(), "a"); shouwang.CodeOf(getErr) != shouwang.CodeStorageAway || strings.Contains(err.Error()+getErr.Error(), "verysecret") {
		t.Fatalf("no server: %v", getErr)
	}
	for _, bad := range []string{"", "s3://host/b", "http://a:verysecret@h/b", "s3://a:verysecret@h", "s3://a:very secret%zz@h/b"} {
		if _, err := s3.ParseURL(bad); shouwang.CodeOf(err) != shouwang.CodeBadConfig || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWrongKeyIsSaidPlainly(t *testing.T) {
	cfg := config(t, buckettest.Server(t))
	cfg.SecretKey = "wrongwrongwrong"
	if _, err := s3.Open(t.Context(), cfg); shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), "check its keys") {
		t.Fatal(err)
	}
}
