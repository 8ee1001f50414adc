"""Reading the official division files (行政区划) into the region tree. See docs/divisions.md.

`codes` what a code says · `files` lines of a file · `judge` which lines may enter the tree, and where ·
`write` the tree's rows, set-based · `report` what was refused · `run` the whole way.
"""
