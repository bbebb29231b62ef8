"""Nothing on the screen reads data as markup: every widget that shows text is made with markup off.

Textual's own widgets read it by default; a code `[/]` would end the program, `[@click=…]` would act.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kiosk

SOURCES = sorted(
    path for room in ("screens", "widgets", ".") for path in (Path(kiosk.__file__).parent / room).glob("*.py")
)
READ_MARKUP = {"Static", "Label", "Button", "Checkbox", "RadioButton", "Markdown", "Link", "Tab", "Tooltip"}
SPEAK_OVER = {"Toast", "Select", "Tooltip", "notify", "OptionList", "SuggestFromList"}
"""What Textual draws over other widgets: it cuts Chinese characters at every edge below (Textualize/textual 6357)."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func
            yield (
                (name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""),
                node,
            )


def markup_is_off(call: ast.Call) -> bool:
    return any(
        one.arg == "markup" and isinstance(one.value, ast.Constant) and one.value.value is False
        for one in call.keywords
    )


def shows_nothing(call: ast.Call) -> bool:
    return all(isinstance(one, ast.Constant) and one.value == "" for one in call.args)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_widget_is_given_text_with_markup_on(source: Path) -> None:
    tree = ast.parse(source.read_text("utf-8"))
    for name, call in calls(tree):
        if name in READ_MARKUP:
            assert markup_is_off(call) or shows_nothing(call), f"{source.name}:{call.lineno}: {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and {getattr(base, "id", "") for base in node.bases} & (
            READ_MARKUP - {"Button"}
        ):
            made = [call for name, call in calls(node) if name == "__init__"]
            assert made, f"{source.name}: {node.name} leaves markup on"
            assert all(markup_is_off(call) for call in made), f"{source.name}: {node.name} leaves markup on"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_nothing_is_drawn_over_other_widgets(source: Path) -> None:
    tree = ast.parse(source.read_text("utf-8"))
    for name, call in calls(tree):
        assert name not in SPEAK_OVER, f"{source.name}:{call.lineno}: {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                assert getattr(target, "attr", "") != "tooltip", f"{source.name}:{node.lineno}: tooltip"


def test_no_style_lifts_a_widget_over_others() -> None:
    for source in sorted((Path(kiosk.__file__).parent / "styles").glob("*.tcss")):
        for word in ("overlay:", "layer:", "layers:"):
            assert word not in source.read_text("utf-8"), f"{source.name}: {word}"
