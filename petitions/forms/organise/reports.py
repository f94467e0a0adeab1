"""What an organiser does with a report: answers it, declines it, or adds it to a case."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import options
from petitions.models import Prisoner, Report
from petitions.text import clean_lines

ANSWER_LENGTH = 5_000
REASON_WORDS = {
    Report.Reason.NOT_OURS: _l("Not a prisoner, or not what this branch works for"),
    Report.Reason.TOO_LITTLE: _l("Too little is known to check it"),
    Report.Reason.NO_CONSENT: _l("The prisoner or the family does not want it"),
    Report.Reason.UNTRUE: _l("It is not true"),
    Report.Reason.SPAM: _l("It is advertising, abuse or nonsense"),
}


class AnswerForm(DeskForm):
    words = TextAreaField(
        _l("Your answer"),
        filters=[clean_lines],
        validators=[
            DataRequired(message=_l("Write an answer, or leave this page.")),
            Length(max=ANSWER_LENGTH, message=_l("Write at most 5,000 characters at once.")),
        ],
    )


class DeclineForm(DeskForm):
    reason = RadioField(
        _l("Why"),
        choices=options(REASON_WORDS),
        validators=[InputRequired(message=_l("Choose why it is declined."))],
    )


class JoinForm(DeskForm):
    prisoner = RadioField(
        _l("Which case is it?"), choices=[], validators=[InputRequired(message=_l("Choose the case."))]
    )

    def offer(self, prisoners: Sequence[Prisoner]) -> None:
        self.prisoner.choices = options(
            (prisoner.public_id, " · ".join(dict.fromkeys(prisoner.all_names))) for prisoner in prisoners
        )
