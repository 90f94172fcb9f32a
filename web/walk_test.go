package web

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// document is what the walk needs of the OpenAPI document.
type document struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	Picture bool `json:"x-shouwang-picture"`
	Body    struct {
		Content map[string]struct {
			Schema schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"` // a name, or several
	Format     string            `json:"format"`
	Enum       []any             `json:"enum"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	MinItems   int               `json:"minItems"`
	MinLength  int               `json:"minLength"`
	Minimum    float64           `json:"minimum"`
}

// example is a value that the schema takes, with id for every name.
func (d *document) example(s schema, id string) any {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.example(d.Components.Schemas[name], id)
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	kind, _ := s.Type.(string)
	if several, ok := s.Type.([]any); ok && len(several) > 0 {
		kind, _ = several[0].(string)
	}
	switch kind {
	case "object":
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = d.example(s.Properties[name], id)
			if name == "from" {
				out[name] = wednesday.Add(-time.Minute).Format(time.RFC3339)
			}
		}
		return out
	case "array":
		out := []any{}
		for range s.MinItems {
			out = append(out, d.example(*s.Items, id))
		}
		return out
	case "integer", "number":
		return max(1, s.Minimum)
	case "boolean":
		return true
	}
	if s.Format == "date-time" {
		return wednesday.Format(time.RFC3339)
	}
	return id + strings.Repeat("x", max(0, s.MinLength-len(id)))
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// TestAdministratorSeesNoPictureAnywhere tries every operation that the OpenAPI
// document has, as an administrator, with bodies that pass validation, and
// looks at what comes back.
func TestAdministratorSeesNoPictureAnywhere(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, tn.store.file = picture(t)
	tn.store.units = tn.hubs.units
	tn.store.clips = []StoredClip{clipOf("clip-1", "door"), clipOf("clip-2", "gate")}
	raw, err := tn.server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	tried, pictures, marked := 0, 0, 0
	for path, methods := range doc.Paths {
		for method, o := range methods {
			if path == "/api/events/stream" || path == "/api/session" && method != "get" {
				continue // an endless answer, and what would end the walk
			}
			if o.Picture {
				marked++
			}
			for _, id := range []string{"door", "gate", "clip-1", "clip-2", "c-1"} {
				tried++
				status := tn.walk(&doc, method, path, o, id)
				if !o.Picture {
					continue
				}
				pictures++
				// Rooms whose neighbours are not here may fail before they refuse;
				// what counts is that nothing comes.
				alone := strings.HasPrefix(path, "/api/evidence/")
				if status != http.StatusForbidden && status != http.StatusNotFound && !(alone && status >= 400) {
					t.Errorf("%s %s with %s: want 403 or 404, got %d", method, path, id, status)
				}
			}
		}
	}
	if tried < 400 || marked < 4 || pictures != 5*marked {
		t.Errorf("tried %d, %d of them on %d picture routes: the walk is broken", tried, pictures, marked)
	}
	if open, total := tn.hubs.counts(); open != 0 || total != 0 || tn.store.opened != 0 {
		t.Errorf("pictures were opened: %d live, %d recorded", total, tn.store.opened)
	}
	for _, kind := range tn.audit.kinds() {
		if kind == "look" {
			t.Error("a look was logged")
		}
	}
}

// walk tries one operation as an administrator and returns the answer's status.
func (tn *town) walk(doc *document, method, path string, o operation, id string) int {
	tn.t.Helper()
	admin := tn.signIn("admin:ops")
	url := parameter.ReplaceAllString(path, id) + "?purpose=public_safety&case=case-1"
	var body any
	for kind, content := range o.Body.Content {
		body = doc.example(content.Schema, id)
		if kind == "application/sdp" {
			body = "v=0\r\n"
		}
	}
	resp := admin.request(context.Background(), strings.ToUpper(method), url, body)
	defer resp.Body.Close()
	kind := resp.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "video/") || strings.HasPrefix(kind, "image/") || kind == "application/sdp" {
		tn.t.Errorf("%s %s shows a picture to an administrator: %d %s", method, url, resp.StatusCode, kind)
	}
	return resp.StatusCode
}
