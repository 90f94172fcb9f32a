// The per-cell passes of the scene model, in C so that the compiler can turn
// them into SIMD. Levels are luma in 1/128 (0..32640), so that they fit int16.
#ifndef SHOUWANG_SCENE_KERNEL_H
#define SHOUWANG_SCENE_KERNEL_H
#include <stdint.h>
#include <stddef.h>

// What one picture's passes add up.
typedef struct {
	int64_t sum, sum2;   // of levels and of squared levels (1/128 luma)
	int64_t grad;        // of absolute steps between neighbours in a row
	int32_t hot;         // cells beyond their threshold
	int32_t changed;     // cells that differ from the reference picture
} scene_sums;

// How the update pass learns in one picture.
typedef struct {
	int32_t alpha;    // share of the difference learned, 1/65536
	int32_t held;     // the same for the cells of regions
	int32_t tick;     // 1 when the reference picture is to be renewed
	int32_t up, down; // steps of the deviation, 1/16 luma * 16
	int32_t still;    // 1/128 luma: a smaller change against the reference is none
	int32_t absorb;   // ticks after which still scenery becomes background
	int32_t revert;   // ticks after which still scenery seen before does
} scene_learn;

#define SCENE_DECL(name) \
	void scene_reduce_##name(const uint8_t *luma, ptrdiff_t stride, int cell, int cols, int rows, uint16_t *acc, int16_t *out); \
	void scene_sum_##name(const int16_t *cur, int cols, int rows, scene_sums *s); \
	void scene_classify_##name(const int16_t *cur, const int16_t *bg, const int16_t *lut, int shift, const uint8_t *dev, int floor, int gain, int n, int16_t *expect, uint8_t *hot, scene_sums *s); \
	void scene_clean_##name(const uint8_t *hot, int cols, int rows, int need, uint8_t *out); \
	void scene_update_##name(const int16_t *cur, const int16_t *expect, const uint8_t *hold, const uint8_t *hot, int n, const scene_learn *l, int16_t *bg, int16_t *old, int16_t *ref, uint8_t *dev, uint8_t *still); \
	void scene_pulse_##name(const int16_t *cur, int n, int up, int down, int16_t *kref, uint8_t *kdev); \
	void scene_widest_##name(const uint8_t *dev, const uint8_t *kdev, int n, uint8_t *wide);

SCENE_DECL(scalar)
SCENE_DECL(avx2)

// scene_has_avx2 reports whether this processor (and its system) runs AVX2.
int scene_has_avx2(void);
#endif
