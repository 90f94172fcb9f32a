#include "decoder.h"

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sw_decoder {
	AVCodecContext *ctx;
	AVFrame *frame;
	AVPacket *packet;
	uint8_t *narrow; // luma and chroma of deep pictures, cut to 8 bits
	size_t narrow_size;
};

// closed_most is how many decoders may close before their memory is given back:
// some MB each, and giving back takes about a millisecond.
enum { closed_most = 12 };
static atomic_int closed;
static int thrifty;

static int64_t cpu_nanos(void) {
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

sw_decoder *sw_open(int hevc, int skip_loop_filter, int64_t max_pixels) {
	av_log_set_level(AV_LOG_QUIET);
	const AVCodec *codec = avcodec_find_decoder(hevc ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264);
	sw_decoder *d = calloc(1, sizeof *d);
	if (!codec || !d)
		goto fail;
	d->ctx = avcodec_alloc_context3(codec);
	d->frame = av_frame_alloc();
	d->packet = av_packet_alloc();
	if (!d->ctx || !d->frame || !d->packet)
		goto fail;
	d->ctx->thread_count = 1;
	d->ctx->max_pixels = max_pixels;
	d->ctx->skip_loop_filter = skip_loop_filter ? AVDISCARD_ALL : AVDISCARD_DEFAULT;
	d->ctx->pkt_timebase = (AVRational){1, 90000};
	if (avcodec_open2(d->ctx, codec, NULL) < 0)
		goto fail;
	return d;
fail:
	sw_close(d);
	return NULL;
}

void sw_close(sw_decoder *d) {
	if (!d)
		return;
	avcodec_free_context(&d->ctx);
	av_frame_free(&d->frame);
	av_packet_free(&d->packet);
	free(d->narrow);
	free(d);
	if (thrifty && atomic_fetch_add(&closed, 1) + 1 >= closed_most)
		sw_trim();
}

void sw_flush(sw_decoder *d) { avcodec_flush_buffers(d->ctx); }

// narrow cuts samples of up to 16 bits to 8: analysis and viewing need no more.
static int narrow(sw_decoder *d, sw_picture *out, int depth) {
	int w[3] = {out->width}, h[3] = {out->height};
	int planes = out->chroma_w < 0 ? 1 : 3;
	size_t size = 0, at = 0;
	for (int i = 0; i < planes; i++) {
		if (i) {
			w[i] = AV_CEIL_RSHIFT(out->width, out->chroma_w);
			h[i] = AV_CEIL_RSHIFT(out->height, out->chroma_h);
		}
		size += (size_t)w[i] * h[i];
	}
	if (size > d->narrow_size) {
		free(d->narrow);
		d->narrow_size = 0;
		if (!(d->narrow = malloc(size)))
			return AVERROR(ENOMEM);
		d->narrow_size = size;
	}
	for (int i = 0; i < planes; i++) {
		uint8_t *to = d->narrow + at;
		for (int y = 0; y < h[i]; y++) {
			const uint16_t *from = (const uint16_t *)(out->plane[i] + (ptrdiff_t)y * out->stride[i]);
			for (int x = 0; x < w[i]; x++)
				to[(size_t)y * w[i] + x] = from[x] >> (depth - 8);
		}
		out->plane[i] = to;
		out->stride[i] = w[i];
		at += (size_t)w[i] * h[i];
	}
	return 0;
}

// describe fills out from the frame just received; anything but planar YUV or
// grey, which neither codec's decoder makes, is refused.
static int describe(sw_decoder *d, sw_picture *out) {
	AVFrame *f = d->frame;
	const AVPixFmtDescriptor *fmt = av_pix_fmt_desc_get(f->format);
	if (!fmt || (fmt->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL)))
		return AVERROR_PATCHWELCOME;
	int chroma = fmt->nb_components == 3;
	if ((!chroma && fmt->nb_components != 1) || (chroma && !(fmt->flags & AV_PIX_FMT_FLAG_PLANAR)))
		return AVERROR_PATCHWELCOME;
	for (int i = 0; i < 3; i++) {
		out->plane[i] = i && !chroma ? NULL : f->data[i];
		out->stride[i] = i && !chroma ? 0 : f->linesize[i];
		if (out->stride[i] < 0)
			return AVERROR_PATCHWELCOME;
	}
	out->width = f->width;
	out->height = f->height;
	out->chroma_w = chroma ? fmt->log2_chroma_w : -1;
	out->chroma_h = chroma ? fmt->log2_chroma_h : -1;
	out->full_range = f->color_range == AVCOL_RANGE_JPEG;
	out->damaged = f->decode_error_flags != 0 || (f->flags & AV_FRAME_FLAG_CORRUPT) != 0;
	out->key = f->key_frame;
	out->tag = f->reordered_opaque;
	if (fmt->comp[0].depth > 8)
		return narrow(d, out, fmt->comp[0].depth);
	return 0;
}

int sw_next(sw_decoder *d, sw_picture *out) {
	int err = avcodec_receive_frame(d->ctx, d->frame);
	if (err == AVERROR(EAGAIN) || err == AVERROR_EOF)
		return SW_NONE;
	if (err < 0)
		return err;
	err = describe(d, out);
	return err < 0 ? err : SW_PICTURE;
}

void sw_drain(sw_decoder *d) { avcodec_send_packet(d->ctx, NULL); }

int sw_decode(sw_decoder *d, const uint8_t *params, int params_len, const uint8_t *unit, int unit_len,
	int64_t tag, int alone, sw_picture *out, int *errors, int64_t *nanos) {
	int64_t began = cpu_nanos();
	*errors = 0;
	// av_new_packet adds the zero padding that the bit readers run into.
	int err = av_new_packet(d->packet, params_len + unit_len);
	if (err >= 0) {
		if (params_len)
			memcpy(d->packet->data, params, params_len);
		memcpy(d->packet->data + params_len, unit, unit_len);
		d->ctx->reordered_opaque = tag;
		err = avcodec_send_packet(d->ctx, d->packet);
		av_packet_unref(d->packet);
		*errors += err < 0;
		err = sw_next(d, out);
		if (alone && err == SW_NONE) {
			sw_drain(d);
			err = sw_next(d, out);
		}
		*errors += err < 0;
		if (err < 0)
			err = SW_NONE;
		if (alone)
			avcodec_flush_buffers(d->ctx); // d->frame keeps its own reference
	}
	*nanos = cpu_nanos() - began;
	return err;
}

void sw_thrift(void) {
#ifdef __GLIBC__
	// The pictures of large streams go straight back when a decoder closes; those
	// of small ones when some have. glibc raises this bound by itself with the first
	// picture freed, and then keeps all in its heap, where whatever lives above them
	// holds them. But libavcodec makes its tables anew for each key frame decoded by
	// itself, up to half a megabyte each at 1080p: below the bounds they stay, above
	// them each is two system calls and a page fault for every 4 KiB, up to a fifth
	// of a key frame's cost.
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 4 << 20);
	mallopt(M_ARENA_MAX, 2);
	thrifty = 1;
#endif
}

void sw_trim(void) {
#ifdef __GLIBC__
	atomic_store(&closed, 0);
	malloc_trim(0);
#endif
}

unsigned sw_version(void) { return avcodec_version(); }
