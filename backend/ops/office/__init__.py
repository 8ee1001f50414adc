"""The office (管理后台): one desk for streets, counties and above, at /admin/. See docs/office.md."""
