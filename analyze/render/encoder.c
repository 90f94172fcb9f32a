#include "encoder.h"

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

struct sw_encoder {
	AVCodecContext *ctx;
	AVPacket *packet;
};

struct sw_canvas {
	AVFrame *frame;
	struct SwsContext *scaler;
};

sw_canvas *sw_canvas_open(int width, int height, int full_range) {
	sw_canvas *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->frame = av_frame_alloc();
	if (!c->frame)
		goto fail;
	c->frame->format = AV_PIX_FMT_YUV420P;
	c->frame->width = width;
	c->frame->height = height;
	c->frame->color_range = full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
	if (av_frame_get_buffer(c->frame, 0) < 0)
		goto fail;
	return c;
fail:
	sw_canvas_close(c);
	return NULL;
}

void sw_canvas_close(sw_canvas *c) {
	if (!c)
		return;
	av_frame_free(&c->frame);
	sws_freeContext(c->scaler);
	free(c);
}

sw_encoder *sw_encoder_open(int width, int height, int gop, int64_t bitrate, int full_range) {
	const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
	sw_encoder *e = calloc(1, sizeof *e);
	if (!codec || !e)
		goto fail;
	e->ctx = avcodec_alloc_context3(codec);
	e->packet = av_packet_alloc();
	if (!e->ctx || !e->packet)
		goto fail;
	AVCodecContext *c = e->ctx;
	c->width = width;
	c->height = height;
	c->pix_fmt = AV_PIX_FMT_YUV420P;
	c->color_range = full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
	c->time_base = (AVRational){1, 90000};
	c->framerate = (AVRational){25, 1}; // of use to rate control only until time stamps are seen
	c->gop_size = gop;
	c->max_b_frames = 0;
	c->thread_count = 1;
	if (bitrate > 0) {
		c->bit_rate = bitrate;
		c->rc_max_rate = bitrate;
		c->rc_buffer_size = (int)(bitrate > INT32_MAX ? INT32_MAX : bitrate);
	} else {
		// A constant quantiser spares x264 its look at how hard each picture is
		// to encode, which costs a third of encoding at this preset.
		av_opt_set(c->priv_data, "qp", "26", 0);
	}
	av_opt_set(c->priv_data, "preset", "ultrafast", 0);
	av_opt_set(c->priv_data, "tune", "zerolatency", 0);
	av_opt_set(c->priv_data, "profile", "baseline", 0);
	av_opt_set(c->priv_data, "forced-idr", "1", 0);
	av_opt_set(c->priv_data, "x264-params", "scenecut=0:sliced-threads=0:sync-lookahead=0:aq-mode=0", 0);
	if (avcodec_open2(c, codec, NULL) < 0)
		goto fail;
	return e;
fail:
	sw_encoder_close(e);
	return NULL;
}

void sw_encoder_close(sw_encoder *e) {
	if (!e)
		return;
	avcodec_free_context(&e->ctx);
	av_packet_free(&e->packet);
	free(e);
}

static enum AVPixelFormat format_of(int w, int h) {
	switch (w < 0 ? -1 : w * 8 + h) {
	case -1: return AV_PIX_FMT_GRAY8;
	case 0: return AV_PIX_FMT_YUV444P;
	case 8: return AV_PIX_FMT_YUV422P;
	case 9: return AV_PIX_FMT_YUV420P;
	case 1: return AV_PIX_FMT_YUV440P;
	}
	return AV_PIX_FMT_NONE;
}

static int planes_of(AVFrame *f, sw_planes *out) {
	for (int i = 0; i < 3; i++) {
		out->plane[i] = f->data[i];
		out->stride[i] = f->linesize[i];
	}
	return 0;
}

// load copies the picture, scaled to the canvas, so that drawing never touches
// what the decoder refers to.
int sw_canvas_load(sw_canvas *c, const uint8_t *y, const uint8_t *u, const uint8_t *v, int stride_y, int stride_c,
	int width, int height, int chroma_w, int chroma_h, sw_planes *out) {
	AVFrame *f = c->frame;
	int err = av_frame_make_writable(f);
	if (err < 0)
		return err;
	enum AVPixelFormat format = format_of(chroma_w, chroma_h);
	if (format == AV_PIX_FMT_NONE)
		return AVERROR_PATCHWELCOME;
	const uint8_t *from[4] = {y, u, v, NULL};
	const int strides[4] = {stride_y, stride_c, stride_c, 0};
	if (format == AV_PIX_FMT_YUV420P && width >= f->width && width - f->width < 2 && height >= f->height && height - f->height < 2) {
		av_image_copy(f->data, f->linesize, from, strides, format, f->width, f->height);
	} else {
		c->scaler = sws_getCachedContext(c->scaler, width, height, format, f->width, f->height, AV_PIX_FMT_YUV420P,
			SWS_AREA, NULL, NULL, NULL);
		if (!c->scaler)
			return AVERROR(ENOMEM);
		int got = sws_scale(c->scaler, from, strides, 0, height, f->data, f->linesize);
		if (got != f->height)
			return got < 0 ? got : AVERROR_EXTERNAL;
	}
	return planes_of(f, out);
}

int sw_canvas_copy(sw_canvas *c, const sw_canvas *from, sw_planes *out) {
	int err = av_frame_make_writable(c->frame);
	if (err >= 0)
		err = av_frame_copy(c->frame, from->frame);
	return err < 0 ? err : planes_of(c->frame, out);
}

static int receive(sw_encoder *e, const uint8_t **data, int *size, int *key, int64_t *tag) {
	av_packet_unref(e->packet);
	int err = avcodec_receive_packet(e->ctx, e->packet);
	if (err == AVERROR(EAGAIN) || err == AVERROR_EOF)
		return 0;
	if (err < 0)
		return err;
	*data = e->packet->data;
	*size = e->packet->size;
	*key = (e->packet->flags & AV_PKT_FLAG_KEY) != 0;
	*tag = e->packet->pts;
	return 1;
}

int sw_encoder_encode(sw_encoder *e, sw_canvas *c, int64_t pts, int force_key, const uint8_t **data, int *size, int *key, int64_t *tag) {
	c->frame->pts = pts;
	c->frame->pict_type = force_key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
	int err = avcodec_send_frame(e->ctx, c->frame);
	return err < 0 ? err : receive(e, data, size, key, tag);
}

int sw_encoder_flush(sw_encoder *e, const uint8_t **data, int *size, int *key, int64_t *tag) {
	avcodec_send_frame(e->ctx, NULL); // complains when sent twice, which is of no matter
	return receive(e, data, size, key, tag);
}
