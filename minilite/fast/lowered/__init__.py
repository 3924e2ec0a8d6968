"""What loops are made of in the language of the compiler, LLVM; only these modules import numba and llvmlite."""
