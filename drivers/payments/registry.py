"""Payment channels by name. The sandbox is not in this list: it is the real channel with another address and key."""

from __future__ import annotations

from drivers.payments.base import PaymentChannel
from drivers.registry import Registry

CHANNELS: Registry[PaymentChannel] = Registry(
    PaymentChannel,  # type: ignore[type-abstract]
    {
        "wechat": "drivers.payments.wechat:WeChatPay",
        "alipay": "drivers.payments.alipay:Alipay",
        "broken": "drivers.payments.broken:BrokenChannel",
    },
)
