"""What a script can ask for: one frozen value a step."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignIn:
    """Fill and send the sign-in screen."""

    number: str
    pin: str


@dataclass(frozen=True, slots=True)
class ScanText:
    """The scanner reads `text` and sends Enter."""

    text: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Touch the control that shows `label`, the `nth` of several (1 = first); None demands that there is only one."""

    label: str
    nth: int | None


@dataclass(frozen=True, slots=True)
class Fill:
    """Replace the content of the field labelled `label`."""

    label: str
    nth: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Type:
    """Type into the focus."""

    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """Press one key."""

    key: str


@dataclass(frozen=True, slots=True)
class Expect:
    """`text` becomes visible within so many seconds."""

    text: str
    within_s: float


@dataclass(frozen=True, slots=True)
class Refuse:
    """`text` is not visible, now and for a second."""

    text: str


@dataclass(frozen=True, slots=True)
class Pay:
    """Photograph the code and pay it; `amount_fen` must be shown, when given."""

    amount_fen: int | None


@dataclass(frozen=True, slots=True)
class Photograph:
    """The customer's phone photographs the code and does not pay yet."""


@dataclass(frozen=True, slots=True)
class PayLate:
    """It pays the code it photographed, though that was closed meanwhile: the payment had been under way."""


@dataclass(frozen=True, slots=True)
class SetFault:
    """Break `target` in the world until it is healed."""

    target: str
    kind: str
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class Heal:
    """Repair `target`."""

    target: str


@dataclass(frozen=True, slots=True)
class Advance:
    """Move the kiosk's and the world's clock. untouched: and nobody is at the kiosk meanwhile."""

    ms: int
    untouched: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL and start again."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Orderly stop and start again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Let real time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Shot:
    """Save the screen as a picture."""

    path: str


@dataclass(frozen=True, slots=True)
class Lang:
    """Switch the screen's language."""

    language: str


@dataclass(frozen=True, slots=True)
class Sql:
    """A read-only question to the store and the answer it must give."""

    query: str
    value: str


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """A step of a capability that this version does not have."""

    name: str


Action = (
    SignIn
    | ScanText
    | Choose
    | Fill
    | Type
    | Press
    | Expect
    | Refuse
    | Pay
    | Photograph
    | PayLate
    | SetFault
    | Heal
    | Advance
    | Kill
    | Restart
    | Wait
    | Shot
    | Lang
    | Sql
    | NotBuilt
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the script: its number, its text as written, and what it asks for."""

    line: int
    text: str
    action: Action
