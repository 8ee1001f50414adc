"""The simulated day (模拟一天): many phones, a bad network, a truth to hold figures against. See docs/simulate.md.

`world` the invented place · `script` what each phone records · `truth` what must come of it · `wire` HTTP with faults ·
`sockets` who listens · `phone` one worker's app · `office` those who answer alerts · `play` the day · `verify` truth
against the server · `privacy` the search for personal data · `table` the end.
"""
