"""A phone in Python, written from docs/sync.md alone: where this client and the server disagree, the page is wrong.

    wire      one request: cookie, CSRF token, gzip, and what counts as an answer
    store     outbox and read cache in one SQLite file
    waiting   how long to wait after a failure
    upload    outbox → server: batches, verdicts, refusals
    download  server → read cache: pages, cursor, resync
    receipts  made = confirmed, by id, signed
    carrying  unsent records sealed for somebody who carries them
    client    the whole phone

It imports nothing of the server. tests/conformance/ holds it and the app to the same rules; the simulated week
(docs/simulate.md) carries twenty of it through every fault.
"""
