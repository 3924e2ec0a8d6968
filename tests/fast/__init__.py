"""The compiled loops beyond what the conformance cases draw: sizes around a block, and each CPU's path."""
