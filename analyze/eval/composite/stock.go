package composite

import (
	"context"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shouwang/analyze/eval"
)

// Stocks cuts every clip that a film is planned with, or fetches it from dir,
// where it is kept. A clip that cannot be cut is an error; one that is not
// there is left out, and the film it was for is drawn.
func Stocks(ctx context.Context, dir string, clips []eval.Clip, say func(string)) ([]*Stock, error) {
	var out []*Stock
	for _, c := range clips {
		wanted := false
		for _, p := range plans {
			wanted = wanted || strings.Contains(c.Name, p.clip)
		}
		if !wanted {
			continue
		}
		path := filepath.Join(dir, c.Name+".stock")
		s, err := readStock(path)
		if err != nil {
			say("cutting " + c.Name)
			if s, err = Cut(ctx, c); err != nil {
				return nil, err
			}
			if err := s.write(path); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// kept is a stock as it stands in a file.
type kept struct {
	Name        string
	Back        Still
	Names, Kind []string
	Frames      [][]keptSprite
}

type keptSprite struct {
	W, H       int
	Y, U, V, A []byte
}

func (s *Stock) write(path string) error {
	k := kept{Name: s.Name, Back: *s.Back}
	for _, m := range s.Movers {
		k.Names, k.Kind = append(k.Names, m.Name), append(k.Kind, m.Kind)
		var list []keptSprite
		for _, f := range m.frames {
			list = append(list, keptSprite{f.w, f.h, f.y, f.u, f.v, f.a})
		}
		k.Frames = append(k.Frames, list)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path + ".half")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := gob.NewEncoder(f).Encode(k); err != nil {
		return fmt.Errorf("keep %s: %w", path, err)
	}
	return os.Rename(path+".half", path)
}

func readStock(path string) (*Stock, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var k kept
	if err := gob.NewDecoder(f).Decode(&k); err != nil {
		return nil, err
	}
	s := &Stock{Name: k.Name, Back: &k.Back}
	for i, list := range k.Frames {
		m := &Mover{Name: k.Names[i], Kind: k.Kind[i], Real: true}
		for _, f := range list {
			m.frames = append(m.frames, sprite{f.W, f.H, f.Y, f.U, f.V, f.A})
		}
		s.Movers = append(s.Movers, m)
	}
	return s, nil
}
