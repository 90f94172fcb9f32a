package probe

import "testing"

func TestFactoryPasswords(t *testing.T) {
	for _, c := range []struct {
		user, password string
		want           bool
	}{
		{"admin", "12345", true},
		{"Admin", "ADMIN", true},
		{"root", "pass", true},
		{"admin", "", true},
		{"666666", "666666", true},
		{"hik", "hik", true},
		{"", "", false},
		{"admin", "correct horse battery", false},
		{"li", "12345x", false},
	} {
		if got := FactoryPassword(c.user, c.password); got != c.want {
			t.Errorf("%q %q: %v", c.user, c.password, got)
		}
	}
}
