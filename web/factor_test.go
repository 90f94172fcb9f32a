package web

import (
	"net/http"
	"testing"

	"shouwang/web/auth"
)

// The account service is both without an adapter; one that wraps it hides the
// second factor.
var (
	_ Accounts = (*auth.Service)(nil)
	_ factors  = (*auth.Service)(nil)
)

func TestServiceWithoutSecondFactorsSaysSo(t *testing.T) {
	tn := newTown(t)
	chen := tn.signIn("officer:chen")
	chen.problem(http.StatusNotFound, "POST", "/api/session/factor", map[string]string{"code": "123456"})
	chen.problem(http.StatusNotFound, "POST", "/api/session/factor/enrol", nil)
	chen.problem(http.StatusUnprocessableEntity, "POST", "/api/session/factor", map[string]string{"code": "abc"})
}
