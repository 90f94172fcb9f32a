// Package evidence packs a stretch of a camera for a case so that it can be
// checked by whoever gets it, years later, without this house: the bits as they
// came from the camera, a manifest that says what they are and by whose
// decision they left, a signature over it, and the proof that the export stands
// in the access log.
//
// A package is a zip file of:
//
//	video.mp4       the pictures: as received, not encoded again, where the
//	                manifest's form is original; where it is veiled, a copy with
//	                masks, people and vehicles pixelated, and the package's id
//	manifest.json   Manifest; names and hashes every other file but the signature
//	manifest.sig    a signed note (C2SP signed-note) over the manifest's hash
//	log-proof.json  the entry of the access log with its inclusion proof
//	papers.pub      the public key (compare it with the published one)
//	README.zh.txt, README.en.txt, verify.html   what it is and how to check it
package evidence

import (
	"archive/zip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"shouwang"
	"shouwang/storage/notary"
)

// Format is the first line of the signed note.
const Format = "守望证据包 shouwang evidence v1"

//go:embed parts/README.zh.txt parts/README.en.txt parts/verify.html
var parts embed.FS

// Manifest says what the package is. Times are UTC.
type Manifest struct {
	Format     string              `json:"format"`
	ID         string              `json:"id"`
	Made       time.Time           `json:"made"`
	Camera     string              `json:"camera"`
	CameraName string              `json:"camera_name,omitempty"`
	Place      []string            `json:"place,omitempty"` // from the widest to the house
	LegalClass shouwang.LegalClass `json:"legal_class"`
	From       time.Time           `json:"from"` // capture time asked for
	To         time.Time           `json:"to"`
	Gaps       []Gap               `json:"gaps"`
	Clock      Clock               `json:"clock"`
	Case       string              `json:"case,omitempty"`
	Order      string              `json:"order,omitempty"`
	Purpose    string              `json:"purpose"`
	Form       string              `json:"form,omitempty"` // of the pictures: original (also when empty) or veiled
	Reason     string              `json:"reason"`
	Recipient  string              `json:"recipient"` // whom it was made for
	Requester  string              `json:"requester"`
	Approver   string              `json:"approver"`
	Decision   Decision            `json:"decision"`
	LogEntry   uint64              `json:"log_entry"`
	// Standing is "lead" until a person has reviewed it (Penalty Law, art. 41).
	Standing string `json:"standing"`
	Files    []File `json:"files"`
}

// Gap is a stretch that was not recorded, and why.
type Gap struct {
	From  time.Time         `json:"from"`
	To    time.Time         `json:"to"`
	Cause shouwang.GapCause `json:"cause"`
}

// Clock is how far the camera's clock was off, and how well that is known.
type Clock struct {
	OffsetMS      float64 `json:"offset_ms"`
	UncertaintyMS float64 `json:"uncertainty_ms"`
}

// Decision is by what the package left the house.
type Decision struct {
	ID          string   `json:"id"`
	PolicySet   string   `json:"policy_set"`
	Consent     string   `json:"consent,omitempty"` // "c-17@3"
	Reasons     []string `json:"reasons"`
	Obligations []string `json:"obligations"`
}

// File is one file of the package.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// Video is the name of the pictures' file.
const Video = "video.mp4"

// packer writes files into a zip and remembers their hashes.
type packer struct {
	zip   *zip.Writer
	made  time.Time
	files []File
}

// add copies one file; what is compressed already is stored as it is.
func (p *packer) add(name string, src io.Reader) error {
	method := zip.Deflate
	if name == Video {
		method = zip.Store
	}
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: p.made})
	if err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), src)
	if err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	p.files = append(p.files, File{Name: name, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// Pack writes the package to w as it reads the video, so that neither memory
// nor disk holds it. proof is the log's word as JSON. The manifest's Format,
// Standing and Files are filled in. When it fails, what was written is no
// package: it has no manifest.
func Pack(w io.Writer, m Manifest, video io.Reader, proof any, n *notary.Notary) error {
	p := &packer{zip: zip.NewWriter(w), made: m.Made}
	if err := p.add(Video, video); err != nil {
		return err
	}
	rawProof, err := json.MarshalIndent(proof, "", " ")
	if err != nil {
		return fmt.Errorf("pack proof: %w", err)
	}
	if err := p.addText("log-proof.json", string(rawProof)+"\n"); err != nil {
		return err
	}
	if err := p.addText("papers.pub", n.Key()+"\n"); err != nil {
		return err
	}
	for _, name := range []string{"README.zh.txt", "README.en.txt", "verify.html"} {
		raw, err := parts.ReadFile("parts/" + name)
		if err != nil {
			return err
		}
		if err := p.addText(name, string(raw)); err != nil {
			return err
		}
	}
	return p.seal(m, n)
}

// seal writes the manifest over all files so far, signs it and ends the zip.
func (p *packer) seal(m Manifest, n *notary.Notary) error {
	m.Format, m.Files = Format, p.files
	if m.Standing == "" {
		m.Standing = "lead"
	}
	raw, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("pack manifest: %w", err)
	}
	raw = append(raw, '\n')
	signed, err := n.Sign(noteOf(m.ID, raw))
	if err != nil {
		return err
	}
	if err := p.addText("manifest.json", string(raw)); err != nil {
		return err
	}
	if err := p.addText("manifest.sig", signed); err != nil {
		return err
	}
	return p.zip.Close()
}

func (p *packer) addText(name, text string) error { return p.add(name, stringReader(text)) }

// noteOf is the text that is signed: the format, the package's id and the
// manifest's hash.
func noteOf(id string, manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return fmt.Sprintf("%s\nid: %s\nmanifest.json sha256: %s\n", Format, id, hex.EncodeToString(sum[:]))
}
