"""A list with a search field above it, and the details of the selected row below it."""

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
    """Shows rows in a list.

    Args:
        empty_text: The text that is shown if there are no rows at all.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority over the list, so that the keys typed after it reach the search field.
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
        &.-empty OptionList { height: 1; }  /* it must keep the focus */
        &.-empty .details { border-top: none; }
    }
    """

    def __init__(self, empty_text: str) -> None:
        super().__init__()
        self._empty_text = empty_text
        # The rows in the list, in order.
        self._rows: Sequence[Row] = ()
        # Kept here, because a query for a widget fails while the application closes.
        self._search = Input(placeholder="Search (press /)", compact=True)
        self._list = OptionList(markup=False, compact=True)
        self._details = Static(markup=False)
        self._panel = VerticalScroll(self._details, classes="details")

    @abstractmethod
    async def find(self, query: str) -> Sequence[Row]:
        """Find the rows that contain a text; an empty text finds all.

        Raises:
            KoeError: The rows can't be read.
        """

    @property
    def chosen(self) -> Row | None:
        """The selected row; None if the list is empty."""
        index = self._list.highlighted
        return None if index is None else self._rows[index]

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        yield self._search
        yield self._list
        yield self._panel

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is available. In the search field, a slash is text and no command."""
        return action != "search" or self.screen.focused is not self._search

    def on_resize(self) -> None:
        """Keep the selected row in sight."""
        self._keep_in_sight()

    def enter(self) -> None:
        """Update the rows, and focus the list."""
        self.refresh_rows()
        self.action_leave_search()

    @work(exclusive=True)
    async def refresh_rows(self) -> None:
        """Update the rows, and keep the same row selected."""
        query = self._search.value
        try:
            rows = await self.find(query)
        except KoeError as exc:
            self._show((), safe(str(exc)))
        else:
            self._show(rows, "Nothing was found." if query else self._empty_text)

    def _show(self, rows: Sequence[Row], empty_text: str) -> None:
        chosen, index = self.chosen, self._list.highlighted or 0
        self._rows = rows
        self.set_class(not rows, "-empty")
        self._list.clear_options()
        self._list.add_options(Option(Content(row.line)) for row in rows)
        if rows:
            places = [place for place, row in enumerate(rows) if chosen and row.key == chosen.key]
            self._list.highlighted = places[0] if places else min(index, len(rows) - 1)
        self._show_details(empty_text)

    def _show_details(self, empty_text: str = "") -> None:
        chosen = self.chosen
        self._details.update(chosen.details if chosen else empty_text)
        self._panel.scroll_home(animate=False)
        self._keep_in_sight()
        self.refresh_bindings()

    def _keep_in_sight(self) -> None:
        """Scroll to the selected row, because the list may have become shorter."""
        self.call_after_refresh(self._list.scroll_to_highlight)

    @on(OptionList.OptionHighlighted)
    def _selection_changed(self) -> None:
        self._show_details()

    @on(Input.Changed)
    def _search_changed(self) -> None:
        self.refresh_rows()

    @on(Input.Submitted)
    def action_leave_search(self) -> None:
        """Focus the list."""
        self.screen.set_focus(self._list)

    def action_search(self) -> None:
        """Focus the search field."""
        self.screen.set_focus(self._search)
