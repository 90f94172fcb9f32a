// Package event turns observations of one camera into tracks and tracks into
// events: something came, moved or stayed, and went. It reasons in media time
// only, so pictures may arrive at any rate from 30 a second down to one every
// two, as the cascade decodes more or less of a stream.
package event
