"""Integer and float arithmetic of quantization, named and numbered in README.md beside this file."""
