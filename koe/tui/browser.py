"""A list that can be searched, with all about the row that is chosen below it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from koe.errors import KoeError
from koe.tui.presentation import Row, safe


class Browser(Vertical):
    """Shows rows.

    Args:
        nothing: What is shown where there are no rows at all.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the list gets it: what is typed next, however fast, is for the field.
        Binding("slash", "search", "Search", key_display="/", priority=True),
        Binding("escape", "leave_search", show=False),
        Binding("down", "leave_search", show=False),
    ]

    DEFAULT_CSS = """
    Browser {
        & Input { background: $surface; }
        & OptionList { height: 1fr; border: none; padding: 0; text-wrap: nowrap;
                       text-overflow: ellipsis; }
        & .details { height: auto; max-height: 45%; border-top: solid $surface-lighten-2; }
        &.-empty OptionList { height: 1; }  /* it keeps the focus */
        &.-empty .details { border-top: none; }
    }
    """

    def __init__(self, nothing: str) -> None:
        super().__init__()
        self._nothing = nothing
        # What the list shows, in order.
        self._rows: Sequence[Row] = ()
        # The widgets; what is still going on while they are removed does not have to find them.
        self._search = Input(placeholder="/ searches", compact=True)
        self._list = OptionList(markup=False, compact=True)
        self._details = Static(markup=False)
        self._panel = VerticalScroll(self._details, classes="details")

    @abstractmethod
    async def find(self, query: str) -> Sequence[Row]:
        """Find the rows for what is searched; empty: all.

        Raises:
            KoeError: They can't be had.
        """

    @property
    def chosen(self) -> Row | None:
        """The row that is chosen; None: there is none."""
        index = self._list.highlighted
        return None if index is None else self._rows[index]

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        yield self._search
        yield self._list
        yield self._panel

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is offered: in the field of the search, a slash is a slash."""
        return action != "search" or self.screen.focused is not self._search

    def on_resize(self) -> None:
        """Keep the row in sight that is chosen."""
        self._keep_in_sight()

    def enter(self) -> None:
        """Show what there is now, and take the focus."""
        self.refresh_rows()
        self.action_leave_search()

    @work(exclusive=True)
    async def refresh_rows(self) -> None:
        """Show what there is now; the same row stays chosen."""
        query = self._search.value
        try:
            rows = await self.find(query)
        except KoeError as exc:
            self._show((), safe(str(exc)))
        else:
            self._show(rows, "Nothing was found." if query else self._nothing)

    def _show(self, rows: Sequence[Row], nothing: str) -> None:
        chosen, index = self.chosen, self._list.highlighted or 0
        self._rows = rows
        self.set_class(not rows, "-empty")
        self._list.clear_options()
        self._list.add_options(Option(Content(row.line)) for row in rows)
        if rows:
            places = [place for place, row in enumerate(rows) if chosen and row.key == chosen.key]
            self._list.highlighted = places[0] if places else min(index, len(rows) - 1)
        self._show_details(nothing)

    def _show_details(self, nothing: str = "") -> None:
        chosen = self.chosen
        self._details.update(chosen.details if chosen else nothing)
        self._panel.scroll_home(animate=False)
        self._keep_in_sight()
        self.refresh_bindings()

    def _keep_in_sight(self) -> None:
        """Scroll to the row that is chosen: the list may have become shorter."""
        self.call_after_refresh(self._list.scroll_to_highlight)

    @on(OptionList.OptionHighlighted)
    def _note_chosen(self) -> None:
        self._show_details()

    @on(Input.Changed)
    def _note_searched(self) -> None:
        self.refresh_rows()

    @on(Input.Submitted)
    def action_leave_search(self) -> None:
        """Go back to the list."""
        self.screen.set_focus(self._list)

    def action_search(self) -> None:
        """Go to the field of the search."""
        self.screen.set_focus(self._search)
