"""How passwords are stored."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class PasswordHasher(PBKDF2PasswordHasher):
    """PBKDF2-SHA256 at OWASP's 600,000 rounds: about 0.1 s, so that a whole county may sign in at eight in the morning.

    Django's own default (1,000,000) makes 200 sign-ins cost 40 s of a core.
    """

    iterations = 600_000
