package lab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"shouwang"
)

// Keep writes a film's pictures to a file, for decoding costs far more than all
// that is measured here; what baselines saw in them is left out.
func (f *Film) Keep(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".half")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	w := bufio.NewWriterSize(file, 1<<20)
	fmt.Fprintf(w, "%d %d %d\n", f.Cols, f.Rows, len(f.Pictures))
	var b []byte
	for _, p := range f.Pictures {
		b = binary.LittleEndian.AppendUint64(b[:0], uint64(p.PTS))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.Size)<<1|uint32(one(p.Key)))
		for _, v := range p.Cells {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		_, _ = w.Write(b) // the error stays in w
	}
	if err := w.Flush(); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// Kept reads what Keep wrote.
func Kept(path string) (*Film, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	line, rest, _ := bytes.Cut(raw, []byte("\n"))
	var n int
	f := &Film{}
	if _, err := fmt.Sscan(string(line), &f.Cols, &f.Rows, &n); err != nil {
		return nil, fmt.Errorf("read kept pictures of %s: %w", path, err)
	}
	cells := f.Cols * f.Rows
	if cells <= 0 || len(rest) != n*(12+2*cells) {
		return nil, fmt.Errorf("read kept pictures of %s: it is not whole; remove it", path)
	}
	for range n {
		size := binary.LittleEndian.Uint32(rest[8:])
		p := Picture{PTS: shouwang.MediaTime(binary.LittleEndian.Uint64(rest)), Key: size&1 == 1, Size: int(size >> 1), Cells: make([]int16, cells)}
		for i := range p.Cells {
			p.Cells[i] = int16(binary.LittleEndian.Uint16(rest[12+2*i:]))
		}
		f.Pictures, rest = append(f.Pictures, p), rest[12+2*cells:]
	}
	return f, nil
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
