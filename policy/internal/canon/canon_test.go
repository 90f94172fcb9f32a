package canon

import "testing"

func TestCanonicalJSON(t *testing.T) {
	got, err := JSON(map[string]any{"b": 1.5, "a": []any{nil, true, "<é\n\"\u2028\x01>"}, "": 1e21})
	if want := "{\"\":1e+21,\"a\":[null,true,\"<é\\n\\\"\u2028\\u0001>\"],\"b\":1.5}"; err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s (%v)", got, want, err)
	}
}
