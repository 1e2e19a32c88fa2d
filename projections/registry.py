"""The views there are. To add one, write its file and name it here."""

from __future__ import annotations

from projections import partnerships, tallies, timeline
from projections.view import View

VIEWS: tuple[View, ...] = (timeline.VIEW, tallies.VIEW, partnerships.VIEW)
BY_NAME = {view.name: view for view in VIEWS}
