package papers

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
)

const recordTitle = "守望同意记录 shouwang consent record v1"

// RecordPaper is the signed head of a consent record that its owner takes home:
// whose, how many versions, and the hash that the last one ends the chain with.
// The versions travel beside it and are checked against it.
type RecordPaper struct {
	Consent  string    // "c-17"
	Camera   string    // "camera:door-17"
	Exported time.Time // to the second, UTC
	Versions int
	State    policy.ConsentState
	Head     string // record_hash of the last version
}

// NewRecordPaper is the paper over all versions of one record, oldest first.
func NewRecordPaper(versions []*policy.Consent, exported time.Time) (*RecordPaper, error) {
	if len(versions) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "this consent has no version")
	}
	last := versions[len(versions)-1]
	return &RecordPaper{
		Consent: last.ID, Camera: last.Camera, Exported: exported.UTC().Truncate(time.Second), Versions: len(versions), State: last.State, Head: last.RecordHash,
	}, nil
}

// Text returns the canonical text that is signed, one line a fact. A value that
// would break a line is CodeBadUsage.
func (p *RecordPaper) Text() (string, error) {
	text := strings.Join([]string{
		recordTitle, "consent: " + p.Consent, "camera: " + p.Camera, "exported: " + p.Exported.UTC().Format(time.RFC3339),
		"versions: " + strconv.Itoa(p.Versions), "state: " + string(p.State), "head: " + p.Head,
	}, "\n") + "\n"
	if strings.Count(text, "\n") != 7 || strings.ContainsFunc(text, func(c rune) bool { return c < 0x20 && c != '\n' || c == 0x7f || c == 0xfffd }) {
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "write consent record: a value holds a control character")
	}
	return text, nil
}

// ParseRecordPaper reads a canonical text; anything else is CodeTampered.
func ParseRecordPaper(text string) (*RecordPaper, error) {
	bad := shouwang.Errorf(shouwang.CodeTampered, "this is no consent record of Shouwang")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 7 || lines[0] != recordTitle {
		return nil, bad
	}
	values := make([]string, len(lines)-1)
	for i, name := range []string{"consent", "camera", "exported", "versions", "state", "head"} {
		v, ok := strings.CutPrefix(lines[i+1], name+": ")
		if !ok {
			return nil, bad
		}
		values[i] = v
	}
	exported, err := time.Parse(time.RFC3339, values[2])
	versions, err2 := strconv.Atoi(values[3])
	p := &RecordPaper{Consent: values[0], Camera: values[1], Exported: exported, Versions: versions, State: policy.ConsentState(values[4]), Head: values[5]}
	if again, err3 := p.Text(); err != nil || err2 != nil || err3 != nil || again != text {
		return nil, bad
	}
	return p, nil
}

// Check reports, as CodeTampered, versions that are not those the paper was
// signed over: the chain from the first on, its length, its end, and the texts
// of the notices that the versions name.
func (p *RecordPaper) Check(versions []*policy.Consent, notices []*NoticeText) error {
	if err := policy.VerifyChain(versions); err != nil {
		return err
	}
	now, err := NewRecordPaper(versions, p.Exported)
	if err != nil {
		return err
	}
	if *now != *p {
		return shouwang.Errorf(shouwang.CodeTampered, "the versions are not those that were signed: the paper is over %d, ending with %s", p.Versions, p.Head)
	}
	for _, v := range versions {
		if err := noticeHolds(v, notices); err != nil {
			return shouwang.Errorf(shouwang.CodeTampered, "consent %s: %w", v.Ref(), err)
		}
	}
	return nil
}

// noticeHolds compares the notice that was shown with the text beside it; a
// version without a notice, or whose notice was not put beside it, says nothing.
func noticeHolds(c *policy.Consent, notices []*NoticeText) error {
	if c.Notice == nil || c.Notice.Hash == "" {
		return nil
	}
	for _, n := range notices {
		if n.ID != c.Notice.ID || n.Version != c.Notice.Version {
			continue
		}
		if hash, err := n.Hash(c.Notice.Language); err != nil || hash != c.Notice.Hash {
			return fmt.Errorf("the notice %s in %q is not the one that was shown", n.Ref(), c.Notice.Language)
		}
	}
	return nil
}
