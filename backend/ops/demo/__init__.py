"""The demo (演示数据): one invented county's two weeks, written through the services. See docs/demo.md.

`people` invented persons · `places` divisions, cells and doors · `accounts` who signs in · `phones` uploads ·
`days` what happens in two weeks · `seed` all of it in order.
"""
