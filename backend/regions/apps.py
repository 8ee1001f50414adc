"""Django application `regions`."""

from django.apps import AppConfig


class RegionsConfig(AppConfig):
    name = "backend.regions"
    label = "regions"
    verbose_name = "区划与网格"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are importable from here on, not before.
        from backend.core.office.directory import use_directory  # noqa: PLC0415
        from backend.regions.directory import RegionDirectory  # noqa: PLC0415

        use_directory(RegionDirectory())
