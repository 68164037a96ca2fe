"""Kernels of policy networks on the CPU, for runs on kernels. Importing this package does not import numba."""
