#ifndef SHOUWANG_ENCODER_H
#define SHOUWANG_ENCODER_H

#include <stddef.h>
#include <stdint.h>

typedef struct sw_encoder sw_encoder;
typedef struct sw_canvas sw_canvas;

// The planes of a canvas, 4:2:0, to be drawn on.
typedef struct {
	uint8_t *plane[3];
	int stride[3];
} sw_planes;

// A canvas is a picture of one size that decoded pictures are scaled to, drawn
// on and encoded from, by any number of encoders of that size.
sw_canvas *sw_canvas_open(int width, int height, int full_range);
void sw_canvas_close(sw_canvas *c);
// Chroma is halved as the shifts say, -1 for grey. Both return 0 or an error.
int sw_canvas_load(sw_canvas *c, const uint8_t *y, const uint8_t *u, const uint8_t *v, int stride_y, int stride_c,
	int width, int height, int chroma_w, int chroma_h, sw_planes *out);
int sw_canvas_copy(sw_canvas *c, const sw_canvas *from, sw_planes *out);

sw_encoder *sw_encoder_open(int width, int height, int gop, int64_t bitrate, int full_range);
void sw_encoder_close(sw_encoder *e);
// Both return 1 with a packet, 0 without, negative on an error. The packet's
// bytes are valid until the next call.
int sw_encoder_encode(sw_encoder *e, sw_canvas *c, int64_t pts, int force_key, const uint8_t **data, int *size, int *key, int64_t *tag);
int sw_encoder_flush(sw_encoder *e, const uint8_t **data, int *size, int *key, int64_t *tag);

#endif
