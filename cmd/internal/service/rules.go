package service

import (
	"context"
	"os"
	"time"

	"shouwang/analyze/event/rules"
	"shouwang/cmd/internal/pipeline"
)

// rulesEvery is how often a camera's rules file is looked at.
const rulesEvery = 2 * time.Second

// followRules keeps a pipeline's rules as the camera's file says, without a
// restart: rules/CAMERA.json in the data folder. A file that cannot be read as
// rules is reported once and the rules before it stay in force.
func (s *sight) followRules(ctx context.Context, pipe *pipeline.Pipeline) {
	var read time.Time
	for {
		info, err := os.Stat(s.rules)
		switch {
		case err == nil && !info.ModTime().Equal(read):
			read = info.ModTime()
			s.readRules(pipe)
		case err != nil && !read.IsZero():
			read = time.Time{}
			pipe.SetRules(nil)
			s.log.Info("rules removed", "camera", s.camera)
		}
		if !sleep(ctx, rulesEvery) {
			return
		}
	}
}

func (s *sight) readRules(pipe *pipeline.Pipeline) {
	raw, err := os.ReadFile(s.rules)
	var list []rules.Rule
	if err == nil {
		list, err = rules.Parse(raw)
	}
	if err != nil {
		s.log.Error("rules cannot be used; those before stay in force", "camera", s.camera, "file", s.rules, "error", err)
		return
	}
	pipe.SetRules(list)
	s.log.Info("rules in force", "camera", s.camera, "rules", len(list))
}
