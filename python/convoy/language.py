"""The language of figures, reports and live views: that of the environment, unless one was set."""
import os

LANGUAGES = ("en", "fr")
LOCALES = {"en": "C.UTF-8", "fr": "fr_FR.UTF-8"}
_chosen: list[str] = []


def set_language(name: str) -> None:
    """Everything from here on is in this language, "en" or "fr". Raises ValueError for another."""
    if name not in LANGUAGES:
        raise ValueError(f"language {name!r}: known are {', '.join(LANGUAGES)}")
    _chosen[:] = [name]


def language() -> str:
    """The language in force: the one that was set, or the locale's, or English."""
    if _chosen:
        return _chosen[0]
    locale = next((value for key in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(key))), "")
    # As gettext has it: LANGUAGE is a list of wishes, and means nothing where the locale is C.
    wishes = os.environ.get("LANGUAGE", "").split(":") if locale not in ("", "C", "POSIX") else []
    return next((wish[:2] for wish in [*wishes, locale] if wish[:2] in LANGUAGES), "en")


def environment() -> dict[str, str]:
    """The environment for a program, so that it speaks the language that was set."""
    if not _chosen:
        return dict(os.environ)
    return {**os.environ, "LC_ALL": LOCALES[_chosen[0]], "LANGUAGE": _chosen[0]}
