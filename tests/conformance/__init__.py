"""The rules of docs/sync.md, one scenario each, against a real server; every client passes the same ones.

    relay      stands between client and server: cuts the line, loses answers, answers in the server's place, remembers
    deeds      what the office does meanwhile: hands a household on, grants a cell, ends a session
    world      workers with cells of their own, and what the server holds of them
    driver     what a client must let itself be asked to do; `reference` and `app` are the two that exist

Another client joins by a third driver.
"""
