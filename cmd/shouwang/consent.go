package main

import (
	"encoding/json"
	"fmt"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/storage/notary"
)

type consentCmd struct {
	Verify consentVerifyCmd `cmd:"" help:"Say whether an exported consent record is as it was signed, and what it says. Needs no network and no service."`
}

type consentVerifyCmd struct {
	File string   `arg:"" help:"The record as the page saves it (JSON); - for standard input."`
	Key  []string `required:"" help:"Public key (one line that begins with shouwang.papers+), or a file that holds one a line." placeholder:"KEY|FILE"`
	JSON bool     `name:"json" help:"Print one JSON object."`
}

// record is the exported file, as far as it is checked.
type record struct {
	Signed   string               `json:"signed"`
	Versions []*policy.Consent    `json:"versions"`
	Notices  []*papers.NoticeText `json:"notices"`
}

// Run verifies one record; one that does not hold is exit 1.
func (c consentVerifyCmd) Run(a app) error {
	keys, err := readKeys(c.Key)
	if err != nil {
		return err
	}
	raw, err := readPaper(a, c.File)
	if err != nil {
		return err
	}
	var r record
	if err := json.Unmarshal(raw, &r); err != nil || r.Signed == "" {
		return shouwang.Errorf(shouwang.CodeTampered, "this is no exported consent record: it is the JSON file that the page saves, with its signature")
	}
	for _, v := range r.Versions {
		if v == nil {
			return shouwang.Errorf(shouwang.CodeTampered, "a version is missing")
		}
	}
	text, err := notary.Verify(r.Signed, keys...)
	if err != nil {
		return err
	}
	paper, err := papers.ParseRecordPaper(text)
	if err != nil {
		return err
	}
	if err := paper.Check(r.Versions, r.Notices); err != nil {
		return err
	}
	if c.JSON {
		return jsonLine(a.out, paper)
	}
	for _, v := range r.Versions {
		last := v.Events[len(v.Events)-1]
		if _, err := fmt.Fprintf(a.out, "%s  %s  %s by %s\n", v.Ref(), last.Time.Format("2006-01-02 15:04"), last.Type, last.By); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "%s\nThe record holds: every version is as it was signed, and none is missing.\n同意记录有效：各版本与签署时一致，无缺失。\n", text)
	return err
}
