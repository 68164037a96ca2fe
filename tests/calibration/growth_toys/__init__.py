"""A plug-in of toys for tests of calibration."""
