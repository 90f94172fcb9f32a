// Included once per instruction set, with FN(name) naming the functions: the
// same integer arithmetic in the same order, so that every variant gives the
// same bits.

static inline int FN(absi)(int v) { return v < 0 ? -v : v; }

// How far apart two levels are; they are never negative, so it fits.
static inline int16_t FN(far)(int16_t a, int16_t b) { return (int16_t)(a > b ? a - b : b - a); }

void FN(scene_reduce)(const uint8_t *luma, ptrdiff_t stride, int cell, int cols, int rows,
	uint16_t *restrict acc, int16_t *restrict out)
{
	const int width = cols * cell;
	const uint32_t area = (uint32_t)(cell * cell);
	const uint64_t scale = (((uint64_t)128 << 24) + area / 2) / area; // 24 fraction bits
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
				o[c] = (int16_t)(((s * scale + (1u << 23)) >> 24));
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
		int32_t ad = FN(far)(cur[i], expect[i]);
		int32_t thr = dev[i] * gain; // 1/8 luma times 16 for once the deviation
		thr = thr < floor ? floor : thr;
		int32_t h = (ad > thr) + 2 * (ad > 2 * thr);
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
	// Without branches: masks of all ones or none choose, so that the compiler
	// can work on many cells at once.
	const int32_t alpha = l->alpha, quarter = l->alpha >> 2, held = l->held;
	for (int i = 0; i < n; i++) {
		int32_t h = -(int32_t)(hold[i] != 0), w = -(int32_t)(hot[i] != 0);
		int32_t a = (h & held) | (~h & ((w & quarter) | (~w & alpha)));
		int32_t d = cur[i] - expect[i];
		bg[i] = (int16_t)(expect[i] + ((d * a + 32768) >> 16));
	}
	if (!l->tick) return;
	const int16_t up = (int16_t)l->up, down = (int16_t)-l->down, lim = (int16_t)l->still;
	const int16_t absorb = (int16_t)l->absorb, revert = (int16_t)l->revert;
	for (int i = 0; i < n; i++) {
		int16_t c = cur[i], b = bg[i], o = old[i];
		int16_t t = FN(far)(c, ref[i]), v = dev[i]; // dev is 1/8 luma
		v = (int16_t)(v + (t > (int16_t)(v * 16) ? up : down));
		v = v < 1 ? 1 : v;
		v = v > 250 ? 250 : v;
		int16_t noise = (int16_t)(v * 40);
		noise = noise < lim ? lim : noise;
		int16_t rests = (int16_t)-((t < noise) & (hot[i] != 0));
		int16_t s = (int16_t)((still[i] + 1) & rests);
		int16_t back = (int16_t)-((FN(far)(c, o) < noise) & (s >= revert));
		int16_t take = (int16_t)(back | (int16_t)-(s >= absorb));
		s = s > 255 ? 255 : s;
		bg[i] = (int16_t)((take & c) | (~take & b));
		old[i] = (int16_t)((take & b) | (~take & o));
		still[i] = (uint8_t)(s & ~take);
		dev[i] = (uint8_t)v;
		ref[i] = c;
	}
}

// Learns how far key frames differ from one another.
void FN(scene_pulse)(const int16_t *restrict cur, int n, int up, int down, int16_t *restrict kref, uint8_t *restrict kdev)
{
	const int16_t u = (int16_t)up, w = (int16_t)-down;
	for (int i = 0; i < n; i++) {
		int16_t c = cur[i], v = kdev[i];
		v = (int16_t)(v + (FN(far)(c, kref[i]) > (int16_t)(v * 16) ? u : w));
		v = v < 1 ? 1 : v;
		kdev[i] = (uint8_t)(v > 250 ? 250 : v);
		kref[i] = c;
	}
}

void FN(scene_widest)(const uint8_t *restrict dev, const uint8_t *restrict kdev, int n, uint8_t *restrict wide)
{
	for (int i = 0; i < n; i++) wide[i] = dev[i] > kdev[i] ? dev[i] : kdev[i];
}
