package web

import (
	"net/http"
	"testing"
)

func TestServiceWithoutSecondFactorsSaysSo(t *testing.T) {
	tn := newTown(t)
	chen := tn.signIn("officer:chen")
	chen.problem(http.StatusNotFound, "POST", "/api/session/factor", map[string]string{"code": "123456"})
	chen.problem(http.StatusNotFound, "POST", "/api/session/factor/enrol", nil)
	chen.problem(http.StatusUnprocessableEntity, "POST", "/api/session/factor", map[string]string{"code": "abc"})
}
