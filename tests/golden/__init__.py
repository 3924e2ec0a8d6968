"""Golden vectors of real builds: what TensorFlow Lite Micro and CMSIS-NN kernels computed, see README.md beside."""
