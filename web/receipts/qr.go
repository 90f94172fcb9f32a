package receipts

import (
	"bytes"
	"fmt"

	"github.com/skip2/go-qrcode"

	"shouwang"
)

// quiet is the white margin round a code, in modules (ISO/IEC 18004).
const quiet = 4

// qr returns the modules of a code that holds the text; true is black. Error
// correction is low: the text is long, verifies itself, and a code with fewer
// modules is read better from a screen.
func qr(text string) ([][]bool, error) {
	code, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeTooLarge, "the receipt is too long for a QR code: save it as text or PDF")
	}
	code.DisableBorder = true
	return code.Bitmap(), nil
}

// svgOf draws the modules with one path, a run of black at a time.
func svgOf(modules [][]bool) []byte {
	var b bytes.Buffer
	n := len(modules) + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, n, n, n, n)
	runs(modules, func(x, y, w int) { fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, w, w) })
	b.WriteString(`"/></svg>`)
	return b.Bytes()
}

// runs calls f for each run of black modules: column, row, width.
func runs(modules [][]bool, f func(x, y, w int)) {
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			w := 0
			for x+w < len(row) && row[x+w] {
				w++
			}
			if w > 0 {
				f(x, y, w)
				x += w
			}
		}
	}
}
