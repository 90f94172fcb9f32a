package receipts

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Page is A4 in points (1/72 inch).
const (
	pageWidth  = 595.0
	pageHeight = 842.0
)

// page writes one page of PDF 1.4: Latin letters in Helvetica, Chinese in the reader's own Song typeface
// (STSong-Light with the Unicode encoding UniGB-UTF16-H, which readers have by
// name: PDF Reference 1.4, 5.6.3), so that no font is embedded.
type page struct {
	out bytes.Buffer
}

// text writes a line with its left end at x, y from the top.
func (p *page) text(x, y, size float64, s string) {
	fmt.Fprintf(&p.out, "BT %.1f %.1f Td ", x, pageHeight-y)
	for len(s) > 0 {
		n := strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 != (s[0] >= 0x80) })
		if n < 0 {
			n = len(s)
		}
		if s[0] >= 0x80 {
			fmt.Fprintf(&p.out, "/F1 %.1f Tf <%s> Tj ", size, hex16(s[:n]))
		} else {
			fmt.Fprintf(&p.out, "/F2 %.1f Tf <%X> Tj ", size, s[:n])
		}
		s = s[n:]
	}
	p.out.WriteString("ET\n")
}

// box fills a rectangle, x and y of its upper left corner from the top.
func (p *page) box(x, y, w, h float64) {
	fmt.Fprintf(&p.out, "%.3f %.3f %.3f %.3f re f\n", x, pageHeight-y-h, w, h)
}

// line draws a thin rule.
func (p *page) line(x1, y, x2 float64) {
	fmt.Fprintf(&p.out, "0.5 w %.1f %.1f m %.1f %.1f l S\n", x1, pageHeight-y, x2, pageHeight-y)
}

// modules draws a code of the width given.
func (p *page) modules(x, y, width float64, modules [][]bool) {
	unit := width / float64(len(modules))
	runs(modules, func(mx, my, w int) {
		p.box(x+float64(mx)*unit, y+float64(my)*unit, float64(w)*unit, unit)
	})
}

// file returns the document.
func (p *page) file(title string) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.0f %.0f] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 9 0 R >> >> >>", pageWidth, pageHeight),
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", p.out.Len(), p.out.String()),
		"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UTF16-H /Encoding /UniGB-UTF16-H /DescendantFonts [6 0 R] >>",
		"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >>" +
			" /DW 1000 /W [1 95 500 814 939 500] /FontDescriptor 7 0 R >>",
		"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
		"<< /Title <FEFF" + hex16(title) + "> /Producer (Shouwang) >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 8 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return out.Bytes()
}

func hex16(s string) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}
