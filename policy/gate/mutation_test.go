package gate

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shouwang/policy"
)

// mutant is the policy set with one place changed.
type mutant struct {
	policy, what string
	file, text   string // the changed file
}

// equivalents are mutants that change no answer, each with the reason.
var equivalents = map[string]string{
	`machine: any action 0: "action in Action::\"machine\"" -> "action"`: "the gate asks for the machine to analyse and record only",
	`machine: anybody 0: "principal is Service, " -> "principal, "`:      "only the gate's own question is internal, and it is a service's",
	`order: any action 0: "action == Action::\"export\"" -> "action"`:    "only an export rests on an order",
	`own: anybody 0: "principal is Resident, " -> "principal, "`:         "only a resident's request rests on owning",
	`subject: anybody 0: "principal is Resident, " -> "principal, "`:     "only a resident's request rests on being filmed",
}

// operators rewrite one occurrence of a pattern in a policy's text.
var operators = []struct {
	name    string
	pattern *regexp.Regexp
	with    []string
}{
	{"negation dropped", regexp.MustCompile(`!\(|!context\.|!principal\.|!resource\.`), []string{"DROP"}},
	{"and for or", regexp.MustCompile(`\|\|`), []string{"&&"}},
	{"or for and", regexp.MustCompile(`&&`), []string{"||"}},
	{"unequal", regexp.MustCompile(` == "`), []string{` != "`}},
	{"fact stuck", regexp.MustCompile(`context\.[a-z_]+\b`), []string{"true", "false"}},
	{"attribute stuck", regexp.MustCompile(`(principal|resource)\.(on_duty|attended|sign|sound)\b`), []string{"true", "false"}},
	{"role dropped", regexp.MustCompile(`"[a-z_]+", |, "[a-z_]+"`), []string{""}},
	{"action dropped", regexp.MustCompile(`Action::"[a-z_]+", |, Action::"[a-z_]+"`), []string{""}},
	{"obligation dropped", regexp.MustCompile(`(mask|blur_\w+|watermark|notify\w+|evidence_package|hold_for_case|no_download|supervised|report_oversight) ?`), []string{""}},
	{"ttl", regexp.MustCompile(`@ttl\("`), []string{`@ttl("1`}},
	{"unless dropped", regexp.MustCompile(`(?s)\nunless \{.*?\n?\};`), []string{";"}},
	{"when dropped", regexp.MustCompile(`(?s)\nwhen \{.*?(\n\}|\})`), []string{""}},
	{"anybody", regexp.MustCompile(`principal is [A-Z]\w+, `), []string{"principal, "}},
	{"any action", regexp.MustCompile(`action (==|in) (\[[^\]]*\]|Action::"\w+")`), []string{"action"}},
	{"effect", regexp.MustCompile(`\nforbid `), []string{"\npermit "}},
	{"policy dropped", regexp.MustCompile(`(?s)^.*$`), []string{""}},
}

// splitPolicies returns the text of each policy of a file, by id.
func splitPolicies(text string) map[string]string {
	out := map[string]string{}
	for _, part := range strings.Split(text, "@id(")[1:] {
		end := strings.Index(part, ";\n")
		id := strings.Trim(part[:strings.Index(part, ")")], `"`)
		out[id] = "@id(" + part[:end+2]
	}
	return out
}

func mutants(t *testing.T) (out []mutant) {
	t.Helper()
	files, err := os.ReadDir("rules")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".cedar") {
			continue
		}
		raw, err := os.ReadFile("rules/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for id, text := range splitPolicies(string(raw)) {
			for what, changed := range mutate(text) {
				out = append(out, mutant{id, what, f.Name(), strings.Replace(string(raw), text, changed, 1)})
			}
		}
	}
	slices.SortFunc(out, func(a, b mutant) int { return strings.Compare(a.policy+a.what, b.policy+b.what) })
	return out
}

func mutate(text string) map[string]string {
	out := map[string]string{}
	for _, op := range operators {
		for n, at := range op.pattern.FindAllStringIndex(text, -1) {
			if op.name == "obligation dropped" && !strings.Contains(text[:at[1]], "@oblige") {
				continue
			}
			for _, with := range op.with {
				found := text[at[0]:at[1]]
				if with == "DROP" {
					with = found[1:]
				}
				what := fmt.Sprintf("%s %d: %.30q -> %q", op.name, n, found, with)
				out[what] = text[:at[0]] + with + text[at[1]:]
			}
		}
	}
	return out
}

