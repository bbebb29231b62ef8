"""The least an application on this screen can be: one line of text, painted anew at every key.

Run as a file, so that nothing of ours is imported: it is the floor of starting, of painting a key, and of memory.
"""

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

READY = "READY-MARK"


class Bare(App[None]):
    """Shows how many keys there were."""

    keys = 0

    def compose(self) -> ComposeResult:
        yield Static(READY)

    def on_key(self, event: events.Key) -> None:
        self.keys += 1
        self.query_one(Static).update(f"key {self.keys:06d}", layout=False)


if __name__ == "__main__":
    Bare().run()
