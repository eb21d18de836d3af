"""Policy + Evidence + time -> Findings -> Verdict. Pure: no parser, no cryptography, no clock, no file."""
