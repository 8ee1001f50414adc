"""What lies in a phone's browser, read and written beside the app: for what no screen shows."""

from typing import Any

from playwright.sync_api import Page

#: `opened`, `reading` and `written` wait for the browser; `user()` opens the signed-in user's database, if any.
_WAITING = """
const reading = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result)
  request.onerror = () => failed(request.error)
})
const written = (transaction) => new Promise((done, failed) => {
  transaction.oncomplete = () => done()
  transaction.onabort = () => failed(transaction.error)
})
const opened = (name) => reading(indexedDB.open(name))
const user = async () => {
  const names = (await indexedDB.databases()).map((each) => each.name)
  const name = names.find((each) => each.startsWith('gridkeeper-user-'))
  return name && opened(name)
}
const device = () => opened('gridkeeper-device')
"""
_ROWS = f"""async ([store, index]) => {{ {_WAITING}
const base = await user()
if (!base) return []
const rows = base.transaction(store).objectStore(store)
const found = await reading((index ? rows.index(index) : rows).getAll())
base.close()
return found
}}"""
_OF_DEVICE = f"""async (key) => {{ {_WAITING}
const base = await device()
const found = await reading(base.transaction('meta').objectStore('meta').get(key))
base.close()
return found.value
}}"""
_ALTER = f"""async ([store, key, changes]) => {{ {_WAITING}
const base = await user()
const writing = base.transaction(store, 'readwrite')
const row = await reading(writing.objectStore(store).get(key))
writing.objectStore(store).put({{ ...row, ...changes }})
await written(writing)
base.close()
}}"""
_QUEUE_UP = f"""async (records) => {{ {_WAITING}
const counted = await device()
const counting = counted.transaction('meta', 'readwrite')
const seq = (await reading(counting.objectStore('meta').get('seq'))).value
counting.objectStore('meta').put({{ key: 'seq', value: seq + records.length }})
await written(counting)
counted.close()
const base = await user()
const writing = base.transaction('outbox', 'readwrite')
records.forEach((record, n) => {{
  writing.objectStore('outbox').add({{ ...record, id: crypto.randomUUID(), seq: seq + n + 1 }})
}})
await written(writing)
base.close()
}}"""


def rows(page: Page, store: str, *, by: str | None = None) -> list[dict[str, Any]]:
    """Everything in one store of the user's, in the order of its key or of the index `by`; nothing while nobody is."""
    found: list[dict[str, Any]] = page.evaluate(_ROWS, [store, by])
    return found


def alter(page: Page, store: str, key: str, **changes: Any) -> None:
    """Write other values into one row."""
    page.evaluate(_ALTER, [store, key, changes])


def queue_up(page: Page, records: list[dict[str, Any]]) -> None:
    """Put records into the outbox, each with an id and the next number of its own."""
    page.evaluate(_QUEUE_UP, records)


def of_device(page: Page, key: str) -> Any:
    """A value of the phone itself, which outlives its users."""
    return page.evaluate(_OF_DEVICE, key)


def databases(page: Page) -> list[str]:
    found: list[str] = page.evaluate("async () => (await indexedDB.databases()).map((each) => each.name)")
    return found
