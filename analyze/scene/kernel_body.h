// Included once per instruction set, with FN(name) naming the functions: the
// same integer arithmetic in the same order, so that every variant gives the
// same bits.

static inline int FN(absi)(int v) { return v < 0 ? -v : v; }

void FN(scene_reduce)(const uint8_t *luma, ptrdiff_t stride, int cell, int cols, int rows,
	uint16_t *restrict acc, int16_t *restrict out)
{
	const int width = cols * cell;
	const uint32_t area = (uint32_t)(cell * cell);
	const uint32_t scale = (128u << 14) / area; // 14 fraction bits
	for (int r = 0; r < rows; r++) {
		const uint8_t *p = luma + (ptrdiff_t)r * cell * stride;
		int y = 0;
		if (cell % 4 == 0) {
			for (; y < cell; y += 4, p += 4 * stride) {
				const uint8_t *a = p, *b = p + stride, *c = b + stride, *d = c + stride;
				if (y == 0)
					for (int x = 0; x < width; x++) acc[x] = (uint16_t)(a[x] + b[x] + c[x] + d[x]);
				else
					for (int x = 0; x < width; x++) acc[x] = (uint16_t)(acc[x] + a[x] + b[x] + c[x] + d[x]);
			}
		} else {
			for (int x = 0; x < width; x++) acc[x] = p[x];
			for (y = 1, p += stride; y < cell; y++, p += stride)
				for (int x = 0; x < width; x++) acc[x] = (uint16_t)(acc[x] + p[x]);
		}
		int16_t *o = out + (ptrdiff_t)r * cols;
		if (cell == 4) {
			for (int c = 0; c < cols; c++) {
				uint32_t s = (uint32_t)acc[4 * c] + acc[4 * c + 1] + acc[4 * c + 2] + acc[4 * c + 3];
				o[c] = (int16_t)(s * 8);
			}
		} else {
			for (int c = 0; c < cols; c++) {
				uint32_t s = 0;
				for (int k = 0; k < cell; k++) s += acc[c * cell + k];
				o[c] = (int16_t)((uint32_t)(((uint64_t)s * scale + 8192) >> 14));
			}
		}
	}
}

void FN(scene_sum)(const int16_t *restrict cur, int cols, int rows, scene_sums *restrict s)
{
	int64_t sum = 0, sum2 = 0, grad = 0;
	for (int r = 0; r < rows; r++) {
		const int16_t *p = cur + (ptrdiff_t)r * cols;
		int32_t rs = 0, rg = 0;
		int64_t r2 = 0;
		for (int c = 0; c < cols; c++) rs += p[c];
		for (int c = 0; c < cols; c++) r2 += (int32_t)p[c] * p[c];
		for (int c = 0; c + 1 < cols; c++) rg += FN(absi)(p[c + 1] - p[c]);
		sum += rs; sum2 += r2; grad += rg;
	}
	s->sum = sum; s->sum2 = sum2; s->grad = grad;
}

// A cell is hot (1) beyond its threshold and strong (3) beyond twice that.
void FN(scene_classify)(const int16_t *restrict cur, const int16_t *restrict bg, const int16_t *restrict lut, int shift,
	const uint8_t *restrict dev, int floor, int gain, int n,
	int16_t *restrict expect, uint8_t *restrict hot, scene_sums *restrict s)
{
	int32_t count = 0;
	if (lut) {
		for (int i = 0; i < n; i++) {
			int e = bg[i] + lut[bg[i] >> 7];
			expect[i] = (int16_t)(e < 0 ? 0 : e > 32640 ? 32640 : e);
		}
	} else {
		for (int i = 0; i < n; i++) {
			int e = bg[i] + shift;
			expect[i] = (int16_t)(e < 0 ? 0 : e > 32640 ? 32640 : e);
		}
	}
	for (int i = 0; i < n; i++) {
		int ad = FN(absi)(cur[i] - expect[i]);
		int thr = dev[i] * gain; // dev 1/8 luma, gain in sixteenths: 1/128 luma
		thr = thr < floor ? floor : thr;
		int h = (ad > thr) + 2 * (ad > 2 * thr);
		hot[i] = (uint8_t)h;
		count += h & 1;
	}
	s->hot = count;
}

// Keeps the hot cells that have at least need hot cells in their 3x3; the
// border is never hot. out must not be hot.
void FN(scene_clean)(const uint8_t *restrict hot, int cols, int rows, int need, uint8_t *restrict out)
{
	for (int c = 0; c < cols; c++) out[c] = out[(ptrdiff_t)(rows - 1) * cols + c] = 0;
	for (int r = 1; r + 1 < rows; r++) {
		const uint8_t *a = hot + (ptrdiff_t)(r - 1) * cols, *b = a + cols, *d = b + cols;
		uint8_t *o = out + (ptrdiff_t)r * cols;
		o[0] = o[cols - 1] = 0;
		for (int c = 1; c + 1 < cols; c++) {
			uint8_t k = (uint8_t)((a[c - 1] & 1) + (a[c] & 1) + (a[c + 1] & 1) + (b[c - 1] & 1) + (b[c] & 1) +
				(b[c + 1] & 1) + (d[c - 1] & 1) + (d[c] & 1) + (d[c + 1] & 1));
			o[c] = (b[c] & 1) && k >= need ? b[c] : 0;
		}
	}
}

// Learns one picture. hold marks cells of regions: their background waits.
void FN(scene_update)(const int16_t *restrict cur, const int16_t *restrict expect, const uint8_t *restrict hold,
	const uint8_t *restrict hot, int n, const scene_learn *restrict l, int16_t *restrict bg, int16_t *restrict old,
	int16_t *restrict ref, uint8_t *restrict dev, uint8_t *restrict still)
{
	const int alpha = l->alpha, held = l->held;
	for (int i = 0; i < n; i++) {
		int d = cur[i] - expect[i];
		int a = hold[i] ? held : hot[i] ? alpha >> 2 : alpha;
		bg[i] = (int16_t)(expect[i] + ((d * a + 32768) >> 16));
	}
	if (!l->tick) return;
	const int up = l->up, down = l->down, lim = l->still, absorb = l->absorb, revert = l->revert;
	for (int i = 0; i < n; i++) {
		int t = FN(absi)(cur[i] - ref[i]);
		int v = dev[i]; // 1/8 luma
		v += t > v * 16 ? up : -down;
		dev[i] = (uint8_t)(v < 1 ? 1 : v > 250 ? 250 : v);
		int noise = dev[i] * 40;
		noise = noise < lim ? lim : noise;
		int s = (t < noise && hot[i]) ? still[i] + 1 : 0;
		int back = FN(absi)(cur[i] - old[i]) < noise && s >= revert;
		int take = back || s >= absorb;
		int16_t was = bg[i];
		bg[i] = take ? cur[i] : was;
		old[i] = take ? was : old[i];
		still[i] = (uint8_t)(take ? 0 : s > 255 ? 255 : s);
		ref[i] = cur[i];
	}
}
