"""What the scripted people of the demonstration say and press. The wavs are synthetic speech."""

from hotline.demo.cast import Script

STREET_LAMP = Script(
    name="路灯不亮 → 满意 → 办结 / street lamp, satisfied, closed",
    phone="13800000001",
    turns=(
        ("agent", "agent-1"),
        ("citizen", "lamp-1"),
        ("agent", "agent-2"),
        ("citizen", "lamp-2"),
        ("citizen", "lamp-3"),
        ("agent", "agent-3"),
        ("citizen", "lamp-4"),
        ("citizen", "lamp-5"),
        ("agent", "agent-4"),
    ),
    corrections={"title": "沂水县河湾村路灯不亮"},
    keys=("1", "1", "1"),
    verdict="closed",
)

HEATING = Script(
    name="暖气不热 → 不满意 → 重办 / cold radiators, dissatisfied, redone",
    phone="13800000002",
    turns=(
        ("agent", "agent-1"),
        ("citizen", "heating-1"),
        ("agent", "agent-2"),
        ("citizen", "heating-2"),
        ("citizen", "heating-4"),
        ("citizen", "heating-3"),
        ("citizen", "heating-5"),
        ("agent", "agent-4"),
    ),
    corrections={"title": "阳光花园三号楼暖气不热"},
    keys=("2", "5", "4", "2", "2"),
    verdict="dispatched",
)

SCRIPTS = (STREET_LAMP, HEATING)
