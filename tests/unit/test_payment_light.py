"""The payment light with two channels: what is known of one is not hidden by the other."""

import pytest

from data.queries.attention import Attention
from kiosk.services.channel_watch import ChannelFacts, Trouble
from kiosk.services.clock_sanity import Verdict
from kiosk.services.health import Level
from kiosk.services.health_lights import lights

UNASKED = ChannelFacts(False, None, None, "", None)
WELL = ChannelFacts(True, None, None, "", None)
DOWN = ChannelFacts(True, Trouble.UNREACHABLE, 1, "", None)
OFF = ChannelFacts(False, Trouble.OFF, None, "", None)


@pytest.mark.parametrize(
    ("channels", "level"),
    [
        ([UNASKED, UNASKED], Level.UNKNOWN),
        ([WELL, UNASKED], Level.OK),
        ([UNASKED, DOWN], Level.FAULT),
        ([WELL, DOWN], Level.FAULT),
        ([OFF, UNASKED], Level.UNKNOWN),
        ([OFF, WELL], Level.OK),
        ([OFF, OFF], Level.OFF),
        ([], Level.OFF),
    ],
)
def test_the_light_tells_the_worst_of_what_is_known(channels: list[ChannelFacts], level: Level) -> None:
    verdict = Verdict(None, 0, None, None)
    assert lights(channels, UNASKED, (), Attention(), verdict).payment.level is level
