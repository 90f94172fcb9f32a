package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"shouwang"
	"shouwang/policy"
)

// maxImport bounds an import file, in bytes.
const maxImport = 64 << 20

// node is a part of a YAML (or JSON, its subset) document that knows its line.
// It is decoded by way of JSON, since the types are declared for JSON once.
type node struct{ y *yaml.Node }

// parse reads one document. Anchors and aliases are refused: a small file
// could stand for a huge one.
func parse(r io.Reader) (*node, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("read import: %w", err)
	}
	if len(raw) > maxImport {
		return nil, shouwang.Errorf(shouwang.CodeTooLarge, "import: the file is larger than %d MB", maxImport>>20)
	}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		// JSON may be indented with tabs, YAML may not. No string of JSON holds a
		// bare tab, so nothing else is changed.
		raw = bytes.ReplaceAll(raw, []byte("\t"), []byte(" "))
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "import: the file is empty")
		}
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "import: %s", oneLine(err))
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "import: the file holds more than one document")
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "import: the file is empty")
	}
	return &node{doc.Content[0]}, nil
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
}

func (n *node) line() int { return n.y.Line }

// eachKey calls f for every key of a mapping.
func (n *node) eachKey(f func(key string, line int, value *node) error) error {
	if n.y.Kind != yaml.MappingNode {
		return atLine(n.line(), "expected keys and values, found %s", kindOf(n.y))
	}
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		if err := f(n.y.Content[i].Value, n.y.Content[i].Line, &node{n.y.Content[i+1]}); err != nil {
			return err
		}
	}
	return nil
}

// eachItem calls f for every item of a list; nothing at all is an empty list.
func (n *node) eachItem(f func(*node) error) error {
	if n.y.Tag == "!!null" {
		return nil
	}
	if n.y.Kind != yaml.SequenceNode {
		return atLine(n.line(), "expected a list, found %s", kindOf(n.y))
	}
	for _, item := range n.y.Content {
		if err := f(&node{item}); err != nil {
			return err
		}
	}
	return nil
}

func kindOf(y *yaml.Node) string {
	switch y.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		return "a single value"
	}
}

var unknownField = regexp.MustCompile(`unknown field "([^"]*)"`)

// decode fills in v; a key that v does not know is an error on its line.
func (n *node) decode(v any) error {
	plain, err := toPlain(n.y, "")
	if err != nil {
		return err
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return atLine(n.line(), "%v", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return atLine(lineOf(n.y, strings.Split(wrong.Field, ".")), "%s: expected %s, found %s", wrong.Field, wrong.Type, wrong.Value)
	}
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return atLine(lineOfKey(n.y, m[1]), "unknown key %q", m[1])
	}
	return atLine(n.line(), "%s", strings.TrimPrefix(oneLine(err), "json: "))
}

// toPlain turns a node into what encoding/json writes as the same JSON. Dates
// stay the text they are.
func toPlain(y *yaml.Node, key string) (any, error) {
	if y.Anchor != "" || y.Kind == yaml.AliasNode {
		return nil, atLine(y.Line, "anchors and aliases are not read; write the value out")
	}
	switch y.Kind {
	case yaml.MappingNode:
		return plainMap(y)
	case yaml.SequenceNode:
		list := make([]any, 0, len(y.Content))
		for _, item := range y.Content {
			v, err := toPlain(item, "")
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	if key == "slots" {
		return hours(y)
	}
	switch y.Tag {
	case "!!null", "!!bool", "!!int", "!!float":
		var v any
		if err := y.Decode(&v); err != nil {
			return nil, atLine(y.Line, "%s", oneLine(err))
		}
		return v, nil
	}
	return y.Value, nil
}

func plainMap(y *yaml.Node) (any, error) {
	out := make(map[string]any, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		if _, twice := out[k.Value]; twice || k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
			return nil, atLine(k.Line, "key %q is given twice or is not a plain key", k.Value)
		}
		v, err := toPlain(y.Content[i+1], k.Value)
		if err != nil {
			return nil, err
		}
		out[k.Value] = v
	}
	return out, nil
}

var dailyHours = regexp.MustCompile(`^daily (\d\d?)-(\d\d?)$`)

// hours reads the short forms of slots: "always", or "daily 6-23" for the hours
// from 06:00 to 22:59.
func hours(y *yaml.Node) (any, error) {
	if y.Value == "always" {
		return policy.EveryHour().Names(), nil
	}
	if m := dailyHours.FindStringSubmatch(y.Value); m != nil {
		from, _ := strconv.Atoi(m[1])
		to, _ := strconv.Atoi(m[2])
		if from < to && to <= 24 {
			return policy.DailyHours(from, to).Names(), nil
		}
	}
	return nil, atLine(y.Line, "slots: write always, daily 6-23, or a list as [mon-06, mon-07]")
}

// lineOfKey finds the first line that has the key, at any depth.
func lineOfKey(y *yaml.Node, key string) int {
	if y.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(y.Content); i += 2 {
			if y.Content[i].Value == key {
				return y.Content[i].Line
			}
		}
	}
	for _, c := range y.Content {
		if at := lineOfKey(c, key); at != 0 {
			return at
		}
	}
	return 0
}

// lineOf follows a path of keys as far as it goes, into the lists on its way.
func lineOf(y *yaml.Node, path []string) int {
	if len(path) == 0 || path[0] == "" {
		return y.Line
	}
	if at := lineOfKey(y, path[len(path)-1]); at != 0 {
		return at
	}
	return y.Line
}
