package probe

import "strings"

// factory are names and passwords that cameras leave the factory with, as
// their makers' manuals print them. A camera that still has one is open to
// anybody on its network, and is not taken in.
var factory = map[string][]string{
	"admin": {
		"", "admin", "1234", "12345", "123456", "1234567", "12345678", "123456789", "4321", "9999", "888888", "666666", "111111", "1111111", "000000",
		"password", "pass", "admin123", "admin1234", "abcd1234", "jvc", "meinsm", "fliradmin", "tlJwpbo6", "camera", "hikvision", "default",
	},
	"administrator": {"", "1234", "admin", "administrator"},
	"root":          {"", "root", "pass", "admin", "camera", "system", "ikwb", "12345", "123456", "xc3511", "vizxv", "juantech", "hi3518"},
	"user":          {"", "user", "1234", "12345", "123456"},
	"888888":        {"888888"},
	"666666":        {"666666"},
	"guest":         {"", "guest", "12345"},
	"service":       {"service"},
	"supervisor":    {"supervisor"},
	"ubnt":          {"ubnt"},
	"viewer":        {"viewer"},
	"default":       {"default", ""},
}

// FactoryPassword reports whether the name and password are what cameras of
// some maker are delivered with. No name and no password is no factory
// setting: it is a camera that asks for none.
func FactoryPassword(user, password string) bool {
	if user == "" && password == "" {
		return false
	}
	name := strings.ToLower(user)
	for _, p := range factory[name] {
		if strings.EqualFold(p, password) {
			return true
		}
	}
	return strings.EqualFold(user, password)
}
