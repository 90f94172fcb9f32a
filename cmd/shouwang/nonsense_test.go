package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallTown = `timezone: Asia/Shanghai
audiences: [dispatch-centre]
places: [{id: town, kind: township, name: 镇}]
units: [{id: office, name: 政府, kind: department}]
people: [{id: "officer:chen", type: officer, name: 陈静, roles: [dispatcher], jurisdiction: town}]
`

// at runs commands on a data folder.
func at(data, in string, args ...string) (code int, out, said string) {
	var o, e strings.Builder
	code = run(context.Background(), append(args, "--data", data), app{strings.NewReader(in), &o, &e})
	return code, o.String(), e.String()
}

// TestNonsenseAtTheMachineChangesNothing: what the page would refuse is refused
// here too, with the exit code of bad usage and one line, and nothing is written.
func TestNonsenseAtTheMachineChangesNothing(t *testing.T) {
	data := t.TempDir()
	if code, _, said := at(data, smallTown, "place", "import", "-"); code != 0 {
		t.Fatal(said)
	}
	camera := []string{"camera", "add", "door", "--place", "town", "--legal-class", "resident", "--mount", "own_premises"}
	for name, row := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a role that is none":       {[]string{"user", "add", "officer:new", "--role", "king"}, 2, `no role "king"`},
		"a unit that is none":       {[]string{"user", "add", "officer:new", "--unit", "nowhere"}, 2, `no unit "nowhere"`},
		"an audience that is none":  {[]string{"user", "add", "officer:new", "--audience", "nobody"}, 2, `no audience "nobody"`},
		"a resident's role":         {[]string{"user", "add", "resident:new", "--role", "dispatcher"}, 2, "only officers"},
		"a name that is in use":     {[]string{"user", "add", "resident:new", "--login", "chen"}, 1, "officer:chen"},
		"an owner that is none":     {append(camera, "--owner", "nobody", "--push"), 2, "resident:NAME"},
		"not on the earth":          {append(camera, "--owner", "resident:li", "--push", "--position", "999,1"), 2, "not on the earth"},
		"another kind of address":   {append(camera, "--owner", "resident:li", "--main", "http://x"), 2, "rtsp://"},
		"what is no address at all": {[]string{"camera", "test", "nonsense"}, 2, "rtsp://"},
	} {
		code, out, said := at(data, "", row.args...)
		if code != row.code || !strings.Contains(said, row.says) || strings.Count(said, "\n") != 1 || out != "" {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, said)
		}
	}
	if code, out, said := at(data, "", "camera", "list"); code != 0 || out != "" {
		t.Errorf("cameras: %d %q %s", code, out, said)
	}
	if _, out, said := at(data, smallTown, "decide"); said == "" {
		t.Errorf("a township for a request: %s", out)
	}
	if code, out, _ := at(data, smallTown, "place", "plan", "-"); code != 0 || out != "nothing would change\n" {
		t.Errorf("the same again: %d %q", code, out)
	}
}

// TestAFolderOfSomethingElseIsNoData: a mistyped folder is neither clean nor
// made into one.
func TestAFolderOfSomethingElseIsNoData(t *testing.T) {
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "holiday.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, list := range map[int][][]string{1: {{"check"}}, 2: {{"camera", "list"}, {"user", "list"}}} {
		for _, args := range list {
			for _, dir := range []string{other, filepath.Join(other, "mistyped")} {
				code, out, said := at(dir, "", args...)
				if code != want || !strings.Contains(said, dir) || out != "" {
					t.Errorf("%v: exit %d, %q, %q", args, code, out, said)
				}
			}
		}
	}
	if left, _ := os.ReadDir(other); len(left) != 1 {
		t.Errorf("the folder has %v", left)
	}
}

func TestHelpIsGivenHoweverItIsAskedFor(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"help", "camera", "add"}} {
		var out, errs strings.Builder
		if code := run(context.Background(), args, app{nil, &out, &errs}); code != 0 || !strings.Contains(out.String(), "Usage: shouwang") || errs.Len() > 0 {
			t.Errorf("%v: exit %d, %q %q", args, code, out.String(), errs.String())
		}
	}
}
