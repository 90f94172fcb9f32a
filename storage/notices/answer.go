package notices

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/wneessen/go-mail"

	"shouwang"
	"shouwang/storage/post"
)

// answer is why a letter was not taken, in words that name no address.
type answer struct {
	text string
	// one says that it is about this letter alone: the way out is open to others.
	one bool
	// final says that it will never be taken, however often it is tried.
	final bool
}

func (a *answer) Error() string { return a.text }

// Unwrap gives the error its code.
func (a *answer) Unwrap() error { return shouwang.Errorf(shouwang.CodeUnreachable, "%s", a.text) }

// mailAnswer sorts what a mail server said (RFC 5321, 4.2.1: 5yz is for good,
// 4yz for now). Only what it says of the addressee or the letter ends a letter:
// who may send at all (RFC 3463, X.7.X), the sender's name and the greeting are
// ours to mend, and meanwhile letters wait.
func mailAnswer(err error) *answer {
	a := &answer{text: "the mail server does not take it: " + plainAnswer(err.Error())}
	var said *mail.SendError
	if !errors.As(err, &said) || said.ErrorCode() == 0 || said.ErrorCode() == closing {
		return a
	}
	switch said.Reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
		ours := strings.HasPrefix(said.EnhancedStatusCode(), "5.7.")
		a.one, a.final = !ours, !ours && said.ErrorCode() >= 500
	}
	return a
}

// closing is a mail server's "service not available, closing channel".
const closing = 421

// hookFinal are the statuses of a webhook that say that this very body will
// never do. What a mended address or secret would change is tried again.
var hookFinal = []int{
	http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
}

func hookAnswer(err error) *answer {
	a := &answer{text: plainAnswer(err.Error())}
	var said *post.Refusal
	if errors.As(err, &said) {
		a.final = slices.Contains(hookFinal, said.Status)
		a.one = a.final
	}
	return a
}

// anAddress is what looks like a mail address in a server's words. Who is
// written to stands in no log.
var anAddress = regexp.MustCompile(`[^\s<>@:;,"]+@[^\s<>@:;,"]+`)

const longestAnswer = 200 // characters

// plainAnswer makes one line without addresses of what a server said; its bytes
// are whatever it likes.
func plainAnswer(s string) string {
	s, _, _ = strings.Cut(s, ", affected ") // go-mail adds addressee and message
	s = strings.ToValidUTF8(anAddress.ReplaceAllString(s, "…"), "?")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(s); len(runes) > longestAnswer {
		s = string(runes[:longestAnswer]) + "…"
	}
	return s
}
