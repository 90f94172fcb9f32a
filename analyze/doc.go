// Package analyze turns access units into events: the performance-critical
// path. The types here are what its rooms hand each other; the work is done in
// the subpackages and, for everything that touches a camera's bytes, in
// sandboxed shouwang-analyzer processes.
package analyze
