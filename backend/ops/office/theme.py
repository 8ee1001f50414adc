"""How Unfold is set up (`settings.UNFOLD`): ink blue on neutral greys, Chinese system fonts, our sidebar."""

from typing import Any

from django.templatetags.static import static

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "网格守望",
    "SITE_HEADER": "网格守望",
    "SITE_SUBHEADER": "管理后台",
    "SITE_SYMBOL": "grid_view",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "BORDER_RADIUS": "5px",
    "STYLES": [lambda request: static("office/office.css")],
    "SCRIPTS": [],
    "LOGIN": {"form": "backend.ops.office.forms.SignInForm"},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "backend.ops.office.navigation.sidebar",
    },
    "COLORS": {
        "base": {
            "50": "#f7f8f9", "100": "#eff1f3", "200": "#e1e4e8", "300": "#cdd2d8", "400": "#97a0ab", "500": "#68727e",
            "600": "#4b545f", "700": "#363e48", "800": "#242a32", "900": "#171b21", "950": "#0d1015",
        },
        "primary": {
            "50": "#eef4fa", "100": "#dae7f3", "200": "#b8d0e7", "300": "#8cb2d6", "400": "#6fa3d4", "500": "#5c95cb",
            "600": "#1f4e79", "700": "#1a4267", "800": "#163756", "900": "#122d46", "950": "#0b1c2c",
        },
        "font": {
            "subtle-light": "var(--color-base-500)", "subtle-dark": "var(--color-base-400)",
            "default-light": "var(--color-base-700)", "default-dark": "var(--color-base-200)",
            "important-light": "var(--color-base-900)", "important-dark": "var(--color-base-100)",
        },
    },
}  # fmt: skip
