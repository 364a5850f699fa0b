"""Bench: `make bench`. Every figure is a ratio to a baseline that ran in the same minutes on the same machine, in turns
(A B A B …): what a machine can do cancels out. It judges nothing but itself: a goal missed is a line, not a failure.
"""
