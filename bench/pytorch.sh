# shellcheck shell=bash
# Functions for the scripts that train with PyTorch beside Convoy: PyTorch as its own experts would run it.

# need_pytorch: sets $python, or ends where PyTorch is missing.
need_pytorch() {
  python=${CONVOY_PYTHON:-/usr/bin/python3}
  "$python" -c 'import torch' 2>/dev/null || fail 2 "PyTorch is missing: apt-get install python3-torch"
}

# pytorch_program PROGRAM FLAGS...: a Python program of bench/, with an allocator that keeps its memory and one
# thread a rank in all of its libraries. By default glibc gives what a layer's activations took back to the
# kernel after each layer and asks for it again at the next, which on some machines makes PyTorch five times
# slower than it need be; and its dense layers run in OpenBLAS, which has as many threads as there are cores
# unless it is told otherwise, whatever torch.set_num_threads says (torchrun tells it, too).
pytorch_program() {
  local program=$1
  shift
  MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_TOP_PAD_=100000000 \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" -B "$CONVOY_ROOT/bench/$program" "$@"
}

pytorch_train() {
  pytorch_program pytorch_train.py "$@"
}

# Both of PyTorch's libraries of kernels use no more than AVX2.
limit_pytorch_to_avx2() {
  export ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2
}
