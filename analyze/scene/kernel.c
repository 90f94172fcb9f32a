#include "kernel.h"
#include <string.h>

// Each variant is the same text under other code generation: no intrinsics to
// keep in step by hand, and bits that are equal by construction (and by test).
#define FN(name) name##_scalar
#pragma GCC push_options
#pragma GCC optimize("O2", "no-tree-vectorize")
#include "kernel_body.h"
#pragma GCC pop_options
#undef FN

#define FN(name) name##_avx2
#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2")
#pragma GCC optimize("O3")
#include "kernel_body.h"
#pragma GCC pop_options
int scene_has_avx2(void) { __builtin_cpu_init(); return __builtin_cpu_supports("avx2") ? 1 : 0; }
#else
// Elsewhere (arm64: NEON is always there) the compiler's own vectors serve.
#pragma GCC push_options
#pragma GCC optimize("O3")
#include "kernel_body.h"
#pragma GCC pop_options
int scene_has_avx2(void) { return 1; }
#endif
