#ifndef SHOUWANG_ENCODER_H
#define SHOUWANG_ENCODER_H

#include <stddef.h>
#include <stdint.h>

typedef struct sw_encoder sw_encoder;

// A source picture: planar, 8 bits, chroma halved as the shifts say, -1 for grey.
typedef struct {
	const uint8_t *plane[3];
	int stride[3];
	int width, height, chroma_w, chroma_h, full_range;
} sw_source;

// The encoder's own picture, 4:2:0, drawn on between load and encode.
typedef struct {
	uint8_t *plane[3];
	int stride[3];
} sw_canvas;

sw_encoder *sw_encoder_open(int width, int height, int gop, int64_t bitrate, int full_range);
void sw_encoder_close(sw_encoder *e);
int sw_encoder_load(sw_encoder *e, const uint8_t *y, const uint8_t *u, const uint8_t *v, int stride_y, int stride_c,
	int width, int height, int chroma_w, int chroma_h, sw_canvas *out);
// Both return 1 with a packet, 0 without, negative on an error. The packet's
// bytes are valid until the next call.
int sw_encoder_encode(sw_encoder *e, int64_t pts, int force_key, const uint8_t **data, int *size, int *key, int64_t *tag);
int sw_encoder_flush(sw_encoder *e, const uint8_t **data, int *size, int *key, int64_t *tag);

#endif
