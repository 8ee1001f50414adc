"""Building blocks of the office (管理后台): deeds, filters, words. See docs/office.md."""
