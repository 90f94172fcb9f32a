#ifndef SHOUWANG_DECODER_H
#define SHOUWANG_DECODER_H

#include <stdint.h>

typedef struct sw_decoder sw_decoder;

// One decoded picture. Pointers stay valid until the next call on its decoder.
typedef struct {
	const uint8_t *plane[3]; // luma, then chroma where the format has it
	int stride[3];
	int width, height;
	int chroma_w, chroma_h; // shift of the chroma planes; -1 without chroma
	int full_range, damaged, key;
	int64_t tag;
} sw_picture;

// What sw_decode, sw_next and sw_drain return besides a negative error.
enum { SW_NONE = 0, SW_PICTURE = 1 };

// sw_thrift has freed pictures returned at once; call it before anything else.
void sw_thrift(void);

sw_decoder *sw_open(int hevc, int skip_loop_filter, int64_t max_pixels);
void sw_close(sw_decoder *d);
void sw_flush(sw_decoder *d);
// sw_decode hands one access unit (Annex B, parameter sets apart) to the
// decoder and returns the first picture that comes out; errors tells how often
// the decoder complained. alone drains the decoder and flushes it afterwards,
// so that a key frame gives its picture at once and leaves nothing behind.
int sw_decode(sw_decoder *d, const uint8_t *params, int params_len, const uint8_t *unit, int unit_len,
	int64_t tag, int alone, sw_picture *out, int *errors, int64_t *nanos);
int sw_next(sw_decoder *d, sw_picture *out);
void sw_drain(sw_decoder *d); // after it, sw_next until SW_NONE, then sw_flush
unsigned sw_version(void);
void sw_trim(void);

#endif
