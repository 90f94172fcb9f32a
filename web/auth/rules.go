package auth

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"shouwang"
)

// MinPassword is the fewest characters a password may have. Length is what
// counts (NIST SP 800-63B, 5.1.1.2): no digit or sign is asked for.
const MinPassword = 10

//go:embed common.txt
var commonText string

// CheckPassword says what is wrong with a new password, with code
// weak_password and words for whoever chose it, or returns nil. names are what it may not be made
// of: the sign-in name and the person's name.
func CheckPassword(password string, names ...string) error {
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return shouwang.Errorf(shouwang.CodeWeakPassword, "the password holds characters that cannot be typed").At("password", "untypeable")
	case utf8.RuneCountInString(password) < MinPassword:
		return shouwang.Errorf(shouwang.CodeWeakPassword, "the password is too short: use %d characters or more", MinPassword).At("password", "short")
	case len(password) > maxPassword:
		return shouwang.Errorf(shouwang.CodeWeakPassword, "the password is too long: use at most %d bytes", maxPassword).At("password", "long")
	}
	plain := strings.ToLower(password)
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "" && (plain == name || len(name) >= 3 && 2*len(name) >= len(plain) && strings.Contains(plain, name)) {
			return shouwang.Errorf(shouwang.CodeWeakPassword, "the password is made of your name: choose another").At("password", "own_name")
		}
	}
	if guessable(plain) {
		return shouwang.Errorf(shouwang.CodeWeakPassword, "the password is one of those that are tried first: choose another").At("password", "common")
	}
	return nil
}

// guessable reports whether the password, in lower case, is on the list, is a
// word of the list with digits or signs around it, runs along the keyboard or
// repeats a few characters.
func guessable(plain string) bool {
	core := strings.TrimFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, word := range strings.Fields(commonText) {
		if plain == word || core == word || plain == word+word {
			return true
		}
	}
	return runs(plain) || repeats(plain)
}

// runs reports whether all of it goes up or down the digits, the alphabet or a
// row of keys.
func runs(plain string) bool {
	for _, row := range []string{"01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "1qaz2wsx3edc4rfv5tgb", "qwertyuiopasdfghjklzxcvbnm"} {
		if strings.Contains(row+row, plain) || strings.Contains(reverse(row+row), plain) {
			return true
		}
	}
	return false
}

func reverse(s string) string {
	out := []byte(s)
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

// repeats reports whether it is at most four characters over and over.
func repeats(plain string) bool {
	all := []rune(plain)
	for n := 1; n <= 4 && n < len(all); n++ {
		if strings.HasPrefix(strings.Repeat(string(all[:n]), len(all)/n+1), plain) {
			return true
		}
	}
	return false
}