// TestMutantsOfThePoliciesAreKilled changes every policy in every way above
// and asks whether the scenarios or the near misses notice.
func TestMutantsOfThePoliciesAreKilled(t *testing.T) {
	if sampled() {
		t.Skip("mutates the policy set some hundred times: not in a short run, nor under the race detector")
	}
	t.Parallel()
	killers := newKillers(t)
	if whole, err := ParseRules(mutated(t, mutant{})); err != nil || killers.kill(whole) {
		t.Fatal("the tests kill the policy set as it is: they prove nothing", err)
	}
	killed, stillborn, equal := 0, 0, 0
	var survivors []string
	for _, m := range mutants(t) {
		rules, err := ParseRules(mutated(t, m))
		switch name := m.policy + ": " + m.what; {
		case err != nil:
			stillborn++
		case killers.kill(rules):
			killed++
		case equivalents[name] != "":
			equal++
		default:
			survivors = append(survivors, name)
		}
	}
	score := 100 * float64(killed) / float64(killed+len(survivors))
	t.Logf("%d killed, %d survive, %d equivalent, %d do not compile: score %.1f %%", killed, len(survivors), equal, stillborn, score)
	for _, s := range survivors {
		t.Logf("survives: %s", s)
	}
	if score < 95 || killed < 200 {
		t.Errorf("mutation score %.1f %% of %d, want 95 %%", score, killed+len(survivors))
	}
}

func mutated(t *testing.T, m mutant) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"schema.cedarschema", "1-everyone.cedar", "2-consent.cedar", "3-recorded.cedar", "4-permits.cedar"} {
		raw, err := os.ReadFile("rules/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if name == m.file {
			raw = []byte(m.text)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	return files
}

// killers are the tests of a policy set, fit to be run on any set.
type killers struct {
	worlds map[string]*policy.World
	rows   map[string][]row
	near   []facts
}

func newKillers(t *testing.T) *killers {
	k := &killers{worlds: map[string]*policy.World{}, rows: map[string][]row{}}
	for _, dir := range []string{"../testdata"} {
		k.worlds[dir], k.rows[dir] = readWorld(t, dir), readRows(t, dir)
	}
	seen := map[facts]bool{}
	for _, p := range probes(t) {
		if p.s != nil && !seen[p.s.facts] {
			seen[p.s.facts] = true
			k.near = append(k.near, p.s.facts)
		}
	}
	return k
}

func (k *killers) kill(rules *Rules) bool {
	for dir, rows := range k.rows {
		g, err := NewGate(k.worlds[dir], nowForTests, Options{Rules: rules})
		if err != nil {
			return true
		}
		for _, r := range rows {
			d := g.Decide(r.Request)
			if differs(&d, r) {
				return true
			}
		}
	}
	for _, f := range k.near {
		if rules.judge(f).allow {
			return true
		}
	}
	return machineDiffers(k.worlds["../testdata"], rules) || k.gateDiffers(rules)
}

// gateDiffers asks the scenarios where the township forces the view gate and
// nobody has approved a view: what is not looking stays as it was, and so does
// the look that approves; nothing else that rests on consent is allowed.
func (k *killers) gateDiffers(rules *Rules) bool {
	w := broken(k.worlds["../testdata"], policy.ViewGateRequired)
	for _, r := range k.rows["../testdata"] {
		s, wrong := newScene(w, &asked{Request: r.Request}, false)
		if wrong != "" || r.Expect.Decision != "allow" {
			continue
		}
		if want := s.basis != basisConsent || !s.touches(); rules.judge(*s.weigh()).allow != want {
			return true
		}
	}
	return false
}

func differs(d *policy.Decision, r row) bool {
	var ids []policy.ObligationID
	for _, o := range d.Obligations {
		ids = append(ids, o.ID)
	}
	slices.Sort(ids)
	want := slices.Sorted(slices.Values(r.Expect.Obligations))
	return d.Decision != r.Expect.Decision || !slices.Equal(ids, want) ||
		r.Expect.Reasons != nil && !slices.Equal(d.Reasons, r.Expect.Reasons) ||
		r.Expect.TTL != 0 && d.TTL != r.Expect.TTL
}

// TestFactsStuckAreNoticed forces each fact true, then false, wherever it is
// computed: the near misses must notice the first, the scenarios the second.
func TestFactsStuckAreNoticed(t *testing.T) {
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	w, rows := readWorld(t, "../testdata"), readRows(t, "../testdata")
	near := probes(t)
	for k := range countFacts {
		if !noticed(rules, near, k) && k != factInternal {
			t.Errorf("fact %d stuck at true is not noticed", k)
		}
		if !missed(rules, w, rows, k) && k != factInternal {
			t.Errorf("fact %d stuck at false is not noticed", k)
		}
	}
}

func noticed(rules *Rules, near []probe, k fact) bool {
	for _, p := range near {
		if p.s == nil {
			continue
		}
		f := p.s.facts
		if f.set(k, true); rules.judge(f).allow {
			return true
		}
	}
	return false
}

func missed(rules *Rules, w *policy.World, rows []row, k fact) bool {
	for _, r := range rows {
		if r.Expect.Decision != "allow" {
			continue
		}
		s, _ := newScene(w, &asked{Request: r.Request}, false)
		f := *s.weigh()
		if f.set(k, false); !rules.judge(f).allow {
			return true
		}
	}
	return false
}
