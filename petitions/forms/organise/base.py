"""What all organisers' forms share. The session's token is checked by the gate (petitions/auth.py), once for all."""

from typing import Any

from flask_wtf import FlaskForm


class DeskForm(FlaskForm):
    class Meta:
        csrf = False  # the gate's: a form cannot forget it

        def get_translations(self, _form: Any) -> None:
            """None: every message is ours, and reaches gettext by itself."""
            return None

    @property
    def errors_in_order(self) -> list[tuple[str, str]]:
        """(field id, message) as the fields stand in the class; of list fields the first message."""
        return [(field.id, _first(field.errors)) for field in self if field.errors]


def _first(errors: Any) -> str:
    found = next(iter(errors.values() if isinstance(errors, dict) else errors))
    return str(found) if not isinstance(found, (list, tuple, dict)) else _first(found)
