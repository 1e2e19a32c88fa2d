"""A statement: one party or several said something in public."""

from __future__ import annotations

from events.fields import Choice, Parties, Url, Words
from events.kind import Facts, Kind

FORMS = ("joint_statement", "communique", "protest", "condemnation", "recognition", "other")


class Issued(Facts):
    """The data of `statement.issued`."""

    parties = Parties(least=1, required=True)
    form = Choice(*FORMS)
    about = Parties()
    text_url = Url()
    topics = Words()


KIND = Kind(name="statement", acts={"issued": Issued()})
