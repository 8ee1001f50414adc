"""The simulated week (模拟一周): phones of the reference client under every fault. See docs/simulate.md.

`plan` what the seed decides · `truth` what must come of it · `books` what was seen on the way · `line` a phone's
network · `phone` one worker's phone · `office` who reads reports and carries files · `control` the stack's parts ·
`breaking` faults of the server · `play` the week · `verify` truth against the server.
"""
