"""Call control: hold, consultation, transfer, three parties; and supervisors who listen, whisper, barge, take over."""
